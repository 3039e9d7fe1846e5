"""The sets of images to pull, and their notation: `8x40MB`, `10x10MB+100MB`, `1x2000MBin6`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.images.oci import Image, layer, noise, program

if TYPE_CHECKING:
    from lab import Lab

_FORM = re.compile(r"([1-9][0-9]*)x([1-9][0-9]*)MB(?:\+([1-9][0-9]*)MB)?(?:in([1-9][0-9]*))?")


@dataclass(frozen=True)
class ImageSet:
    """A number of images of the same size in MB, each in one or several layers, on a layer that all images share."""

    number: int
    megabytes: int
    shared_megabytes: int = 0
    layers: int = 1

    @classmethod
    def parse(cls, text: str) -> ImageSet:
        """Read `8x40MB` (eight images of 40 MB), `10x10MB+100MB` (ten that share 100 MB), or `1x2000MBin6` (6 layers).

        Raises:
            ValueError: the text has another form.
        """
        found = _FORM.fullmatch(text)
        if not found:
            raise ValueError(
                f"'{text}' is no list of images; write 8x40MB, 10x10MB+100MB for images that share 100 MB, or "
                "1x2000MBin6 for six layers"
            )
        return cls(int(found[1]), int(found[2]), int(found[3] or 0), int(found[4] or 1))

    def __str__(self) -> str:
        shared = f"+{self.shared_megabytes}MB" if self.shared_megabytes else ""
        layers = f"in{self.layers}" if self.layers > 1 else ""
        return f"{self.number}x{self.megabytes}MB{shared}{layers}"

    @property
    def title(self) -> str:
        """The set in words."""
        layers = f" in {self.layers} layers" if self.layers > 1 else ""
        each = f"{self.number} image{'s' if self.number > 1 else ''} of {self.megabytes:,} MB{layers}"
        return f"{each} that share {self.shared_megabytes} MB" if self.shared_megabytes else each

    @property
    def repository(self) -> str:
        """The prefix of the images' names in the registry."""
        return f"bench/{self.number}x{self.megabytes}-{self.shared_megabytes}-{self.layers}"

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
            size = self.megabytes * 1_000_000 // self.layers
            contents = (layer({f"data-{each}": noise(size, seed=f"{name}-{each}")}) for each in range(self.layers))
            lab.registry.client.push(name, "v1", Image((*layers, *contents)))
            references.append(f"{lab.registry.address}/{name}:v1")
        return references
