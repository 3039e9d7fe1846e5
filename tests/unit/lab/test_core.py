"""A lab whose cluster is of another Kubernetes than what is asked for."""

from pathlib import Path

import pytest

from lab import Lab, LabError
from lab.checkout import Checkout
from lab.docker import provide as engines
from lab.docker.engine import Engine
from lab.tools import docker_client

DOCKER = """\
#!/bin/sh
echo "$@" >>{log}
echo '[{{"Config": {{"Image": "{image}"}}}}]'
"""


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """A lab on an engine that is a script: `runs` writes it."""
    docker = tmp_path / "docker"
    monkeypatch.setenv("PREPULL_LAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(docker_client, "provide", lambda _: docker)
    monkeypatch.setattr(engines, "provide", lambda *_: Engine(docker, {}))
    return Lab(Checkout(tmp_path))


def runs(lab: Lab, image: str) -> None:
    """Let the lab's nodes be of that image."""
    docker = lab.checkout.root / "docker"
    docker.write_text(DOCKER.format(log=lab.checkout.root / "log", image=image))
    docker.chmod(0o755)


@pytest.mark.parametrize(
    ("there", "asked", "said"),
    [
        ("1.34", None, r"The lab runs Kubernetes 1\.34, and 1\.37 is .*`make down`.*`KUBERNETES=1\.34 make up`\."),
        ("1.37", "1.34", r"The lab runs Kubernetes 1\.37, and 1\.34 is .*`make down`.*`KUBERNETES=1\.37 make up`\."),
    ],
)
def test_it_is_not_replaced_without_a_question(
    there: str, asked: str | None, said: str, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBERNETES", raising=False)
    if asked:
        monkeypatch.setenv("KUBERNETES", asked)
    runs(lab, f"prepull-lab/node:{there}-built-0123456789abcdef")

    with pytest.raises(LabError, match=f"^{said}$"):
        lab.up()

    # It was looked at, and nothing else.
    assert (lab.checkout.root / "log").read_text() == f"container inspect {lab.name}-control-plane\n"


def test_a_cluster_of_an_older_checkout_has_to_go_first(lab: Lab) -> None:
    runs(lab, "prepull-lab/node:built-0123456789abcdef")

    with pytest.raises(LabError, match=r"from an older version of this checkout: run `make down` first\.$"):
        lab.up()


def test_a_version_that_the_lab_lacks_is_refused_before_anything_is_made(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBERNETES", "1.20")

    with pytest.raises(LabError, match=r"^KUBERNETES=1\.20: the lab has Kubernetes 1\.37 and 1\.34\."):
        lab.up()

    assert not lab.checkout.state.exists()
