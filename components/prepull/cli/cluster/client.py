"""The connection to the API server, with each error as one line."""

from __future__ import annotations

import binascii
import json
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import httpx2
import msgspec
from lightkube import ApiError, AsyncClient, ConfigError, KubeConfig
from lightkube.config.client_adapter import verify_cluster
from lightkube.config.models import Cluster, User
from lightkube.generic_resource import create_namespaced_resource

from ..errors import CommandError
from .inventory import LISTED_KINDS
from .kubeconfig import Access

# Generic resources yield plain data, of which callers keep a small part.
WORKLOADS = {
    kind: create_namespaced_resource(group, "v1", kind, f"{kind.lower()}s") for kind, group in LISTED_KINDS.items()
}
"""The kinds that run images."""
POD, DAEMON_SET, JOB = WORKLOADS["Pod"], WORKLOADS["DaemonSet"], WORKLOADS["Job"]
EVENT = create_namespaced_resource("", "v1", "Event", "events")

TIMEOUT_SECONDS = 10


@asynccontextmanager
async def connected(access: Access, timeout: float = TIMEOUT_SECONDS) -> AsyncIterator[AsyncClient]:
    """Open a client for a cluster, and close it after the block.

    Args:
        access: the cluster.
        timeout: the limit in seconds, for the connection and for each answer.

    Raises:
        CommandError: the cluster cannot be asked, at the start or within the block.
    """
    with complaints(access):
        client = _client(access, timeout)
        try:
            yield client
        finally:
            await client.close()


def _client(access: Access, timeout: float) -> AsyncClient:
    try:
        cluster = msgspec.convert(dict(access.cluster), Cluster)
        user = msgspec.convert(dict(access.user), User)
    except msgspec.ValidationError as error:
        raise CommandError(f"the kubeconfig's context '{access.context}' is not valid: {error}") from None
    if not access.server:
        raise CommandError(f"the kubeconfig's context '{access.context}' names a cluster without a server")
    config = KubeConfig.from_one(
        cluster=cluster, user=user, context_name=access.context, namespace=access.namespace, fname="/"
    ).get()
    transport = None
    if config and (name := access.cluster.get("tls-server-name")):
        transport = _Renamed(verify_cluster(config.cluster, user, config.abs_file), str(name))
    proxy = access.cluster.get("proxy-url")
    return AsyncClient(config, timeout=httpx2.Timeout(timeout), transport=transport, proxy=proxy)


class _Renamed(httpx2.AsyncHTTPTransport):
    """A transport for a server whose certificate has another name than its address."""

    def __init__(self, verify: ssl.SSLContext, name: str) -> None:
        super().__init__(verify=verify)
        self._name = name

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        request.extensions["sni_hostname"] = self._name
        return await super().handle_async_request(request)


@contextmanager
def complaints(access: Access) -> Iterator[None]:
    """Convert the client's errors to messages that users can act on.

    Raises:
        CommandError: in place of the client's own errors.
    """
    where = f"the cluster at {access.server} (context '{access.context}')"
    try:
        yield
    except httpx2.HTTPStatusError as error:
        raise CommandError(_refusal(error, where)) from None
    except httpx2.TimeoutException:
        raise CommandError(f"cannot reach {where}: no answer in time") from None
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise CommandError(f"cannot reach {where}: {one_line(str(error)) or type(error).__name__}") from None
    except ConfigError as error:
        raise CommandError(f"no credentials for {where}: {one_line(str(error))}") from None
    except FileNotFoundError as error:
        raise CommandError(f"no credentials for {where}: there is no {error.filename}") from None
    except KeyError as error:
        if error.args[0] in ("status", "token"):
            raise CommandError(f"no credentials for {where}: its plugin gave no token") from None
        raise CommandError(f"{where} does not answer as an API server does") from None
    except msgspec.DecodeError:
        raise CommandError(f"{where} does not answer as an API server does") from None
    except BrokenPipeError:
        # It comes from stdout, not from the connection.
        raise
    except (binascii.Error, json.JSONDecodeError, UnicodeDecodeError, OSError) as error:
        # They come from files and programs that the kubeconfig names. An SSLError is an OSError as well.
        raise CommandError(f"no credentials for {where}: {one_line(str(error))}") from None


def _refusal(error: httpx2.HTTPStatusError, where: str) -> str:
    code = code_of(error)
    said = one_line(str(error))
    if code == 401:
        return f"{where} does not accept the credentials: {said}"
    if code == 403:
        return f"permission denied: {said}"
    return f"{where} answers with an error ({code}): {said}"


def code_of(error: httpx2.HTTPStatusError) -> int:
    """The HTTP status of an error, or the status within a watch's event."""
    if isinstance(error, ApiError) and error.status and error.status.code:
        return int(error.status.code)
    return error.response.status_code if error.response is not None else 0


def one_line(text: str) -> str:
    """The first line that is not empty."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
