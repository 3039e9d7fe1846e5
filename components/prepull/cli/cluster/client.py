"""The connection to the API server, with each error as one line."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import httpx2
import msgspec
from lightkube import ApiError, AsyncClient, KubeConfig
from lightkube.config.models import Cluster, User
from lightkube.generic_resource import create_global_resource, create_namespaced_resource

from ..errors import CommandError
from .access import fields
from .access.kubeconfig import Access
from .access.transport import Transport, said
from .inventory import LISTED_KINDS

# Generic resources yield plain data, of which callers keep a small part.
WORKLOADS = {
    kind: create_namespaced_resource(group, "v1", kind, f"{kind.lower()}s") for kind, group in LISTED_KINDS.items()
}
"""The kinds that run images."""
POD, DAEMON_SET, JOB = WORKLOADS["Pod"], WORKLOADS["DaemonSet"], WORKLOADS["Job"]
RUNTIME_CLASS = create_global_resource("node.k8s.io", "v1", "RuntimeClass", "runtimeclasses")
EVENT = create_namespaced_resource("", "v1", "Event", "events")

TIMEOUT_SECONDS = 10


@asynccontextmanager
async def connected(access: Access, timeout: float | None = None) -> AsyncIterator[AsyncClient]:
    """Open a client for a cluster, and close it after the block.

    Args:
        access: the cluster.
        timeout: the limit in seconds, for the connection and for each answer. Default: TIMEOUT_SECONDS.

    Raises:
        CommandError: the cluster cannot be asked, at the start or within the block.
    """
    with complaints(access):
        client = _client(access, TIMEOUT_SECONDS if timeout is None else timeout)
        try:
            yield client
        finally:
            await client.close()


def _client(access: Access, timeout: float) -> AsyncClient:
    cluster, user = fields.read(access.cluster, access.user)
    if not cluster.server:
        raise CommandError(f"the kubeconfig's context '{access.context}' names a cluster without a server")
    server = _address(cluster, user)
    # The transport does what depends on the rest of the kubeconfig.
    config = KubeConfig.from_one(cluster=Cluster(server=server), user=User(), namespace=access.namespace)
    return AsyncClient(config, timeout=httpx2.Timeout(timeout), transport=Transport(cluster, server, user))


def _address(cluster: fields.Cluster, user: fields.User) -> str:
    """The server's address, with the scheme that kubectl supplies if there is none."""
    if "://" in cluster.server:
        return cluster.server
    tls = cluster.authority or cluster.insecure_skip_tls_verify or user.certificate
    return f"{'https' if tls else 'http'}://{cluster.server}"


@contextmanager
def complaints(access: Access) -> Iterator[None]:
    """Convert the client's errors to messages that users can act on.

    Raises:
        CommandError: in place of the client's own errors.
    """
    where = f"the cluster at {access.server} (context '{access.context}')"
    try:
        yield
    except fields.FieldError as error:
        raise CommandError(f"the kubeconfig's context '{access.context}' is not valid: {error}") from None
    except fields.CredentialError as error:
        raise CommandError(f"no credentials for {where}: {error}") from None
    except httpx2.HTTPStatusError as error:
        raise CommandError(_refusal(error, where)) from None
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise CommandError(f"cannot reach {where}: {said(error)}") from None
    except (KeyError, msgspec.DecodeError):
        raise CommandError(f"{where} does not answer as an API server does") from None


def _refusal(error: httpx2.HTTPStatusError, where: str) -> str:
    code = code_of(error)
    text = one_line(str(error))
    if code == 401:
        return f"{where} does not accept the credentials: {text}"
    if code == 403:
        return f"permission denied: {text}"
    return f"{where} answers with an error ({code}): {text}"


def code_of(error: httpx2.HTTPStatusError) -> int:
    """The HTTP status of an error, or the status within a watch's event."""
    if isinstance(error, ApiError) and error.status and error.status.code:
        return int(error.status.code)
    return error.response.status_code if error.response is not None else 0


def one_line(text: str) -> str:
    """The first line that is not empty."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
