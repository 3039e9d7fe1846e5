"""The report stays within the kubelet's limit, and contains every failed image."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ..conftest import Node, Outcome, hub

LIMIT = 4096
MANY = 300

# A minimal fake, because this test makes one call for each of many images.
FAILING = """#!/bin/sh
case $3 in
images) cat "$FAKE_STATE/listing" ;;
pull)
    echo "why ${4#*-} did not come is a long story about \x01\x1b[31mcaf\xc3\xa9 $4, and it goes on and on" >&2
    exit 1
    ;;
esac
"""


def listing(names: list[str]) -> str:
    blocks = []
    for index, name in enumerate(names):
        digest = f"sha256:{index:064x}"
        blocks.append(
            f"ID: {digest}\nRepoTags: {name}\nRepoDigests: {name.rpartition(':')[0]}@{digest}\nSize: 12345678\n\n"
        )
    return "".join(blocks)


def run(node: Node, images: list[str], present: list[str]) -> Outcome:
    crictl: Path = node.directory / "bin" / "crictl"
    crictl.write_bytes(FAILING.encode("latin-1"))
    (node.directory / "listing").write_text(listing(present))
    outcome = node.run(*images, parallelism=8, on_failure="continue")
    assert outcome.code == 0
    assert len(outcome.text) <= LIMIT
    assert re.fullmatch(r"[ -~\n]+\n", outcome.text)
    return outcome


def failed(outcome: Outcome) -> list[int]:
    return sorted(index for index, result in outcome.report.results.items() if not result.present)


IMAGES = [hub(f"image-{index}:1") for index in range(MANY)]


def test_failures_come_first_and_each_image_has_its_line(node: Node) -> None:
    outcome = run(node, [hub("a:1"), hub("b-b:1"), hub("c:1")], [hub("a:1"), hub("c:1")])
    header, *lines = outcome.lines
    assert re.fullmatch(r"prepull 1 images=3 present=2 failed=1 seconds=\d+\.\d{3}", header)
    assert re.fullmatch(
        r"1 failed 1 \d+\.\d{3} why b:1 did not come is a long story about \[31mcaf docker\.io/library/b-b:1, .* on",
        lines[0],
    )
    assert lines[1] == f"0 present sha256:{0:064x} 12345678 0.000 0"
    assert lines[2] == f"2 present sha256:{1:064x} 12345678 0.000 0"


def test_many_present_images_shrink_to_a_range(node: Node) -> None:
    outcome = run(node, IMAGES, IMAGES)
    assert outcome.lines[1:] == ["0-299 present"]


def test_many_failures_for_one_reason_shrink_to_one_line(node: Node) -> None:
    outcome = run(node, [f"-{name}" for name in IMAGES], [])
    assert outcome.lines[1:] == ["0-299 failed not an image reference"]


@pytest.mark.parametrize("present", [[], IMAGES[1::2]], ids=["all of them", "every second one"])
def test_of_many_failures_for_different_reasons_all_are_named_and_some_explained(
    node: Node, present: list[str]
) -> None:
    outcome = run(node, IMAGES, present)
    assert failed(outcome) == [index for index, name in enumerate(IMAGES) if name not in present]
    assert outcome.report.complete
    reasons = list(outcome.reasons.values())
    assert reasons[0] == "why 0:1 did not come...rary/image-0:1, and it goes on and on"
    assert len(set(reasons)) > 30
    assert len(outcome.text) > LIMIT - 250
    assert outcome.report.present == len(present)
