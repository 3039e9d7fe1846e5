import subprocess
from pathlib import Path

import pytest

from lab.environ import lab_environ, shell_lines


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "the-user's")
    monkeypatch.setenv("PULUMI_STACK", "prod")
    monkeypatch.setenv("KUBECONFIG", "/the/users/kubeconfig")
    monkeypatch.setenv("KUBE_CONTEXT", "prod")
    monkeypatch.setenv("DOCKER_HOST", "tcp://prod:2376")
    monkeypatch.setenv("DOCKER_CONTEXT", "prod")
    monkeypatch.setenv("VIRTUAL_ENV", "/the/users/venv")
    monkeypatch.setenv("LANG", "C.UTF-8")
    engine = {"DOCKER_HOST": "unix:///lab.sock", "DOCKER_CONFIG": "/lab/docker", "OTHER": "ignored"}
    return lab_environ(tmp_path / ".lab", engine, "secret")


def test_nothing_that_the_user_set_for_something_else_is_used(environ: dict[str, str]) -> None:
    for name in ("PULUMI_ACCESS_TOKEN", "PULUMI_STACK", "KUBE_CONTEXT", "DOCKER_CONTEXT", "VIRTUAL_ENV"):
        assert name not in environ


def test_every_tool_is_led_to_the_lab(environ: dict[str, str], tmp_path: Path) -> None:
    state = tmp_path / ".lab"
    assert environ["KUBECONFIG"] == f"{state}/kubeconfig"
    assert environ["PULUMI_BACKEND_URL"] == f"file://{state}/stacks"
    assert environ["PULUMI_HOME"] == f"{state}/pulumi"
    assert environ["PULUMI_CONFIG_PASSPHRASE"] == "secret"
    assert environ["DOCKER_HOST"] == "unix:///lab.sock"
    assert environ["PATH"].startswith(f"{state}/bin:")


def test_the_rest_stays(environ: dict[str, str]) -> None:
    assert environ["LANG"] == "C.UTF-8"
    assert "OTHER" not in environ


def test_a_shell_gets_the_labs_own_variables_and_no_other(tmp_path: Path) -> None:
    engine = {"DOCKER_HOST": "unix:///lab.sock", "HOME": "/root", "OTHER": "ignored"}
    script = "\n".join([*shell_lines(tmp_path / "a lab's", engine, "it's secret"), "env -0"])
    environ = {"PATH": "/usr/bin:/bin", "TOKEN": "the-user's"}

    printed = subprocess.run(["/bin/sh", "-c", script], env=environ, check=True, capture_output=True, text=True).stdout

    after = dict(line.split("=", 1) for line in printed.split("\0") if line)
    assert "TOKEN" not in script
    assert after["PATH"] == f"{tmp_path}/a lab's/bin:/usr/bin:/bin"
    assert after["PULUMI_CONFIG_PASSPHRASE"] == "it's secret"
    changed = {name for name in after if after[name] != environ.get(name)} - {"PWD", "_", "SHLVL", "OLDPWD"}
    assert {name.partition("_")[0] for name in changed} == {"PATH", "DOCKER", "KUBECONFIG", "PULUMI"}
