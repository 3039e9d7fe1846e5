"""One version: the package, the changelog, the pages and the tag name the same, or a release says what does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from release import agreement
from release.__main__ import main
from release.changelog import ChangelogError, sections
from release.dry_run import DryRun, FailedError, NotHereError, report

from ..blocks import ROOT

CHANGELOG = """\
# Changelog

## [Unreleased]

## [1.2.0] - 2026-01-31

### Added

- What is new.

## [1.1.0] - 2025-12-24

- The first.
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose versions agree."""
    (tmp_path / "components" / "prepull").mkdir(parents=True)
    (tmp_path / "docs").mkdir()
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 1.2.0\n")
    (tmp_path / "components" / "prepull" / "version.py").write_text('__version__ = "1.2.0"\n')
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    (tmp_path / "docs" / "languages.md").write_text(
        "pulumi package add github.com/OWNER/REPOSITORY/components@v1.2.0\n"
    )
    return tmp_path


def test_this_checkout_agrees_with_itself() -> None:
    assert agreement.problems(ROOT) == []
    assert agreement.problems(ROOT, f"v{agreement.version(ROOT)}") == []


def test_what_agrees_has_no_problem(checkout: Path) -> None:
    assert agreement.problems(checkout, "v1.2.0") == []


@pytest.mark.parametrize(
    ("file", "before", "after", "problem"),
    [
        ("components/prepull/version.py", "1.2.0", "1.3.0", "CHANGELOG.md has no section for 1.3.0, the version in"),
        ("components/prepull/version.py", "1.2.0", "1.2", "version.py: '1.2' is not a version such as 1.2.3"),
        ("components/prepull/version.py", "1.2.0", "1.1.0", "CHANGELOG.md: 1.1.0 is not the newest version there"),
        ("CHANGELOG.md", "## [Unreleased]\n", "", "CHANGELOG.md: begin with '## [Unreleased]'"),
        ("CHANGELOG.md", "[1.1.0]", "[1.2.0]", "CHANGELOG.md has 1.2.0 more than once"),
        ("CHANGELOG.md", "### Added\n\n- What is new.\n", "", "CHANGELOG.md says nothing about 1.2.0"),
        ("CHANGELOG.md", " - 2026-01-31", "", "CHANGELOG.md: '## [1.2.0]': write '## [Unreleased]' or"),
        ("CHANGELOG.md", "2026-01-31", "2026-02-31", "CHANGELOG.md: '## [1.2.0] - 2026-02-31': there is no such day"),
        ("CHANGELOG.md", "## [1.1.0]", "## 1.1.0", "CHANGELOG.md: '## 1.1.0 - 2025-12-24': write"),
        ("docs/languages.md", "v1.2.0", "v1.1.0", "docs/languages.md names the version 1.1.0: write 1.2.0"),
        ("policy/PulumiPolicy.yaml", "1.2.0", "1.1.0", "policy/PulumiPolicy.yaml names the version 1.1.0: write"),
    ],
)
def test_what_does_not_agree_is_named(checkout: Path, file: str, before: str, after: str, problem: str) -> None:
    path = checkout / file
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after), "utf-8")

    assert any(problem in found for found in agreement.problems(checkout))


@pytest.mark.parametrize("tag", ["1.2.0", "v1.2.1", "v1.2.0-rc1"])
def test_another_tag_is_refused(checkout: Path, tag: str) -> None:
    [problem] = agreement.problems(checkout, tag)

    assert problem == f"the tag is '{tag}' and the package's version 1.2.0: tag v1.2.0, or change version.py"


def test_the_notes_of_a_release_are_its_section(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["notes"], checkout) == 0
    assert capsys.readouterr().out == "### Added\n\n- What is new.\n"


def test_there_are_no_notes_of_a_version_that_the_changelog_does_not_have(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "CHANGELOG.md").write_text(CHANGELOG.replace("[1.2.0]", "[1.2.1]"))

    assert main(["notes"], checkout) == 1
    assert "CHANGELOG.md has no section for 1.2.0" in capsys.readouterr().err


def test_a_section_ends_where_the_next_one_begins() -> None:
    found = sections(CHANGELOG)

    assert [(each.version, str(each.day), each.text) for each in found] == [
        ("Unreleased", "None", ""),
        ("1.2.0", "2026-01-31", "### Added\n\n- What is new."),
        ("1.1.0", "2025-12-24", "- The first."),
    ]


def test_a_changelog_without_its_form_is_an_error() -> None:
    with pytest.raises(ChangelogError, match=r"'## \[Unreleased\] - 2026-01-31'"):
        sections("## [Unreleased] - 2026-01-31\n")


# ---------------------------------------------------------------- the dry run


def test_a_dry_run_finds_what_was_built_for_this_version(dist: Path) -> None:
    version = agreement.version(ROOT)

    assert DryRun(ROOT, dist).distributions() == (
        f"pulumi_prepull-{version}-py3-none-any.whl, pulumi_prepull-{version}.tar.gz"
    )


def test_a_dry_run_refuses_what_was_built_for_another_version(checkout: Path, dist: Path) -> None:
    with pytest.raises(FailedError, match=r"and not pulumi_prepull-1\.2\.0-py3-none-any\.whl"):
        DryRun(checkout, dist).distributions()


def test_a_dry_run_refuses_a_tag_for_another_version(checkout: Path) -> None:
    with pytest.raises(FailedError, match=r"the tag is 'v2\.0\.0'"):
        DryRun(checkout, checkout, "v2.0.0").versions()


def fails() -> str:
    raise FailedError("it broke")


def is_not_here() -> str:
    raise NotHereError("there is no engine")


def test_a_dry_run_goes_on_and_says_what_failed_and_what_was_not_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert not report({"one": fails, "two": is_not_here, "three": lambda: "done"})

    assert [line.split() for line in capsys.readouterr().out.splitlines()[1:]] == [
        ["one", "FAILED:", "it", "broke"],
        ["two", "not", "run", "here:", "there", "is", "no", "engine"],
        ["three", "done"],
    ]


def test_what_a_machine_cannot_do_is_no_failure_of_the_release() -> None:
    assert report({"one": is_not_here, "two": lambda: "done"})
