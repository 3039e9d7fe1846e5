from collections.abc import Callable

import pytest

from lab.console import Step
from lab.errors import LabError
from lab.sources.source import Source, UnavailableError, first_of


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
