"""Values of `min_free_disk` that are refused, with the message."""

from __future__ import annotations

from typing import Any

WRONG_DISKS: list[tuple[str, Any, str]] = [
    (
        "min_free_disk",
        "20GB",
        "min_free_disk: '20GB' is not a quantity of Kubernetes; write '20Gi', or '20G' for powers",
    ),
    ("min_free_disk", "20kb", "write '20Ki', or '20k' for powers of ten"),
    *[("min_free_disk", value, "is the whole disk: nothing would be pulled; write less") for value in ("100%", "101%")],
    ("min_free_disk", -1, "min_free_disk: '-1' is neither a size nor a share"),
    ("min_free_disk", 1.5, "min_free_disk: 1.5 is not a whole number"),
    ("min_free_disk", True, "min_free_disk: True is not a text"),
]
