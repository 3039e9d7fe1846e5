"""Runs the command with kubeconfigs of every kind."""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ...cluster.fake_api import FakeApi
from ...cluster.objects import daemon_set
from ...cluster.pods import there
from .authorities import Certified, bare_authority
from .plugins import TOKEN

Configure = Callable[..., Path]


@pytest.fixture(autouse=True)
def _of_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the proxies of this machine."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def authority() -> Certified:
    """The cluster's, as kubectl accepts it."""
    return bare_authority()


@pytest.fixture
def secure(api: FakeApi, authority: Certified, tmp_path: Path) -> FakeApi:
    """The server over TLS, with a component on its one node; it reads the certificates of clients."""
    clients = tmp_path / "clients.pem"
    clients.write_bytes(authority.pem)
    api.encrypt(authority.issue("127.0.0.1").write(tmp_path / "server.pem"), clients)
    api.items["daemonsets"], api.items["pods"] = [daemon_set(desired=1)], [there("a")]
    return api


@pytest.fixture
def trusted(authority: Certified) -> dict[str, Any]:
    """The cluster's fields."""
    return {"certificate-authority-data": b64encode(authority.pem).decode()}


@pytest.fixture
def guarded(secure: FakeApi) -> FakeApi:
    """The server lets in who has the plugin's token."""
    secure.token = TOKEN
    return secure


@pytest.fixture
def configure(api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Write the kubeconfig that the command finds, from a cluster's fields and a user's."""

    def write(cluster: dict[str, Any] | None = None, user: dict[str, Any] | None = None) -> Path:
        path = tmp_path / "home" / "config"
        path.parent.mkdir(exist_ok=True)
        content = {
            "current-context": "x",
            "clusters": [{"name": "c", "cluster": {"server": f"https://127.0.0.1:{api.port}", **(cluster or {})}}],
            "users": [{"name": "u", "user": user or {}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", "namespace": "here"}}],
        }
        path.write_text(yaml.safe_dump(content))
        monkeypatch.setenv("KUBECONFIG", str(path))
        return path

    return write


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.13 and later check certificates like this; now each Python does."""
    default = ssl.create_default_context

    def made(*args: Any, **options: Any) -> ssl.SSLContext:
        context = default(*args, **options)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    monkeypatch.setattr(ssl, "create_default_context", made)
