"""The choice of the cluster, which is the same as kubectl's; and one clear line for each error."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
import yaml
from prepull.cli.cluster.access import kubeconfig
from prepull.cli.cluster.access.kubeconfig import access
from prepull.cli.errors import CommandError

from ...cluster.fake_api import FakeApi
from ...cluster.objects import daemon_set
from ..conftest import Prepull


def write(path: Path, **content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content))
    return path


def context(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "context": {"cluster": "c", "user": "u", **more}}


CLUSTER = {"name": "c", "cluster": {"server": "https://one"}}
USER = {"name": "u", "user": {"token": "t"}}


def test_several_files_are_one_and_the_first_counts(tmp_path: Path) -> None:
    certified = {"server": "https://two", "certificate-authority": "ca.crt"}
    files = [
        tmp_path / "missing",
        write(tmp_path / "a" / "config", clusters=[{"name": "c", "cluster": certified}], contexts=[context("x")]),
        write(
            tmp_path / "b",
            **{"current-context": "y", "clusters": [CLUSTER], "users": [USER]},
            contexts=[context("y", namespace="apps"), context("x", namespace="not-this")],
        ),
    ]
    environ = {"KUBECONFIG": ":".join(map(str, files))}

    found = access(environ=environ)
    assert (found.context, found.namespace, found.server) == ("y", "apps", "https://two")
    assert found.cluster["certificate-authority"] == str(tmp_path / "a" / "ca.crt")
    other = access(context="x", environ=environ)
    assert (other.context, other.namespace, other.user) == ("x", "default", {"token": "t"})


def test_paths_begin_at_the_file_that_they_are_in(tmp_path: Path) -> None:
    def of(command: str) -> dict[str, Any]:
        return {"name": "u", "user": {"tokenFile": "token", "exec": {"command": command}}}

    first = write(tmp_path / "a" / "config", **{"current-context": "x"}, clusters=[CLUSTER], contexts=[context("x")])
    for command, found in {"./bin/plugin": "bin/plugin", "/bin/plugin": "/bin/plugin", "plugin": "plugin"}.items():
        second = write(tmp_path / "b" / "config", users=[of(command)])
        user = access(environ={"KUBECONFIG": f"{first}:{second}"}).user
        assert user["tokenFile"] == str(tmp_path / "b" / "token")
        assert user["exec"]["command"] == (str(tmp_path / "b" / found) if "./" in command else found)


def test_one_file_that_is_named_is_the_only_one(tmp_path: Path) -> None:
    one = write(tmp_path / "one", **{"current-context": "x"}, clusters=[CLUSTER], users=[USER], contexts=[context("x")])
    assert access(str(one), environ={"KUBECONFIG": "/elsewhere"}).server == "https://one"


def test_in_a_pod_its_account_comes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubeconfig, "SERVICE_ACCOUNT", tmp_path)
    monkeypatch.setattr(kubeconfig, "DEFAULT_PATH", tmp_path / "none")
    (tmp_path / "token").write_text("t")
    (tmp_path / "namespace").write_text("apps\n")
    environ = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}
    found = access(environ=environ)
    assert (found.server, found.namespace, found.context) == ("https://[fd00::1]:443", "apps", "in-cluster")
    one = write(tmp_path / "one", **{"current-context": "x"}, clusters=[CLUSTER], users=[USER], contexts=[context("x")])
    assert access(environ={**environ, "KUBECONFIG": str(one)}).server == "https://one"


@pytest.mark.parametrize(
    ("content", "wanted", "message"),
    [
        ({}, None, "there is no kubeconfig"),
        ({"contexts": [context("x")]}, None, r"no current context: give --context NAME \(there are: x\)"),
        ({"contexts": [context("x")]}, "y", r"there is no context 'y' in the kubeconfig \(there are: x\)"),
        ({"contexts": [context("x")]}, "x", "names the cluster 'c', and there is no such one"),
        ({"contexts": [context("x")], "clusters": [CLUSTER]}, "x", "names the user 'u', and there is no such one"),
        ({"contexts": ["x"]}, None, "is not a kubeconfig"),
        ({"clusters": [{"cluster": {}}]}, None, "is not a kubeconfig"),
    ],
)
def test_a_kubeconfig_that_is_wrong(tmp_path: Path, content: Any, wanted: str | None, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        access(context=wanted, environ={"KUBECONFIG": str(write(tmp_path / "config", **content))})


def test_a_kubeconfig_that_is_no_yaml_or_not_there(tmp_path: Path) -> None:
    (tmp_path / "bad").write_text("{")
    with pytest.raises(CommandError, match="bad is not YAML"):
        access(str(tmp_path / "bad"))
    with pytest.raises(CommandError, match=r"there is no kubeconfig .*/none"):
        access(str(tmp_path / "none"))


COMMANDS = [("status",), ("wait",), ("status", "--watch")]
ALL = [*COMMANDS, ("discover",)]


@pytest.mark.parametrize("command", ALL)
def test_a_cluster_that_cannot_be_reached(
    prepull: Prepull, tmp_path: Path, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = FakeApi(port=unused.getsockname()[1])
        monkeypatch.setenv("KUBECONFIG", str(nobody.kubeconfig(tmp_path / "k")))
        ran = prepull(*command)
    assert (ran.code, ran.out) == (4, "")
    where = f"prepull: cannot reach the cluster at http://127.0.0.1:{nobody.port} (context 'fake'): "
    assert ran.err.startswith(where)
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("command", ALL)
@pytest.mark.parametrize(
    ("refusal", "message"),
    [
        ((401, "Unauthorized"), "does not accept the credentials: Unauthorized"),
        ((403, 'User "me" cannot list daemonsets'), 'permission denied: User "me" cannot list daemonsets'),
        ((500, "etcd is gone"), "answers with an error (500): etcd is gone"),
    ],
)
def test_a_cluster_that_refuses(
    api: FakeApi, prepull: Prepull, command: tuple[str, ...], refusal: tuple[int, str], message: str
) -> None:
    api.refuse["daemonsets"] = refusal
    ran = prepull(*command)
    assert (ran.code, ran.out) == (4, "")
    assert message in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_a_component_that_is_not_there(api: FakeApi, prepull: Prepull, command: tuple[str, ...]) -> None:
    ran = prepull(*command)
    assert (ran.code, ran.err) == (4, "prepull: there is no PrePullDaemonSet in the namespace 'here'\n")
    api.items["daemonsets"] = [daemon_set()]
    ran = prepull(*command, "imgs")
    assert ran.code == 4
    assert ran.err == "prepull: there is no PrePullDaemonSet 'imgs' in the namespace 'here' (there are: images)\n"
