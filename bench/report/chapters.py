"""The chapters of the page: which results belong together, and what they answer."""

from __future__ import annotations

from dataclasses import dataclass

from bench.report.results import Result


@dataclass(frozen=True)
class Chapter:
    """A chapter of the page.

    Attributes:
        title: its heading.
        text: what is measured, for readers of the README.
        results: the beginnings of the names of its results, in the order of the page.
    """

    title: str
    text: str
    results: tuple[str, ...]

    def place(self, result: Result) -> tuple[int, str]:
        """Where a result stands within the chapter."""
        return next(at for at, name in enumerate(self.results) if result.name.startswith(name)), result.name


CHAPTERS = (
    Chapter(
        "How long until the images are there",
        """\
From the first object that a form sends to the API server until every image is in the runtime of each of three nodes.
The ratio is to the limit in the same round.""",
        ("pull-8x40MB-warm", "pull-8x40MB-cold", "pull-40x4MB", "pull-1x200MB", "pull-10x10MB", "pull-"),
    ),
    Chapter(
        "A registry that is slow",
        """\
The same from a registry that gives each node 200 Mbit/s. What a form needs beside the pulls has to vanish in the time
of the download. `parallelism` is how many images a node pulls at the same time.""",
        ("slow-",),
    ),
    Chapter("What that time is made of", "On the node that has its last image last.", ("parts-",)),
    Chapter("What workloads gain", "A pod on a node that has its images, and on a node that has not.", ("ready-",)),
    Chapter(
        "How long what depends on the images waits",
        """\
In one `pulumi up`: from the first object of a form until a workload that depends on the images is created. The images
are on the nodes, so that this is the wait itself.""",
        ("dependents-first", "dependents-change"),
    ),
    Chapter(
        "A node that joins",
        "Everything is deployed before the node, and the clock starts with its registration.",
        ("new-node-",),
    ),
    Chapter(
        "What it costs the registry, the API server and a node",
        "With 8 images of 40 MB on three nodes.",
        ("cost-",),
    ),
    Chapter(
        "What it costs Pulumi",
        """\
The component, and its objects in a program of one's own, on the same cluster. The pods run nowhere, so that only
Pulumi is measured.""",
        ("engine-preview", "engine-up", "engine-destroy", "engine-size", "engine-files", "engine-import", "engine-"),
    ),
    Chapter(
        "Large clusters",
        """\
20 images on simulated nodes, with a real API server on the same two processors. The gate is the program that lets
`pulumi up` go on.""",
        ("scale-time", "scale-processor", "scale-memory", "scale-following", "scale-requests", "scale-"),
    ),
)
"""All chapters, in the order of the page."""
