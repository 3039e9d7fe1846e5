"""The documentation says what the code does."""

from __future__ import annotations

import re
import runpy
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from prepull import defaults
from prepull.images.references import parse
from prepull.images.registry.failures import Reason
from prepull.runtimes import RUNTIMES
from prepull.status.causes import TABLE
from rich.console import Console

from lab import versions as lab_versions
from lab.cluster.nodes import NodeImage
from lab.cluster.table import Row, render, summary

from ...blocks import PAGES, ROOT
from ...plans import plan_of
from ...pythons import SUPPORTED
from ...schema.versions import NEWEST, OLDEST, SINCE
from ..cli.test_screen import half_way, shown
from ..cluster.verdicts import CASES, Case


def test_the_reference_is_written_from_the_docstrings() -> None:
    for name, page in runpy.run_path(str(ROOT / "docs" / "reference.py"))["pages"]().items():
        assert (ROOT / "docs" / name).read_text("utf-8") == page, "run `python docs/reference.py`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target, heading in links(page):
        there = page.parent / target if target else page
        assert there.exists(), f"{page.name} links to {target}, which is not there"
        if heading:
            assert heading in headings(there), f"{page.name}: {there.name} has no heading #{heading}"


def links(page: Path) -> list[tuple[str, str]]:
    """Where a page leads to within the repository: the file, empty for the page itself, and the heading, if any."""
    return re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", page.read_text("utf-8"))


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings, as a code host makes them."""
    tokens = MarkdownIt().parse(page.read_text("utf-8"))
    texts = [following.content for token, following in pairwise(tokens) if token.type == "heading_open"]
    return {re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-") for text in texts}


def test_a_heading_and_a_link_to_it_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Which `runtime` is mine?\n\n[a](#there) [b](other.md#x-y)\n[c](other.md)\n[d](https://a.b/#c)\n")

    assert headings(page) == {"which-runtime-is-mine"}
    assert links(page) == [("", "there"), ("other.md", "x-y"), ("other.md", "")]


def test_every_page_of_the_documentation_is_linked_to() -> None:
    linked = {(page.parent / target).resolve() for page in PAGES for target, _ in links(page)}
    elsewhere = runpy.run_path(str(ROOT / "docs" / "conf.py"))["exclude_patterns"]
    pages = {path.resolve() for path in (ROOT / "docs").glob("*.md") if path.name not in ("index.md", *elsewhere)}
    assert len(pages) > 15
    assert sorted(path.name for path in pages - linked) == []


def test_every_reason_of_a_registry_is_explained() -> None:
    page = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
    reasons = {re.sub(r"\{[^}]*\}", "…", reason.value) for reason in Reason}
    assert {"manifest unknown", "unauthorized…", "host not found", "TLS: …"} <= reasons
    for reason in reasons:
        # The first words of a message are enough to find it by, and what it names is left out.
        words = " ".join(reason.replace("…:", "…").strip("…, ").split()[:2])
        assert f"`{words}" in page or f"… {words}" in page, f"troubleshooting.md does not explain '{reason}'"


def test_every_reason_of_the_puller_is_explained() -> None:
    page = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
    for _, reason, _ in TABLE:
        # Of what a message contains besides, the words before it.
        fixed, _, within = reason.partition("&")
        words = fixed or re.split(r"[\[(]", within)[0].strip()
        assert words
        assert f"| `{words}" in page, f"troubleshooting.md does not explain '{words}'"


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_every_reason_of_the_gate_is_explained(case: Case) -> None:
    reasons = case.lines if len(case.lines) == 1 else case.lines[1:]
    if case.code == 0:
        reasons = case.lines[1:]
        assert all(line.startswith("warning: ") for line in reasons)
    page = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
    for line in reasons:
        # How many nodes have what is no reason, nor is how many more reasons there are.
        if re.match(r"and |\d+ of \d+ nodes have all", line):
            continue
        # Of an image, the reason; of a pod, what befell it; of a container, that it cannot start.
        what = re.sub(r"^image [^ ]+: |^container [^ ]+ ", "", line.removeprefix("warning: "))
        words = re.split(r": | \(|\d", what)[0].strip()
        assert words
        assert words.startswith("reason") or words in page, f"not explained: '{words}'"


def test_every_runtime_is_described_with_what_it_takes_of_the_host() -> None:
    page = (ROOT / "docs" / "runtimes.md").read_text("utf-8")
    for name, runtime in RUNTIMES.items():
        paths = [item["hostPath"]["path"] for item in runtime.pod(plan_of(runtime=name)).volumes if "hostPath" in item]
        path = f"`{paths[0]}`" if paths else "nothing"
        mirrors = "no" if runtime.refusals(["mirrors"]) else "yes"
        assert re.search(rf"^\| `{name}` \| {re.escape(path)}.* \| {mirrors} \|$", page, re.MULTILINE), name


def test_the_versions_are_those_that_are_required_and_tested() -> None:
    page = (ROOT / "docs" / "support.md").read_text("utf-8")
    project = (ROOT / "components" / "pyproject.toml").read_text("utf-8")
    workspace = (ROOT / "pyproject.toml").read_text("utf-8")
    pythons = re.findall(r"Python :: (3\.\d+)", project)
    lowest = [
        version for pair in re.findall(r'"pulumi>=([\d.]+).*"pulumi-kubernetes>=([\d.]+)', project) for version in pair
    ]
    pinned = [
        version for pair in re.findall(r'"pulumi==(.+)",\s+"pulumi-kubernetes==(.+)",', workspace) for version in pair
    ]

    clusters = f"{' and '.join(lab_versions.SYSTEMS)}, clusters"
    assert (
        f"| Kubernetes | {OLDEST} (`image-volume`: {SINCE['image-volume']}) | {NEWEST}, its API schemas; {clusters} |"
        in page
    )
    assert f"| Python | {pythons[0]} | {pythons[-1]} |" in page
    assert f"| `pulumi`, `pulumi-kubernetes` | {', '.join(lowest)} | {', '.join(pinned)} |" in page
    engine = f"{lab_versions.PULUMI} and {lab_versions.PULUMI_KUBERNETES_BUILT}"
    assert f"| Pulumi's engine and its Kubernetes provider | those of the SDKs | {engine} |" in page
    assert f"| Pulumi's SDKs of TypeScript, Go and Java | those that the engine takes | {_of_examples()} |" in page
    assert tuple(pythons) == SUPPORTED
    workspace_targets = {"test", "test-clusters", "test-pythons", "test-versions"}
    assert set(re.findall(r"`make ([a-z-]+)`", page)) == workspace_targets


def _of_examples() -> str:
    """The versions of Pulumi's SDKs that the examples in other languages use."""
    files = {
        "typescript/package.json": r'"@pulumi/pulumi": "(.+)"',
        "go/go.mod": r"github\.com/pulumi/pulumi/sdk/v3 v(\S+)",
        "java/pom.xml": r"<artifactId>pulumi</artifactId>\s+<version>(.+)</version>",
    }
    typescript, go, java = [
        version
        for file, pattern in files.items()
        for version in re.findall(pattern, (ROOT / "examples" / file).read_text("utf-8"))
    ]
    return f"{typescript}, {go} and {java}"


