"""The sets of images to pull, and their notation: `8x40MB`, `10x10MB+100MB`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.images.oci import Image, layer, noise, program

if TYPE_CHECKING:
    from lab import Lab

_FORM = re.compile(r"([1-9][0-9]*)x([1-9][0-9]*)MB(?:\+([1-9][0-9]*)MB)?")


@dataclass(frozen=True)
class ImageSet:
    """A number of images of the same size in MB, on a layer that all images share."""

    number: int
    megabytes: int
    shared_megabytes: int = 0

    @classmethod
    def parse(cls, text: str) -> ImageSet:
        """Read `8x40MB` (eight images of 40 MB), or `10x10MB+100MB` (ten of 10 MB that share 100 MB).

        Raises:
            ValueError: the text has another form.
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
        """The set in words."""
        each = f"{self.number} image{'s' if self.number > 1 else ''} of {self.megabytes} MB"
        return f"{each} that share {self.shared_megabytes} MB" if self.shared_megabytes else each

    @property
    def repository(self) -> str:
        """The prefix of the images' names in the registry."""
        return f"bench/{self.number}x{self.megabytes}-{self.shared_megabytes}"

    @property
    def total_megabytes(self) -> int:
        """The bytes that a node without any of the images must download, without the program in each image."""
        return self.number * self.megabytes + self.shared_megabytes

    def push(self, lab: Lab) -> list[str]:
        """Push the images to the lab's registry, and return their references for nodes."""
        # Some forms run the image, so it must contain a program.
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
