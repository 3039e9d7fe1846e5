"""An image verifier on a node, which containerd asks before it pulls, sees the puller's pulls as well."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab import Lab

from ..conftest import Images, Stack, failed_up

VERIFIER = "/opt/containerd/image-verifier/bin/refuse"
# containerd hands it `-name NAME -digest DIGEST …`. It lets the pulls of all other tests through.
PROGRAM = """\
#!/bin/sh
case "$2" in
  */{prefix}/unsigned:*) echo "no signature of ours"; exit 1 ;;
esac
"""


@pytest.fixture
def verifying(lab: Lab, images: Images) -> Iterator[str]:
    """A node with a verifier that refuses one image of the test."""
    node = lab.cluster.base_nodes[-1]
    lab.nodes.write(node, {VERIFIER: PROGRAM.format(prefix=images.prefix).encode()})
    lab.nodes.exec(node, "chmod", "0755", VERIFIER)
    yield node
    lab.nodes.exec(node, "rm", "-f", VERIFIER)


def test_a_verifier_refuses_a_pull_and_the_gate_says_so(lab: Lab, stack: Stack, images: Images, verifying: str) -> None:
    signed, unsigned = images.push("signed"), images.push("unsigned")

    screen = failed_up(stack, {"images": [signed, unsigned]})

    assert "no signature of ours" in screen
    assert f"(1 of 3 nodes: {verifying})" in screen
    assert images.nodes_with(signed) == set(lab.cluster.base_nodes)
    assert images.nodes_with(unsigned) == set(lab.cluster.base_nodes) - {verifying}
