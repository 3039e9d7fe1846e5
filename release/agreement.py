"""Whether the package, the changelog, the documentation and the tag name the same version."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

from .changelog import UNRELEASED, ChangelogError, Section, sections

# MAJOR.MINOR.PATCH (https://semver.org), which Python packages can have too.
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_NAMING = (
    "*.md",
    "components/*.md",
    "docs/*.md",
    "examples/*/Pulumi.yaml",
    "examples/*/*.ts",
    "examples/*/package-lock.json",
    "policy/PulumiPolicy.yaml",
)
_NAMED = re.compile(
    # The tag from which programs in other languages take the package, how to make it, and what is made of it; the pack;
    r"(?:/components@v|--annotate v|--message |origin v|refs/tags/v|prepull@v|/puller:|pulumi_prepull-)"
    r"(\d+\.\d+[\w.+]*)"
    # the pack's own file; the SDK that is generated from the package.
    r'|^version: (\S+)$|"name": "@pulumi/prepull",\s+"version": "([^"]+)"',
    re.MULTILINE,
)


def version(root: Path) -> str:
    """The version of the package.

    Args:
        root: the checkout.
    """
    return str(runpy.run_path(str(root / "components" / "prepull" / "version.py"))["__version__"])


def notes(root: Path) -> Section:
    """What the changelog says about the package's version.

    Args:
        root: the checkout.

    Raises:
        ChangelogError: it says nothing about it, or does not have its form.
    """
    return _notes(_sections(root), version(root))


def _sections(root: Path) -> list[Section]:
    return sections((root / "CHANGELOG.md").read_text("utf-8"))


def _notes(listed: list[Section], wanted: str) -> Section:
    for section in listed:
        if section.version == wanted:
            return section
    raise ChangelogError(
        f"CHANGELOG.md has no section for {wanted}, the version in components/prepull/version.py: name '{UNRELEASED}' "
        f"'[{wanted}]' with the day, and begin a new '{UNRELEASED}' above it"
    )


def problems(root: Path, tag: str | None = None) -> list[str]:
    """What does not agree: a line for each, with the way out. Nothing, if all is well.

    Args:
        root: the checkout.
        tag: the tag that the release is made for. Default: none yet.
    """
    wanted = version(root)
    found = []
    if not _VERSION.fullmatch(wanted):
        found.append(f"components/prepull/version.py: '{wanted}' is not a version such as 1.2.3")
    if tag is not None and tag != f"v{wanted}":
        found.append(f"the tag is '{tag}' and the package's version {wanted}: tag v{wanted}, or change version.py")
    return [*found, *_of_changelog(root, wanted), *_of_pages(root, wanted)]


def _of_changelog(root: Path, wanted: str) -> list[str]:
    try:
        listed = _sections(root)
        mine = _notes(listed, wanted)
    except ChangelogError as error:
        return [str(error)]
    found = []
    versions = [section.version for section in listed]
    if versions[0] != UNRELEASED:
        found.append(f"CHANGELOG.md: begin with '## [{UNRELEASED}]', for what comes next")
    if versions.count(wanted) > 1:
        found.append(f"CHANGELOG.md has {wanted} more than once: write each version once")
    if versions[1:2] != [wanted]:
        found.append(f"CHANGELOG.md: {wanted} is not the newest version there: put it below '{UNRELEASED}'")
    if not mine.text:
        found.append(f"CHANGELOG.md says nothing about {wanted}: write what changed for users")
    return found


def _of_pages(root: Path, wanted: str) -> list[str]:
    files = sorted(path for pattern in _NAMING for path in root.glob(pattern) if path.name != "CHANGELOG.md")
    return [
        f"{file.relative_to(root)} names the version {named}: write {wanted}"
        for file in files
        for named in ("".join(each) for each in _NAMED.findall(file.read_text("utf-8")))
        if named != wanted
    ]
