"""inventory.awk: what crictl and docker list, as one line for each name of each image."""

from __future__ import annotations

import pytest

from .conftest import Awk

A, B, ID = "sha256:" + "a" * 64, "sha256:" + "b" * 64, "sha256:" + "1" * 64
R = "reg.example:5000/team"

CASES = {
    "nothing": ("", []),
    "a tag and its digest": (
        f"ID: {ID}\nRepoTags: {R}/x:1\nRepoDigests: {R}/x@{A}\nSize: 5\n",
        [f"{R}/x@{A} {A} 5 false {ID}", f"{R}/x:1 {A} 5 false {ID}"],
    ),
    "a tag without a digest has that of the other names": (
        f"ID: {ID}\nRepoTags: mirror.example/x:1\nRepoDigests: {R}/x@{A}\nSize: 5\n",
        [f"{R}/x@{A} {A} 5 false {ID}", f"mirror.example/x:1 {A} 5 false {ID}"],
    ),
    "each repository has its own digest": (
        f"ID: {ID}\nRepoTags: {R}/x:1\nRepoDigests: {R}/y@{B}\nRepoDigests: {R}/x@{A}\n",
        [f"{R}/y@{B} {B} 0 false {ID}", f"{R}/x@{A} {A} 0 false {ID}", f"{R}/x:1 {A} 0 false {ID}"],
    ),
    "an image that was built on the node goes by its ID": (
        f"ID: {ID}\nRepoTags: {R}/x:1\nSize: 5\n",
        [f"{R}/x:1 {ID} 5 false {ID}"],
    ),
    "familiar names are completed": (
        f"ID: {ID}\nRepoTags: a:1\nRepoTags: team/b:1\nRepoTags: localhost/c:1\nRepoTags: reg:5000/d:1\n",
        [
            f"docker.io/library/a:1 {ID} 0 false {ID}",
            f"docker.io/team/b:1 {ID} 0 false {ID}",
            f"localhost/c:1 {ID} 0 false {ID}",
            f"reg:5000/d:1 {ID} 0 false {ID}",
        ],
    ),
    "pinned is of one image": (
        f"ID: {ID}\nRepoTags: {R}/x:1\nPinned: true\n\nID: {B}\nRepoTags: {R}/y:1\n",
        [f"{R}/x:1 {ID} 0 true {ID}", f"{R}/y:1 {B} 0 false {B}"],
    ),
    "what has no name is left out": (f"ID: {ID}\nRepoTags: <none>:<none>\nRepoDigests: <none>\n", []),
    "what is not of its form": (
        f"RepoTags: {R}/x:1\nRepoDigests: {R}/x@-\nSize: 1.2MB\nPinned: a b\n",
        [f"{R}/x@- unknown 0 false unknown", f"{R}/x:1 unknown 0 false unknown"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_name_has_a_line(awk: Awk, case: str) -> None:
    text, expected = CASES[case]
    assert awk.run("inventory.awk", text) == expected