def test_the_default_images_are_those_that_an_air_gapped_cluster_is_told_of() -> None:
    page = (ROOT / "docs" / "air-gapped.md").read_text("utf-8")
    images = [value for name, value in vars(defaults).items() if name.endswith("_IMAGE")]
    assert images
    assert [image for image in images if f"`{image}`" not in page] == []


def test_the_page_on_releases_says_where_each_default_image_comes_from() -> None:
    page = (ROOT / "docs" / "releases.md").read_text("utf-8")
    images = [parse(value).name for name, value in vars(defaults).items() if name.endswith("_IMAGE")]
    assert re.findall(r"^\| `([^`]+\.[^`]+)` \| [^|]+\| [^|]+\|$", page, re.MULTILINE) == images


def test_the_image_for_private_mirrors_is_made_of_the_default_images() -> None:
    text = (ROOT / "images" / "puller" / "Dockerfile").read_text("utf-8")
    bases = dict(re.findall(r"^ARG (\w+_IMAGE)=(\S+)$", text, re.MULTILINE))
    assert len(bases) == 4
    assert bases == {name: getattr(defaults, name) for name in bases}


def test_the_page_on_the_lab_has_what_its_clusters_run() -> None:
    page = (ROOT / "docs" / "lab.md").read_text("utf-8")
    kind = lab_versions.KIND.removeprefix("v")
    for number, system in enumerate(lab_versions.SYSTEMS.values()):
        image = system.node_image.partition("@")[0].partition(":v")[2]
        official = f"{image}, the default of kind {kind}" if number == 0 else image
        name = f"{system.name}, the default" if number == 0 else system.name
        built = f"Kubernetes {system.kubernetes[1:]}, containerd {system.containerd[1:]}, Debian {system.debian}"
        assert f"| {name} | {official} | {built} |" in page


def test_the_table_of_make_up_looks_as_the_readme_shows_it() -> None:
    digest = f"docker.io/library/hello-world@sha256:8828e8a8738f{'0' * 52}"
    image = "docker.io/library/hello-world:latest"
    found = NodeImage((image,), (digest,), 1_600_000)
    nodes = [f"prepull-f2af6c09-{role}" for role in ("control-plane", "worker", "worker2")]
    shown = [Row(node, image, found, 0.1) for node in nodes]
    console = Console(width=160, force_terminal=False)

    with console.capture() as printed:
        console.print(render(shown))
        console.print(*summary(shown))

    assert f"```text\n{printed.get()}```" in (ROOT / "README.md").read_text("utf-8")


def test_the_table_of_status_is_one_that_it_prints() -> None:
    assert f"```text\n{shown(half_way())}```" in (ROOT / "docs" / "operations.md").read_text("utf-8")
