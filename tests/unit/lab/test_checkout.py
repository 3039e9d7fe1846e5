import re
from pathlib import Path

import pytest

from lab.checkout import Checkout


def test_two_checkouts_never_share_a_name_or_state(tmp_path: Path) -> None:
    one, other = Checkout(tmp_path / "one"), Checkout(tmp_path / "other")
    assert one.name != other.name
    assert one.state != other.state


def test_the_name_is_one_for_every_path_that_leads_to_the_checkout(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert Checkout(tmp_path / "link").name == Checkout(tmp_path / "real").name


def test_the_name_suits_containers_and_clusters(tmp_path: Path) -> None:
    assert re.fullmatch(r"prepull-[0-9a-f]{8}", Checkout(tmp_path).name)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"PREPULL_LAB_CACHE": "/own", "XDG_CACHE_HOME": "/xdg"}, "/own"),
        ({"XDG_CACHE_HOME": "/xdg"}, "/xdg/prepull-lab"),
        ({"HOME": "/home/somebody"}, "/home/somebody/.cache/prepull-lab"),
    ],
)
def test_the_cache_is_where_the_user_wants_it(
    environ: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PREPULL_LAB_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert Checkout(Path("/checkout")).cache == Path(expected)
