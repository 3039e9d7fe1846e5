from collections.abc import Callable

import pytest

from lab.console import Console, Step
from lab.errors import LabError
from lab.sources.source import AbsentError, Source, UnavailableError, first_of


def source(name: str, log: list[str], *, present: bool = False, error: LabError | None = None) -> Source[str]:
    def get() -> str:
        log.append(name)
        if error is not None:
            raise error
        return name

    there: Callable[[], str | None] = lambda: name if present else None  # noqa: E731
    return Source(name, there, get)


def test_sources_are_tried_in_order_until_one_has_it() -> None:
    log: list[str] = []
    step = Step("piece")
    sources = [
        source("path", log, error=UnavailableError("none")),
        source("release", log),
        source("build", log),
    ]
    assert first_of("piece", sources, step) == "release"
    assert log == ["path", "release"]
    assert step.outcome == "release"


def test_what_is_there_already_asks_no_source() -> None:
    log: list[str] = []
    sources = [source("release", log), source("build", log, present=True)]
    assert first_of("piece", sources, Step("piece")) == "build"
    assert log == []


def test_an_error_other_than_absence_stops_the_search() -> None:
    log: list[str] = []
    sources = [source("release", log, error=LabError("wrong checksum")), source("build", log)]
    with pytest.raises(LabError, match="wrong checksum"):
        first_of("piece", sources, Step("piece"))
    assert log == ["release"]


def test_when_none_has_it_the_error_says_why_each_has_not() -> None:
    sources = [
        source("release", [], error=UnavailableError("no internet")),
        source("build", [], error=UnavailableError("no Go")),
    ]
    with pytest.raises(LabError, match=r"no way to get a piece here\. release: no internet; build: no Go\."):
        first_of("a piece", sources, Step("piece"))


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (
            UnavailableError("github.com cannot be reached (timed out)"),
            ["release: github.com cannot be reached (timed out)"],
        ),
        (
            UnavailableError("`pip install` failed with status 1:\n    many\n    lines"),
            ["release: `pip install` failed with status 1"],
        ),
        (UnavailableError("x" * 1000), [f"release: {'x' * 159}…"]),
        (AbsentError("none there"), []),
    ],
)
def test_the_screen_says_why_a_source_was_passed_over(
    error: UnavailableError, shown: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with Console().step("piece") as step:
        first_of("piece", [source("release", [], error=error), source("build", [])], step)
    outcome, *reasons = capsys.readouterr().out.splitlines()
    assert outcome.startswith("✓ piece: build (")
    assert [line.strip() for line in reasons] == shown


def test_the_screen_says_the_same_reason_once(capsys: pytest.CaptureFixture[str]) -> None:
    with Console().step("pieces") as step:
        for _ in range(2):
            error = UnavailableError("docker.io cannot be reached")
            first_of("piece", [source("image", [], error=error), source("build", [])], step)
    assert capsys.readouterr().out.count("docker.io cannot be reached") == 1
