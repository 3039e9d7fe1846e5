"""What kube-state-metrics serves of the lab's cluster, as samples that promtool runs rules and queries over."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import threading
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from lab import LabError
from lab.process import run

from ..eventually import eventually

# Seconds between two scrapes, and between two samples of a series.
INTERVAL = 5
Scrape = Mapping[str, float]
"""The value of each series by its name and labels, as they are served."""


@dataclass
class Metrics:
    """A running kube-state-metrics, and what was read from it so far."""

    port: int
    namespace: str
    scrapes: list[Scrape] = field(default_factory=list)

    def scrape(self) -> None:
        """Read once, as Prometheus does: what is about the namespace, and what is about nodes."""
        # Without the proxies of the environment: it is on this machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{self.port}/metrics", timeout=30) as answer:
            text = answer.read().decode()
        # Other tests' objects come and go.
        ours = re.compile(rf'kube_node_|.*[{{,]namespace="{re.escape(self.namespace)}"')
        samples = (line.rpartition(" ") for line in text.splitlines() if ours.match(line))
        self.scrapes.append({series: float(value) for series, _, value in samples})

    def labels(self, name: str) -> list[dict[str, str]]:
        """The labels of each series with this name, as they were last served."""
        found = [series for series in self.scrapes[-1] if series.startswith(f"{name}{{")]
        return [dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', series)) for series in found]

    @contextmanager
    def scraped(self) -> Iterator[None]:
        """Read at regular intervals within the block."""
        over = threading.Event()

        def repeat() -> None:
            while not over.wait(INTERVAL):
                # One that is missed is a gap, as in Prometheus.
                with suppress(OSError):
                    self.scrape()

        beside = threading.Thread(target=repeat, daemon=True)
        beside.start()
        try:
            yield
        finally:
            over.set()
            beside.join()


@contextmanager
def serving(program: Path, kubeconfig: Path, namespace: str, *options: str) -> Iterator[Metrics]:
    """Run kube-state-metrics on this machine.

    Args:
        program: kube-state-metrics.
        kubeconfig: of the cluster and its administrator.
        namespace: the namespace to read of.
        options: command line options beside those that it cannot do without.
    """
    port, telemetry = _free_ports(2)
    command = [
        str(program),
        f"--kubeconfig={kubeconfig}",
        *("--host=127.0.0.1", f"--port={port}", "--telemetry-host=127.0.0.1", f"--telemetry-port={telemetry}"),
        *options,
    ]
    metrics = Metrics(port, namespace)
    with subprocess.Popen(
        command, env=dict(os.environ), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as running:
        try:
            eventually("kube-state-metrics serves", lambda: running.poll() is None and _answers(metrics))
            yield metrics
        finally:
            running.terminate()


def _answers(metrics: Metrics) -> bool:
    with suppress(OSError):
        metrics.scrape()
        return any(scrape for scrape in metrics.scrapes)
    return False


def _free_ports(number: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@dataclass
class Prometheus:
    """Rules over scrapes: each at its own time, and the last one held for some minutes more."""

    promtool: Path
    rules: Path
    directory: Path

    def check(
        self, scrapes: Sequence[Scrape], held_minutes: int, expected: Mapping[str, Sequence[Mapping[str, str]]]
    ) -> None:
        """Have promtool compare what queries give at the end.

        Args:
            scrapes: what was served, INTERVAL seconds apart.
            held_minutes: for how long the last one then stays as it is.
            expected: for each query the labels of its results, each of which has the value 1.

        Raises:
            AssertionError: they give something else; the message has both.
        """
        end = len(scrapes) * INTERVAL + held_minutes * 60
        tests = [
            {
                "expr": query,
                "eval_time": f"{end}s",
                "exp_samples": [{"labels": _written(labels), "value": 1} for labels in results],
            }
            for query, results in expected.items()
        ]
        names = dict.fromkeys(name for scrape in scrapes for name in scrape)
        series = [{"series": name, "values": _values(name, scrapes, held_minutes * 60 // INTERVAL)} for name in names]
        file = self.directory / "served.test.yaml"
        content = {
            "rule_files": [str(self.rules)],
            "evaluation_interval": "1m",
            "tests": [{"interval": f"{INTERVAL}s", "input_series": series, "promql_expr_test": tests}],
        }
        # JSON is YAML, and PyYAML would need longer for it than promtool.
        file.write_text(json.dumps(content))
        try:
            run(self.promtool, "test", "rules", file, timeout=300)
        except LabError as error:
            raise AssertionError(getattr(error, "output", str(error))) from None


def _values(name: str, scrapes: Sequence[Scrape], more: int) -> str:
    """The samples of a series in promtool's notation, in which `stale` ends it and `_` is no sample."""
    values: list[str] = []
    before: float | None = None
    for scrape in scrapes:
        now = scrape.get(name)
        gone = "stale" if before is not None else "_"
        values.append(gone if now is None else f"{now:.17g}")
        before = now
    return " ".join(values) if before is None else " ".join([*values, f"{before:.17g}x{more}"])


def _written(labels: Mapping[str, str]) -> str:
    name = labels.get("__name__", "")
    inner = ", ".join(f'{key}="{value}"' for key, value in labels.items() if key != "__name__")
    return f"{name}{{{inner}}}"
