"""The example of alerts and a dashboard: how its page loads them, and that the dashboard uses what the rules record."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

from ...blocks import ROOT, blocks_of
from ...programs import path
from ..conftest import Engine

EXAMPLE = ROOT / "examples" / "monitoring"


def block(language: str) -> str:
    page = (EXAMPLE / "README.md").read_text("utf-8")
    [found] = [block for block in blocks_of(page, "README.md") if block.language == language]
    return found.text


def rules() -> dict[str, Any]:
    return dict(yaml.safe_load((EXAMPLE / "rules.yaml").read_text("utf-8")))


def test_the_program_loads_both_files(engine: Engine) -> None:
    code = compile(block("python"), str(EXAMPLE / "README.md"), "exec")

    engine.run(lambda: exec(code, {"__file__": str(EXAMPLE / "__main__.py")}))  # noqa: S102 - what users are told to write

    assert engine.only("PrometheusRule").inputs["spec"] == rules()
    [dashboard] = engine.only("ConfigMap").inputs["data"].values()
    assert json.loads(dashboard)["title"] == "Pre-pulled images"


def test_the_shell_makes_a_prometheus_rule_of_the_file(tmp_path: Path) -> None:
    kubectl = tmp_path / "kubectl"
    kubectl.write_text('#!/bin/sh\nprintf "%s\\n" "# $*"\ncat\n')
    kubectl.chmod(0o755)

    ran = subprocess.run(
        [path("dash"), "-c", block("sh")],
        cwd=EXAMPLE,
        env={"PATH": f"{tmp_path}{os.pathsep}{os.defpath}"},
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert ran.stdout.startswith("# apply --namespace monitoring --filename -\n")
    made = yaml.safe_load(ran.stdout)
    assert (made["apiVersion"], made["kind"]) == ("monitoring.coreos.com/v1", "PrometheusRule")
    assert made["spec"] == rules()


def test_what_the_dashboard_and_the_alerts_read_is_recorded() -> None:
    all_rules = [rule for group in rules()["groups"] for rule in group["rules"]]
    recorded = {rule["record"] for rule in all_rules if "record" in rule}
    dashboard = (EXAMPLE / "dashboard.json").read_text("utf-8")
    read = set(re.findall(r"\b\w+:prepull_\w+:\w+", dashboard + " ".join(rule["expr"] for rule in all_rules)))

    assert read == recorded


def test_the_page_has_each_alert() -> None:
    page = (EXAMPLE / "README.md").read_text("utf-8")
    alerts = {rule["alert"] for group in rules()["groups"] for rule in group["rules"] if "alert" in rule}

    assert alerts == set(re.findall(r"^\| `(\w+)`", page, re.MULTILINE))


def test_the_panels_of_the_dashboard_do_not_overlap() -> None:
    places: set[tuple[int, int]] = set()
    for panel in json.loads((EXAMPLE / "dashboard.json").read_text("utf-8"))["panels"]:
        grid = panel["gridPos"]
        assert grid["x"] + grid["w"] <= 24, "Grafana's grid has 24 columns"
        covered = {(grid["x"] + x, grid["y"] + y) for x in range(grid["w"]) for y in range(grid["h"])}
        assert not covered & places, panel["title"]
        places |= covered
