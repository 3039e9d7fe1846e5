import pytest

from lab.cluster.nodes import NodeImage
from lab.cluster.table import Row, is_named, summary

DIGEST = "sha256:" + "a" * 64
IMAGE = NodeImage(("docker.io/library/nginx:1.2",), (f"docker.io/library/nginx@{DIGEST}",), 5)
DOCKER = NodeImage(("nginx:1.2",), (f"nginx@{DIGEST}",), 5)


@pytest.mark.parametrize("image", [IMAGE, DOCKER])
@pytest.mark.parametrize(
    "wanted", ["nginx:1.2", f"nginx@{DIGEST}", f"nginx:1.2@{DIGEST}", "docker.io/library/nginx:1.2"]
)
def test_an_image_is_known_by_each_of_its_names(image: NodeImage, wanted: str) -> None:
    assert is_named(image, wanted)


@pytest.mark.parametrize("wanted", ["nginx:1.25", "nginx", "quay.io/library/nginx:1.2", f"nginx@sha256:{'b' * 64}"])
def test_no_other_image_is_taken_for_it(wanted: str) -> None:
    assert not is_named(IMAGE, wanted)


def test_the_summary_counts_nodes_for_each_image() -> None:
    image = "docker.io/library/hello-world:latest"
    shown = [Row(node, image, IMAGE if node != "c" else None, None) for node in "abc"]
    assert summary(shown) == ["hello-world present on 2 of 3 nodes"]
