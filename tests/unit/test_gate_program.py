"""The gate's program as it travels: what only its readers need stays behind, and the rest does the same."""

from __future__ import annotations

import pytest
from prepull.manifests import gate_program
from prepull.manifests.gate_program import stripped

# A ConfigMap is kept three times in Pulumi's state, and holds a megabyte at most.
MOST_BYTES = 40_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"""Module."""\n\nimport os  # why\n', "import os\n"),
        ("# why\nx = '# not a comment'\n", "x = '# not a comment'\n"),
        ('class A(B):\n    """Doc."""\n\n\nx = 1\n', "class A(B):\n pass\nx = 1\n"),
        ('class A(B):\n    """Doc."""\n', "class A(B):\n pass\n"),
        ('class A:\n    # why\n    """Doc."""\n\n    x: int\n    """Its doc."""\n', "class A:\n x: int\n"),
        ('def f():\n    """Over\n\n    lines.\n    """\n    return """a\n    # b\n\n    c"""\n',
         'def f():\n return """a\n    # b\n\n    c"""\n'),
        ("if x:\n    f(\n        a,  # why\n\n        # what\n        b,\n    )\n", "if x:\n f(\n  a,\n  b,\n  )\n"),
        ('x = "a" "b"\n', 'x = "a" "b"\n'),
        ('"a".join(x)\n', '"a".join(x)\n'),
        ('f"{x!r} # {{"  # why\n', 'f"{x!r} # {{"\n'),
        ("if a:\n    if b:\n        c\n    d\nelse:\n    e\n", "if a:\n if b:\n  c\n d\nelse:\n e\n"),
    ],
)  # fmt: skip
def test_what_only_readers_need_stays_behind(text: str, expected: str) -> None:
    assert stripped(text) == expected


def test_it_leaves_room_for_what_runs_on_nodes() -> None:
    assert sum(len(text.encode()) for text in gate_program.files().values()) <= MOST_BYTES
