"""Credential plugins that fail: a line that says why, without what is secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from prepull.cli.cluster.access import plugin as plugins

from ...cluster.fake_api import FakeApi
from ...cluster.objects import daemon_set
from ..conftest import Prepull
from .conftest import Configure
from .plugins import PAST, TOKEN, V1, V1BETA1, answer, entry, prints, program

pytestmark = pytest.mark.usefixtures("guarded")

FAILURES: dict[str, tuple[list[str], str]] = {
    "fails": (["echo a-secret", "exit 3"], "failed with exit code 3\n"),
    "says why": (
        ["echo >&2", "echo 'Token has expired,' >&2", "echo log in >&2", "exit 1"],
        "code 1: Token has expired, log in\n",
    ),
    "is ended": (["kill -9 $$"], "failed with exit code -9\n"),
    "says nothing": ([], "did not print an ExecCredential in JSON\n"),
    "prints rubbish": (["echo a-secret"], "did not print an ExecCredential in JSON\n"),
    "prints no text": (["printf '\\377a-secret'"], "did not print an ExecCredential in JSON\n"),
    "prints a list": (["echo '[\"a-secret\"]'"], "did not print an ExecCredential in JSON\n"),
    "has no status": ([prints(json.dumps({"apiVersion": V1}))], "gave no token and no client certificate\n"),
    "has an empty status": ([prints(answer(token=""))], "gave no token and no client certificate\n"),
    "has a token that is no text": ([prints(answer(token=["a-secret"]))], "gave a token that is not text\n"),
    "has a token of two lines": (
        [prints(answer(token="a-secret\nb"))],
        "there is a line break or another control character in the token of the plugin",
    ),
    "has no key": (
        [prints(answer(clientCertificateData="a-secret"))],
        "gave a client certificate without its key, or a key alone\n",
    ),
    "has no certificate": (
        [prints(answer(clientKeyData="a-secret", token="a-secret"))],
        "gave a client certificate without its key, or a key alone\n",
    ),
    "has a certificate that is none": (
        [prints(answer(clientCertificateData="a-secret", clientKeyData="a-secret"))],
        "the client certificate and its key are not valid",
    ),
    "has no time": (
        [prints(answer(token="a-secret", expirationTimestamp="soon"))],
        "gave an expirationTimestamp that is not a time\n",
    ),
    "has a time of no zone": (
        [prints(answer(token="a-secret", expirationTimestamp="2999-01-01T00:00:00"))],
        "gave an expirationTimestamp that is not a time\n",
    ),
    "has the other version": (
        [prints(answer(V1BETA1, token="a-secret"))],
        f"answered with apiVersion {V1BETA1}, and the kubeconfig has {V1} for it; update one of them\n",
    ),
    "has an unknown version": (
        [prints(answer("a-secret/v3", token="a-secret"))],
        f"answered with another apiVersion, and the kubeconfig has {V1} for it; update one of them\n",
    ),
}


@pytest.mark.parametrize("kind", FAILURES)
def test_a_plugin_that(
    api: FakeApi, configure: Configure, prepull: Prepull, trusted: dict[str, Any], tmp_path: Path, kind: str
) -> None:
    lines, message = FAILURES[kind]
    path = program(tmp_path / "plugin", *lines)
    configure(trusted, entry(path, args=["a-secret"], env=[{"name": "SECRET", "value": "a-secret"}]))
    ran = prepull("status")
    where = f"the cluster at https://127.0.0.1:{api.port} (context 'x')"
    assert (ran.code, ran.out) == (4, "")
    assert ran.err.startswith(f"prepull: no credentials for {where}: ")
    assert message in ran.err
    assert ran.err.count("\n") == 1
    assert "a-secret" not in ran.err
    assert api.asked == []


def test_a_plugin_that_hangs_is_ended_with_all_that_it_has_started(
    configure: Configure,
    prepull: Prepull,
    trusted: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(plugins, "SECONDS", 0.5)
    path = program(tmp_path / "plugin", f"sleep 600 & echo $! >{tmp_path}/child", "wait")
    configure(trusted, entry(path))
    ran = prepull("status")
    assert (ran.code, ran.out) == (4, "")
    assert "did not answer within 0.5 s\n" in ran.err
    child = Path(f"/proc/{(tmp_path / 'child').read_text().strip()}/stat")
    assert not child.exists() or child.read_text().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"apiVersion": "client.authentication.k8s.io/v1alpha1"},
            f"its exec.apiVersion 'client.authentication.k8s.io/v1alpha1' is not supported; write {V1} or {V1BETA1}",
        ),
        ({"command": ""}, "its exec.command is empty"),
        (
            {"interactiveMode": "Sometimes"},
            "its exec.interactiveMode 'Sometimes' is none of Never, IfAvailable, Always",
        ),
        ({"args": [1]}, "Expected `str`, got `int` - at `$.exec.args[0]`"),
        ({"env": [{"value": "a-secret"}]}, "required field `name` - at `$.exec.env[0]`"),
    ],
)
def test_an_entry_that_is_wrong(configure: Configure, prepull: Prepull, changed: dict[str, Any], message: str) -> None:
    configure({}, entry("plugin", **changed))
    ran = prepull("status")
    assert (ran.code, ran.out) == (4, "")
    assert ran.err.startswith("prepull: the kubeconfig's context 'x' is not valid: ")
    assert message in ran.err
    assert ran.err.count("\n") == 1
    assert "a-secret" not in ran.err


def test_a_plugin_that_fails_later_ends_the_command(
    secure: FakeApi, configure: Configure, prepull: Prepull, trusted: dict[str, Any], tmp_path: Path
) -> None:
    secure.items["daemonsets"] = [daemon_set(desired=2)]
    done = tmp_path / "done"
    lines = [f"[ -e {done} ] && {{ echo logged out >&2; exit 1; }}", f"touch {done}"]
    path = program(tmp_path / "plugin", *lines, prints(answer(token=TOKEN, expirationTimestamp=PAST)))
    configure(trusted, entry(path))
    ran = prepull("wait", "--timeout", "30s")
    assert ran.code == 4
    assert "failed with exit code 1: logged out\n" in ran.err
