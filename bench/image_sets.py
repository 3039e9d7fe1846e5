"""The lists of images that are pulled, and how they are written: `8x40MB`, `10x10MB+100MB`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.oci import Image, layer, noise, program

if TYPE_CHECKING:
    from lab import Lab

_FORM = re.compile(r"([1-9][0-9]*)x([1-9][0-9]*)MB(?:\+([1-9][0-9]*)MB)?")


@dataclass(frozen=True)
class ImageSet:
    """So many images of so many MB each, on a layer that all of them share."""

    number: int
    megabytes: int
    shared_megabytes: int = 0

    @classmethod
    def parse(cls, text: str) -> ImageSet:
        """Read `8x40MB` (eight images of 40 MB), or `10x10MB+100MB` (ten of 10 MB that share 100 MB).

        Raises:
            ValueError: it is written otherwise.
        """
        found = _FORM.fullmatch(text)
        if not found:
            raise ValueError(
                f"'{text}' is no list of images; write 8x40MB, or 10x10MB+100MB for images that share 100 MB"
            )
        return cls(int(found[1]), int(found[2]), int(found[3] or 0))

    def __str__(self) -> str:
        shared = f"+{self.shared_megabytes}MB" if self.shared_megabytes else ""
        return f"{self.number}x{self.megabytes}MB{shared}"

    @property
    def title(self) -> str:
        """In words."""
        each = f"{self.number} image{'s' if self.number > 1 else ''} of {self.megabytes} MB"
        return f"{each} that share {self.shared_megabytes} MB" if self.shared_megabytes else each

    @property
    def repository(self) -> str:
        """What their names begin with in the registry."""
        return f"bench/{self.number}x{self.megabytes}-{self.shared_megabytes}"

    @property
    def total_megabytes(self) -> int:
        """What a node with none of them has to fetch, apart from the program in each."""
        return self.number * self.megabytes + self.shared_megabytes

    def push(self, lab: Lab) -> list[str]:
        """Put them into the lab's registry, and return the references that nodes pull them by."""
        # The forms that run an image need a program in it.
        busybox = lab.busybox
        layers = [layer({f"bin/{applet}": program(busybox) for applet in ("sh", "sleep")})]
        if self.shared_megabytes:
            layers.append(layer({"shared": noise(self.shared_megabytes * 1_000_000, seed=self.repository)}))
        references = []
        for index in range(self.number):
            name = f"{self.repository}/image-{index}"
            content = layer({"data": noise(self.megabytes * 1_000_000, seed=name)})
            lab.registry.client.push(name, "v1", Image((*layers, content)))
            references.append(f"{lab.registry.address}/{name}:v1")
        return references
