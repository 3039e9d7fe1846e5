"""The user's credentials for registries, as `docker login` stored them. This module reads them and writes nothing."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from threading import Lock

from docker import credentials as helpers  # type: ignore[import-untyped]

from .logins import Credential, matching, member

_VARIABLE = "DOCKER_AUTH_CONFIG"
# Under this name, the Docker CLI stores the credential for Docker Hub.
_SERVERS = {"docker.io": "https://index.docker.io/v1/"}


class CredentialError(Exception):
    """A credential cannot be read; the message says why and contains no secret."""


class Credentials:
    """Finds the credentials for an image in the user's Docker configuration.

    Like the Docker CLI, it looks in `$DOCKER_AUTH_CONFIG`, which contains a configuration, then asks the helper in
    `credHelpers` or `credsStore`, then looks in `auths`. Unlike the Docker CLI, it returns all of them. The
    configuration is `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`. A credential helper is called once for
    each registry.
    """

    def __init__(self) -> None:
        self._helped: dict[str, list[Credential] | CredentialError] = {}
        self._locks: dict[str, Lock] = {}

    def find(self, image: str) -> list[Credential]:
        """Find the credentials for an image.

        Args:
            image: its registry and repository: `docker.io/library/nginx`, `registry.example.com:5000/team/app`.

        Returns:
            The credentials, in the order in which to try them.

        Raises:
            CredentialError: there is none, and the configuration or the helper is broken.
        """
        found: list[Credential] = []
        problems: list[CredentialError] = []
        for source in (_in_environment, self._of_helper, _in_file):
            try:
                found.extend(source(image))
            except CredentialError as error:
                problems.append(error)
        if problems and not found:
            raise problems[0]
        return list(dict.fromkeys(found))

    def _of_helper(self, image: str) -> list[Credential]:
        registry = image.partition("/")[0]
        with self._locks.setdefault(registry, Lock()):
            if registry not in self._helped:
                try:
                    self._helped[registry] = _ask_helper(registry)
                except CredentialError as error:
                    self._helped[registry] = error
        helped = self._helped[registry]
        if isinstance(helped, CredentialError):
            raise helped
        return helped


def _ask_helper(registry: str) -> list[Credential]:
    path, config, server = _path(), _file(), _SERVERS.get(registry, registry)
    named = _object(member(config, "credhelpers"), str(path))
    helper = named.get(server) or named.get(registry) or member(config, "credsstore")
    if not isinstance(helper, str) or not helper:
        return []
    if not shutil.which(f"docker-credential-{helper}"):
        raise CredentialError(f"docker-credential-{helper}, which {path} names, is not in PATH")
    try:
        answer = helpers.Store(helper).get(server)
        username, secret = answer["Username"], answer["Secret"]
    except helpers.CredentialsNotFound:
        return []
    except (helpers.StoreError, KeyError, TypeError, ValueError):
        # The helper's own message may contain a secret.
        raise CredentialError(f"docker-credential-{helper} failed") from None
    if username == "<token>":
        return [Credential(identity_token=secret)]
    return [Credential(username, secret)]


def _in_environment(image: str) -> list[Credential]:
    return _in_auths(_parsed(os.environ.get(_VARIABLE) or "{}", f"${_VARIABLE}"), f"${_VARIABLE}", image)


def _in_file(image: str) -> list[Credential]:
    return _in_auths(_file(), str(_path()), image)


def _in_auths(config: Mapping[str, object], where: str, image: str) -> list[Credential]:
    return matching(_object(member(config, "auths"), where), image)


def _path() -> Path:
    directory = os.environ.get("DOCKER_CONFIG")
    return (Path(directory) if directory else Path.home() / ".docker") / "config.json"


def _file() -> Mapping[str, object]:
    path = _path()
    try:
        return _parsed(path.read_text("utf-8"), str(path))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise CredentialError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CredentialError(f"{path} is not JSON") from None


def _parsed(text: str, where: str) -> Mapping[str, object]:
    try:
        return _object(json.loads(text), where)
    except (ValueError, RecursionError):
        raise CredentialError(f"{where} is not JSON") from None


def _object(value: object, where: str) -> Mapping[str, object]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise CredentialError(f"{where} is not a Docker configuration")
    return value
