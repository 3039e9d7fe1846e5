from collections.abc import Iterator

import pytest

from .site import Site, served


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    # A proxy of the machine knows nothing of this server.
    monkeypatch.setenv("no_proxy", "*")
    with served() as it:
        yield it
