"""Compares this component with alternatives, and writes docs/benchmarks: `python -m bench [SCENARIO]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from bench.compared.image_sets import ImageSet
from bench.instruments.machine import machine, machine_of
from bench.measured import fingerprint
from bench.report.page import page
from bench.report.plots import draw
from bench.report.readme import with_table
from bench.report.results import DIRECTORY, README, Result, save, saved
from bench.scenarios import cost, dependents, engine, join, parts, pull, ready, scale, slow
from lab import Lab, LabError

# All but `auto`, which pulls as `containerd` does, and two forms that are clearly slower: 8 x 40 MB compares them.
_OURS_AND_OTHERS = "containerd kubelet image-volume JupyterHub Che"
DEFAULT_SETS = ("1x200MB", "8x40MB", "40x4MB", "10x10MB+100MB")
SLOW_SETS = ("1x2000MBin6", "3x700MB", "8x40MB")


def main() -> int:
    """Measure, and write the results."""
    options = _parser().parse_args()
    try:
        options.run(options)
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.set_defaults(run=_everything)
    scenarios = parser.add_subparsers(title="scenarios", metavar="SCENARIO")

    pulling = scenarios.add_parser("pull", help="from apply until every image is on every node")
    pulling.add_argument(
        "--images", type=_images, nargs="+", default=[_images(each) for each in DEFAULT_SETS],
        help=f"what to pull, as in 8x40MB or 10x10MB+100MB (default: {' '.join(DEFAULT_SETS)})",
    )  # fmt: skip
    _rounds(pulling, 5)
    pulling.add_argument("--only", nargs="+", default=[], help="only forms with one of these words in their names")
    pulling.add_argument(
        "--helpers", choices=("there", "cold", "both"), default="both",
        help="whether the images that the forms run are on the nodes already (default: both)",
    )  # fmt: skip
    pulling.set_defaults(run=_pull)

    slowly = scenarios.add_parser("slow", help="the same from a registry that gives each node 200 Mbit/s")
    slowly.add_argument(
        "--images", type=_images, nargs="+", default=[_images(each) for each in SLOW_SETS],
        help=f"(default: {' '.join(SLOW_SETS)})",
    )  # fmt: skip
    _rounds(slowly, 1)
    slowly.set_defaults(run=_slow)

    made_of = scenarios.add_parser("parts", help="what that time is made of")
    _rounds(made_of, 3)
    made_of.set_defaults(run=_parts)

    readiness = scenarios.add_parser("ready", help="how soon a workload is ready, with its images there and without")
    _rounds(readiness, 5)
    readiness.set_defaults(run=_ready)

    waiting = scenarios.add_parser("dependents", help="how long what depends on the images waits in one `pulumi up`")
    _rounds(waiting, 3)
    waiting.set_defaults(run=_dependents)

    joining = scenarios.add_parser("join", help="when a node that joins has its images, and how long a pod waits there")
    _rounds(joining, 3)
    joining.set_defaults(run=_join)

    costs = scenarios.add_parser("cost", help="what it costs the registry, the API server and an idle node")
    _rounds(costs, 3)
    costs.set_defaults(run=_cost)

    pulumi = scenarios.add_parser("engine", help="what it costs Pulumi's engine")
    _rounds(pulumi, 3)
    pulumi.add_argument("--components", type=int, nargs="+", default=[1, 10, 100], help="(default: 1 10 100)")
    pulumi.set_defaults(run=_engine)

    large = scenarios.add_parser("scale", help="the gate and `prepull status` for thousands of simulated nodes")
    _rounds(large, 3)
    large.add_argument("--nodes", type=int, nargs="+", default=[100, 1000, 5000], help="(default: 100 1000 5000)")
    large.set_defaults(run=_scale)

    report = scenarios.add_parser("report", help="write tables and plots anew, from the JSON files")
    report.set_defaults(run=lambda _: _report())
    return parser


def _rounds(parser: argparse.ArgumentParser, default: int) -> None:
    parser.add_argument("--rounds", type=int, default=default, help=f"how often each is measured (default: {default})")


def _images(text: str) -> ImageSet:
    try:
        return ImageSet.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _everything(_: argparse.Namespace) -> None:
    """All scenarios, with as few rounds as tell their forms apart."""
    for arguments in (
        "pull --images 8x40MB --helpers there --rounds 2",
        f"pull --images 8x40MB --helpers cold --rounds 2 --only {_OURS_AND_OTHERS}",
        f"pull --images 1x200MB 10x10MB+100MB --helpers there --rounds 2 --only {_OURS_AND_OTHERS}",
        # The forms are far apart, and the slow ones take most of all the time.
        f"pull --images 40x4MB --helpers there --rounds 1 --only {_OURS_AND_OTHERS}",
        "slow --images 1x2000MBin6 8x40MB --rounds 1",
        "parts --rounds 1",
        "ready --rounds 1",
        "dependents --rounds 2",
        "join --rounds 1",
        "cost --rounds 1",
        "engine --rounds 2",
        "scale --rounds 1",
    ):
        options = _parser().parse_args(arguments.split())
        options.run(options)


def _pull(options: argparse.Namespace) -> None:
    ways = {"there": [False], "cold": [True], "both": [False, True]}[options.helpers]
    with _lab() as lab:
        for images in options.images:
            for cold in ways:
                print(f"{images.title}, {'cold' if cold else 'helpers there'}")
                for found in pull.measure(lab, images, rounds=options.rounds, cold=cold, only=options.only, say=_say):
                    _keep_of(lab, found)


def _slow(options: argparse.Namespace) -> None:
    with _lab() as lab:
        for images in options.images:
            print(f"{images.title}, slowly")
            for found in slow.measure(lab, images, options.rounds, _say):
                _keep_of(lab, found)


def _parts(options: argparse.Namespace) -> None:
    with _lab() as lab:
        for cold in (False, True):
            _keep_of(lab, parts.measure(lab, ImageSet.parse("8x40MB"), options.rounds, _say, cold=cold))


def _ready(options: argparse.Namespace) -> None:
    with _lab() as lab:
        for images in (ImageSet.parse("1x200MB"), ImageSet.parse("8x40MB")):
            _keep_of(lab, ready.measure_workload(lab, images, options.rounds, _say))


def _dependents(options: argparse.Namespace) -> None:
    with _lab() as lab:
        _keep_of(lab, *dependents.measure(lab, ImageSet.parse("8x40MB"), options.rounds, _say))


def _join(options: argparse.Namespace) -> None:
    with _lab() as lab:
        for measure in (join.measure_images, join.measure_wait):
            _keep_of(lab, *measure(lab, ImageSet.parse("8x40MB"), options.rounds, _say))


def _cost(options: argparse.Namespace) -> None:
    with _lab() as lab:
        _keep_of(lab, *cost.measure(lab, ImageSet.parse("8x40MB"), options.rounds, _say))


def _engine(options: argparse.Namespace) -> None:
    with _lab() as lab:
        _keep_of(lab, *engine.measure(lab, options.components, options.rounds, _say))


def _scale(options: argparse.Namespace) -> None:
    _keep(machine(), *scale.measure(options.nodes, options.rounds, _say))


def _say(line: str) -> None:
    print(line, flush=True)


@contextmanager
def _lab() -> Iterator[Lab]:
    """The checkout's lab. After the block, it is up or down as before."""
    lab = Lab.of_checkout()
    was_up = lab.is_up()
    lab.up()
    try:
        yield lab
    finally:
        if not was_up:
            lab.down()


def _keep_of(lab: Lab, *results: Result) -> None:
    _keep(machine_of(lab), *results)


def _keep(described: dict[str, str], *results: Result) -> None:
    for result in results:
        kept = replace(result, machine=described, measured=fingerprint(result.name))
        print(f"written: {save(kept)}")
        draw(kept, DIRECTORY)
    _write_tables(saved())


def _report() -> None:
    results = saved()
    for result in results:
        draw(result, DIRECTORY)
    _write_tables(results)


def _write_tables(results: Sequence[Result]) -> None:
    (DIRECTORY / "figures.md").write_text(page(results), encoding="utf-8")
    README.write_text(with_table(README.read_text("utf-8"), results), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
