"""Credential plugins, as kubectl runs them: what they are told, and what they may answer."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ...cluster.fake_api import FakeApi
from ..conftest import Prepull
from .authorities import Certified
from .conftest import Configure
from .plugins import FUTURE, PAST, TOKEN, V1, V1BETA1, answer, entry, prints, program, runs, told

pytestmark = pytest.mark.usefixtures("guarded")


# ---------------------------------------------------------------- what it is told


@pytest.mark.parametrize("version", [V1, V1BETA1])
def test_it_is_told_the_cluster(
    api: FakeApi, configure: Configure, prepull: Prepull, trusted: dict[str, Any], tmp_path: Path, version: str
) -> None:
    path = program(tmp_path / "plugin", prints(answer(version)))
    extension = {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "a", "none": None}}
    cluster = {**trusted, "disable-compression": True, "extensions": [{"name": "other"}, extension]}
    configure(cluster, entry(path, apiVersion=version, provideClusterInfo=True, args=None, env=None))
    assert prepull("status").code == 0
    assert told(path) == {
        "apiVersion": version,
        "kind": "ExecCredential",
        "spec": {
            "interactive": False,
            "cluster": {
                "server": f"https://127.0.0.1:{api.port}",
                **trusted,
                "disable-compression": True,
                "config": {"audience": "a", "none": None},
            },
        },
    }


def test_it_is_told_of_an_authority_in_a_file_and_of_the_rest(
    configure: Configure, prepull: Prepull, authority: Certified, trusted: dict[str, Any], tmp_path: Path
) -> None:
    path = program(tmp_path / "plugin", prints(answer()))
    cluster = {"certificate-authority": "ca.crt", "tls-server-name": "127.0.0.1"}
    home = configure(cluster, entry(path, provideClusterInfo=True)).parent
    (home / "ca.crt").write_bytes(authority.pem)
    assert prepull("status").code == 0
    cluster = told(path)["spec"]["cluster"]
    assert cluster["certificate-authority-data"] == trusted["certificate-authority-data"]
    assert cluster["tls-server-name"] == "127.0.0.1"
    assert not {"insecure-skip-tls-verify", "proxy-url", "config"} & set(cluster)


def test_it_is_told_nothing_that_it_does_not_ask_for(
    configure: Configure, prepull: Prepull, trusted: dict[str, Any], tmp_path: Path
) -> None:
    path = program(tmp_path / "plugin", prints(answer()))
    configure(trusted, entry(path))
    assert prepull("status").code == 0
    assert told(path)["spec"] == {"interactive": False}


def test_it_has_its_arguments_and_variables(
    configure: Configure, prepull: Prepull, trusted: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_SHELL", "stays")
    test = '[ "$1 $2" = "get-token a  b" ] && [ "$PROFILE" = dev ] && [ "$OF_THE_SHELL" = stays ] || exit 9'
    path = program(tmp_path / "plugin", test, prints(answer()))
    variables = [{"name": "PROFILE", "value": "dev"}]
    configure(trusted, entry(path, args=["get-token", "a  b"], env=variables))
    assert prepull("status").code == 0


@pytest.mark.parametrize(
    ("command", "where"),
    [
        ("./plugin", "home/plugin"),
        ("bin/plugin", "home/bin/plugin"),
        ("../plugin", "plugin"),
        ("a-plugin", "path/a-plugin"),
    ],
)
def test_where_it_is_looked_for(
    configure: Configure,
    prepull: Prepull,
    trusted: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    where: str,
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}{os.pathsep}{os.environ['PATH']}")
    program(tmp_path / where, prints(answer()))
    configure(trusted, entry(command))
    assert prepull("status").code == 0


def test_a_bare_name_is_not_looked_for_beside_the_kubeconfig(
    configure: Configure, prepull: Prepull, trusted: dict[str, Any], tmp_path: Path
) -> None:
    program(tmp_path / "home" / "a-plugin", prints(answer()))
    configure(trusted, entry("a-plugin", installHint="Install it:\n\n  krew install a-plugin\n"))
    ran = prepull("status")
    assert ran.code == 4
    assert "the plugin a-plugin is not installed, or is no program: Install it: krew install a-plugin\n" in ran.err


def status_on_a_terminal() -> tuple[int, str, str]:
    """Run the command with a terminal as its input: its exit code, its output, and its errors."""
    ours, theirs = pty.openpty()
    try:
        ran = subprocess.run(
            [sys.executable, "-c", "import sys; from prepull.cli import main; main()", "status"],
            stdin=theirs,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    return ran.returncode, ran.stdout, ran.stderr


@pytest.mark.parametrize(("mode", "asks"), [("Always", True), ("IfAvailable", True), ("Never", False)])
def test_it_may_ask_on_a_terminal(
    configure: Configure,
    trusted: dict[str, Any],
    tmp_path: Path,
    mode: str,
    asks: bool,
) -> None:
    path = program(tmp_path / "plugin", "echo code: 1234 >&2", "[ -t 0 ] && echo asked >&2", prints(answer()))
    configure(trusted, entry(path, interactiveMode=mode))
    code, _, err = status_on_a_terminal()
    assert code == 0
    assert told(path)["spec"] == {"interactive": asks}
    assert err == ("code: 1234\nasked\n" if asks else "")


def test_it_may_not_ask_without_a_terminal(
    configure: Configure, prepull: Prepull, trusted: dict[str, Any], tmp_path: Path
) -> None:
    path = program(tmp_path / "plugin", prints(answer()))
    configure(trusted, entry(path, interactiveMode="IfAvailable"))
    assert prepull("status").code == 0
    assert told(path)["spec"] == {"interactive": False}
    configure(trusted, entry(path, interactiveMode="Always"))
    assert "needs a terminal (interactiveMode: Always), and there is none" in prepull("status").err


# ---------------------------------------------------------------- what it answers


@pytest.mark.parametrize("version", [V1, V1BETA1])
def test_it_answers_with_a_client_certificate(
    secure: FakeApi,
    configure: Configure,
    prepull: Prepull,
    authority: Certified,
    trusted: dict[str, Any],
    tmp_path: Path,
    version: str,
) -> None:
    secure.token, secure.client = "", "somebody"
    client = authority.issue("somebody")
    certificate = {"clientCertificateData": client.pem.decode(), "clientKeyData": client.key_pem.decode()}
    path = program(tmp_path / "plugin", prints(answer(version, **certificate)))
    configure(trusted, entry(path, apiVersion=version))
    assert prepull("status").code == 0
    assert runs(path) == 1
    assert not any("Authorization" in headers for headers in secure.sent)


def test_it_answers_with_both(
    secure: FakeApi,
    configure: Configure,
    prepull: Prepull,
    authority: Certified,
    trusted: dict[str, Any],
    tmp_path: Path,
) -> None:
    secure.client = "somebody"
    client = authority.issue("somebody")
    both = {"token": TOKEN, "clientCertificateData": client.pem.decode(), "clientKeyData": client.key_pem.decode()}
    configure(trusted, entry(program(tmp_path / "plugin", prints(answer(**both)))))
    assert prepull("status").code == 0


def test_it_is_asked_again_for_a_certificate_that_the_server_no_longer_takes(
    secure: FakeApi,
    configure: Configure,
    prepull: Prepull,
    authority: Certified,
    trusted: dict[str, Any],
    tmp_path: Path,
) -> None:
    secure.token, secure.client = "", "second"
    path = tmp_path / "plugin"
    for name in ("first", "second"):
        client = authority.issue(name)
        certificate = {"clientCertificateData": client.pem.decode(), "clientKeyData": client.key_pem.decode()}
        (tmp_path / name).write_text(answer(**certificate))
    program(path, f"cat {tmp_path}/first", f"cp {tmp_path}/second {tmp_path}/first")
    configure(trusted, entry(path))
    assert prepull("status").code == 0
    assert runs(path) == 2


@pytest.mark.parametrize(
    ("expiry", "each_time"),
    [
        (None, False),
        (FUTURE, False),
        (PAST, True),
        ("2999-01-01T00:00:00.123456789Z", False),
        ("2999-01-01T02:00:00+02:00", False),
        ("2020-01-01T00:00:00.5-08:00", True),
    ],
)
def test_it_is_asked_again_when_its_answer_has_expired(
    secure: FakeApi,
    configure: Configure,
    prepull: Prepull,
    trusted: dict[str, Any],
    tmp_path: Path,
    expiry: str | None,
    each_time: bool,
) -> None:
    path = program(tmp_path / "plugin", prints(answer(token=TOKEN, expirationTimestamp=expiry)))
    configure(trusted, entry(path))
    assert prepull("status").code == 0
    assert len(secure.asked) > 1
    assert runs(path) == (len(secure.asked) if each_time else 1)


def test_it_is_asked_again_when_the_server_no_longer_takes_its_token(
    configure: Configure, prepull: Prepull, trusted: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "now").write_text(answer(token="of-yesterday"))
    (tmp_path / "then").write_text(answer())
    path = program(tmp_path / "plugin", f"cat {tmp_path}/now", f"cp {tmp_path}/then {tmp_path}/now")
    configure(trusted, entry(path))
    assert prepull("status").code == 0
    assert runs(path) == 2


def test_a_token_that_the_server_never_takes(
    configure: Configure, prepull: Prepull, trusted: dict[str, Any], tmp_path: Path
) -> None:
    path = program(tmp_path / "plugin", prints(answer(token="a-secret")))
    configure(trusted, entry(path))
    ran = prepull("status")
    assert ran.code == 4
    assert "does not accept the credentials" in ran.err
    assert "a-secret" not in ran.err
    assert runs(path) == 2


def test_it_is_not_asked_where_there_is_a_token(
    configure: Configure, prepull: Prepull, trusted: dict[str, Any], tmp_path: Path
) -> None:
    path = program(tmp_path / "plugin", "exit 1")
    configure(trusted, {**entry(path), "token": TOKEN})
    assert prepull("status").code == 0
    assert not path.with_suffix(".runs").exists()


def test_it_may_answer_in_yaml(configure: Configure, prepull: Prepull, trusted: dict[str, Any], tmp_path: Path) -> None:
    path = program(tmp_path / "plugin", prints(f"apiVersion: {V1}\nkind: ExecCredential\nstatus:\n  token: {TOKEN}"))
    configure(trusted, entry(path))
    assert prepull("status").code == 0
