"""Credential plugins: programs that print a credential.

Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins, and
staging/src/k8s.io/client-go/plugin/pkg/client/auth/exec/exec.go in kubernetes/kubernetes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import sys
import time
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import yaml

from ... import documents
from .credentials import Credential, bearer
from .fields import Cluster, CredentialError, Exec, FieldError

_GROUP = "client.authentication.k8s.io"
_VERSIONS = (f"{_GROUP}/v1", f"{_GROUP}/v1beta1")
_MODES = ("Never", "IfAvailable", "Always")
_LONGEST_TEXT = 300

SECONDS = 60.0
"""How long a plugin may take that asks nobody."""
INTERACTIVE_SECONDS = 600.0
"""How long a plugin may take that may ask the user."""


class Plugin:
    """A credential plugin, and what it said last.

    Args:
        plugin: its entry in the kubeconfig.
        cluster: the cluster.

    Raises:
        FieldError: the entry is not valid.
    """

    def __init__(self, plugin: Exec, cluster: Cluster) -> None:
        if plugin.api_version not in _VERSIONS:
            raise FieldError(
                f"its exec.apiVersion '{plugin.api_version}' is not supported; "
                f"write {' or '.join(_VERSIONS)}, or update the tool that wrote the kubeconfig"
            )
        if not plugin.command:
            raise FieldError("its exec.command is empty; write the name of the plugin")
        if plugin.interactive_mode not in _MODES:
            raise FieldError(f"its exec.interactiveMode '{plugin.interactive_mode}' is none of {', '.join(_MODES)}")
        self._plugin = plugin
        self._name = f"the plugin {plugin.command}"
        self._cluster = _told(cluster) if plugin.provide_cluster_info else None
        self._last: Credential | None = None
        # It may ask the user, who must not be asked twice.
        self._asking = asyncio.Lock()

    async def current(self) -> Credential:
        """What it said last, or what it says now if that has expired."""
        async with self._asking:
            if self._last is None or (self._last.expires is not None and time.time() > self._last.expires):
                self._last = await self._ask()
            return self._last

    async def renewed(self, refused: Credential) -> Credential:
        """What it says now, unless another request has asked it since."""
        async with self._asking:
            if self._last is refused:
                self._last = await self._ask()
            return self._last or refused

    async def _ask(self) -> Credential:
        code, out, err = await self._run()
        if code:
            said = _shortened(" ".join(err.decode("utf-8", "replace").split()))
            raise CredentialError(f"{self._name} failed with exit code {code}{said and ': '}{said}")
        return self._read(out)

    async def _run(self) -> tuple[int, bytes, bytes]:
        plugin = self._plugin
        interactive = self._interactive()
        asked = {"interactive": interactive, **({"cluster": self._cluster} if self._cluster else {})}
        info = {"apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": asked}
        program = shutil.which(plugin.command)
        if not program:
            hint = _shortened(" ".join(plugin.install_hint.split()))
            raise CredentialError(f"{self._name} is not installed, or is no program{hint and ': '}{hint}")
        try:
            process = await asyncio.create_subprocess_exec(
                program,
                *plugin.args,
                env={
                    **os.environ,
                    **{each.name: each.value for each in plugin.env},
                    "KUBERNETES_EXEC_INFO": json.dumps(info),
                },
                stdin=None if interactive else asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                # What asks the user says on stderr what it asks.
                stderr=None if interactive else asyncio.subprocess.PIPE,
                # So that it can be ended with all that it has started. The terminal is for this session's only.
                start_new_session=not interactive,
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "a name or a value in it is not valid"
            raise CredentialError(f"cannot run {self._name}: {reason}") from None
        seconds = INTERACTIVE_SECONDS if interactive else SECONDS
        try:
            out, err = await asyncio.wait_for(process.communicate(), seconds)
        except asyncio.CancelledError:
            await _end(process, group=not interactive)
            raise
        except asyncio.TimeoutError:
            await _end(process, group=not interactive)
            raise CredentialError(f"{self._name} did not answer within {seconds:g} s") from None
        return process.returncode or 0, out, err or b""

    def _interactive(self) -> bool:
        mode = self._plugin.interactive_mode
        terminal = sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()
        if mode == "Always" and not terminal:
            raise CredentialError(f"{self._name} needs a terminal (interactiveMode: Always), and there is none")
        return terminal and mode != "Never"

    def _read(self, out: bytes) -> Credential:
        """Read what it printed. It is a secret: no message repeats it."""
        answer = _parsed(out)
        if not isinstance(answer, Mapping):
            raise CredentialError(f"{self._name} did not print an ExecCredential in JSON")
        status = answer.get("status")
        version = answer.get("apiVersion", self._plugin.api_version)
        if version != self._plugin.api_version:
            told = f"apiVersion {_shortened(str(version))}" if version in _VERSIONS else "another apiVersion"
            raise CredentialError(
                f"{self._name} answered with {told}, and the kubeconfig has {self._plugin.api_version} for it; "
                "update one of them"
            )
        given = {
            key: (status.get(key) if isinstance(status, Mapping) else None) or ""
            for key in ("token", "clientCertificateData", "clientKeyData", "expirationTimestamp")
        }
        for name, value in given.items():
            if not isinstance(value, str):
                raise CredentialError(f"{self._name} gave a {name} that is not text")
        certificate = given["clientCertificateData"].encode(), given["clientKeyData"].encode()
        if not given["token"] and not any(certificate):
            raise CredentialError(f"{self._name} gave no token and no client certificate")
        if any(certificate) and not all(certificate):
            raise CredentialError(f"{self._name} gave a client certificate without its key, or a key alone")
        return Credential(
            bearer(given["token"], f"the token of {self._name}"),
            certificate if all(certificate) else None,
            self._expiry(given["expirationTimestamp"]),
        )

    def _expiry(self, text: str) -> float | None:
        if not text:
            return None
        try:
            # Without a fraction, which may have nine digits.
            return datetime.strptime(re.sub(r"\.\d+", "", text), "%Y-%m-%dT%H:%M:%S%z").timestamp()
        except (ValueError, OverflowError):
            raise CredentialError(f"{self._name} gave an expirationTimestamp that is not a time") from None


def _told(cluster: Cluster) -> dict[str, Any]:
    """The cluster as a plugin is told of it; fields without a value are left out, as kubectl does."""
    told = {
        "server": cluster.server,
        "tls-server-name": cluster.tls_server_name,
        "insecure-skip-tls-verify": cluster.insecure_skip_tls_verify,
        "certificate-authority-data": b64encode(cluster.authority).decode(),
        "proxy-url": cluster.proxy_url,
        "disable-compression": cluster.disable_compression,
        "config": cluster.plugin_config,
    }
    return {key: value for key, value in told.items() if value not in ("", False, None)}


def _parsed(out: bytes) -> Any:
    try:
        text = out.decode("utf-8-sig")
        try:
            return json.loads(text)
        except ValueError:
            # kubectl reads YAML as well.
            return documents.load(text)
    except (ValueError, RecursionError, yaml.YAMLError):
        return None


def _shortened(text: str) -> str:
    """A text without its middle, if it is long: the cause is often at the end."""
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT // 3]} … {text[-_LONGEST_TEXT // 2 :]}"


async def _end(process: asyncio.subprocess.Process, *, group: bool) -> None:
    with contextlib.suppress(ProcessLookupError):
        if group and hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(process.wait(), 1)
