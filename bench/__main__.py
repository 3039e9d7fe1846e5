"""How long it takes until every image is on every node: this component beside what people use, in one run.

Rounds are interleaved, so that what else the machine does meets all of them; each starts from nothing: images removed
and blobs pruned. Seconds are this machine's; what can be compared is the ratio to the limit, which is the runtimes
told directly to pull everything at once.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml
from rich.console import Console
from rich.table import Table

from bench.forms import FORMS
from lab import Lab
from lab.oci import Image, layer, noise, program

LIMIT = "limit: crictl pull of all images at once on each node"
NAMESPACE = "bench"
DEADLINE_SECONDS = 300
RESULTS = Path(__file__).parent.parent / "docs" / "benchmarks"


def main() -> None:
    """Measure, and write the table and the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each form (default: 5)")
    parser.add_argument("--images", type=int, default=8, help="number of images (default: 8)")
    parser.add_argument("--megabytes", type=int, default=40, help="size of each image in MB (default: 40)")
    parser.add_argument("--only", nargs="*", default=[], help="only forms with one of these words in their names")
    options = parser.parse_args()

    lab = Lab.of_checkout()
    was_up = lab.is_up()
    lab.up()
    try:
        seconds = Bench(lab, options.images, options.megabytes).run(options.rounds, options.only)
    finally:
        if not was_up:
            lab.down()
    _write(f"{options.images} x {options.megabytes} MB", seconds)


class Bench:
    """One list of images, pulled again and again in every form."""

    def __init__(self, lab: Lab, number: int, megabytes: int) -> None:
        self._lab = lab
        self._busybox = lab.busybox
        self._repository = f"bench-{number}x{megabytes}"
        self._images = [self._push(index, megabytes * 1_000_000) for index in range(number)]

    def _push(self, index: int, size: int) -> str:
        name = f"{self._repository}/image-{index}"
        content = layer({"data": noise(size, seed=name)})
        # The forms that run the image need a program in it.
        tools = {f"bin/{applet}": program(self._busybox) for applet in ("sh", "sleep")}
        self._lab.registry.client.push(name, "v1", Image((layer(tools), content)))
        return f"{self._lab.registry.address}/{name}:v1"

    def run(self, rounds: int, only: list[str]) -> dict[str, list[float]]:
        """The seconds of each form in each round, the first of which warms up and does not count."""
        forms = [LIMIT, *(form for form in FORMS if not only or any(word in form for word in only))]
        seconds: dict[str, list[float]] = {form: [] for form in forms}
        for number in range(rounds + 1):
            for form in forms:
                self._clean()
                took = self._limit() if form == LIMIT else self._form(form)
                print(f"round {number} of {rounds}: {took:6.2f} s  {form}", flush=True)
                if number:
                    seconds[form].append(took)
        self._clean()
        return seconds

    def _limit(self) -> float:
        pulls = " & ".join(f"crictl pull {image} >/dev/null" for image in self._images)
        return self._timed(lambda: self._on_every_node("sh", "-c", f"{pulls} & wait"))

    def _form(self, form: str) -> float:
        kubectl = self._lab.cluster.kubectl
        kubectl("create", "namespace", NAMESPACE)
        manifests = yaml.safe_dump_all(FORMS[form](NAMESPACE, self._images)).encode()
        try:
            return self._timed(lambda: kubectl("apply", "--filename=-", stdin=manifests))
        finally:
            kubectl("delete", "namespace", NAMESPACE, "--wait")

    def _timed(self, start: Callable[[], object]) -> float:
        """Seconds from the start until each node's own runtime has every image."""
        wait = (
            f"until [ \"$(ctr -n k8s.io images ls -q | grep -c '^[^@]*/{self._repository}/[^@]*:v1$')\" -ge "
            f"{len(self._images)} ]; do sleep 0.05; done"
        )
        with ThreadPoolExecutor(8) as pool:
            began = time.monotonic()
            starting = pool.submit(start)
            waits = [pool.submit(self._exec, node, "sh", "-c", wait) for node in self._nodes]
            for done in waits:
                done.result(timeout=DEADLINE_SECONDS)
            took = time.monotonic() - began
            starting.result(timeout=DEADLINE_SECONDS)
        return took

    @property
    def _nodes(self) -> list[str]:
        return self._lab.cluster.base_nodes

    def _exec(self, node: str, *command: str) -> str:
        return self._lab.nodes.exec(node, *command)

    def _on_every_node(self, *command: str) -> None:
        with ThreadPoolExecutor(len(self._nodes)) as pool:
            list(pool.map(lambda node: self._exec(node, *command), self._nodes))

    def _clean(self) -> None:
        names = f"ctr -n k8s.io images ls -q | grep '^[^@]*/{self._repository}/[^@]*:v1$'"
        remove = f"{names} | xargs -r -n 1 crictl rmi >/dev/null 2>&1"
        self._on_every_node("sh", "-c", f"{remove}; ctr -n k8s.io content prune references >/dev/null")


def _write(what: str, seconds: dict[str, list[float]]) -> None:
    limit = statistics.median(seconds[LIMIT])
    table = Table("form", "median s", "min to max", "ratio to the limit", title=what)
    lines = [f"| {what} | median s | min to max | ratio to the limit |", "|---|---|---|---|"]
    for form, took in seconds.items():
        row = (
            form,
            f"{statistics.median(took):.2f}",
            f"{min(took):.2f} to {max(took):.2f}",
            f"{statistics.median(took) / limit:.2f}",
        )
        table.add_row(*row)
        lines.append(f"| {' | '.join(row)} |")
    Console().print(table)
    RESULTS.mkdir(parents=True, exist_ok=True)
    name = what.replace(" ", "")
    machine = {"cpus": os.cpu_count(), "system": platform.platform(terse=True), "revision": _revision()}
    document = {"what": what, "machine": machine, "seconds": seconds}
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")
    (RESULTS / f"{name}.md").write_text("\n".join(lines) + "\n")


def _revision() -> str:
    asked = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return asked.stdout.strip()


if __name__ == "__main__":
    main()
