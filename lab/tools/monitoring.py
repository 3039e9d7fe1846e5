"""kube-state-metrics, which serves the state of a cluster as metrics, and promtool, which checks rules over them.

PATH is no source of either: what a test says of the metrics and the rules is to be of the pinned versions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab import versions
from lab.platforms import Platform
from lab.sources import tool
from lab.sources.cache import fingerprint
from lab.sources.download import Release
from lab.sources.source import cached, first_of
from lab.tools import programs

if TYPE_CHECKING:
    from pathlib import Path

    from lab.docker.contents import PublicImages
    from lab.sources.workshop import Workshop

_METRICS = "kube-state-metrics"
_PROMTOOL = "promtool"
_IMAGE = f"registry.k8s.io/kube-state-metrics/kube-state-metrics:v{versions.KUBE_STATE_METRICS}"


def kube_state_metrics(workshop: Workshop, images: PublicImages) -> Path:
    """The program, for this machine. Its releases are images: it is copied out of one, and static."""
    image = cached(
        "official image",
        workshop.cache,
        f"{_METRICS}-image",
        fingerprint(_IMAGE, str(Platform.nodes())),
        lambda directory: images.copy(_IMAGE, directory, f"/{_METRICS}"),
    )
    with workshop.console.step(_METRICS) as step:
        return first_of(
            _METRICS, [tool.within(image, _METRICS), tool.built(workshop, _METRICS, programs.KUBE_STATE_METRICS)], step
        )


def promtool(workshop: Workshop) -> Path:
    """The program, for this machine. It is part of the releases of Prometheus."""
    host = Platform.host()
    releases = f"https://github.com/prometheus/prometheus/releases/download/v{versions.PROMETHEUS}"
    archive = f"prometheus-{versions.PROMETHEUS}.{host.os}-{host.arch}.tar.gz"
    release = Release(f"{releases}/{archive}", f"{releases}/sha256sums.txt")
    with workshop.console.step(_PROMTOOL) as step:
        return first_of(
            _PROMTOOL,
            [
                tool.released(workshop, _PROMTOOL, release, step),
                tool.built(workshop, _PROMTOOL, programs.PROMTOOL),
            ],
            step,
        )
