"""Files of users: with every content, the command ends with one clear line and never with a traceback."""

from __future__ import annotations

import contextlib
import copy
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from prepull.arguments.table import ARGUMENTS
from prepull.cli.app import run

from ..strategies import JSON, TEXTS

NOBODY = "http://127.0.0.1:1"
PLUGIN = {
    "apiVersion": "client.authentication.k8s.io/v1",
    "command": "false",
    "args": ["a"],
    "env": [{"name": "A", "value": "b"}],
    "installHint": "a",
    "interactiveMode": "IfAvailable",
    "provideClusterInfo": True,
}
CERTIFIED = {
    "server": "https://127.0.0.1:1",
    "certificate-authority": "ca.crt",
    "certificate-authority-data": "YQ==",
    "insecure-skip-tls-verify": False,
    "tls-server-name": "name.example.com",
    "proxy-url": NOBODY,
    "disable-compression": True,
    "extensions": [{"name": "client.authentication.k8s.io/exec", "extension": {"a": 1}}],
}
CLUSTERS: list[dict[str, Any]] = [{"server": NOBODY}, CERTIFIED]
USERS: list[dict[str, Any]] = [
    {"token": "t"},
    {"exec": PLUGIN},
    {"username": "a", "password": "b", "tokenFile": "token"},
    {"client-certificate-data": "YQ==", "client-key-data": "YQ==", "client-certificate": "a", "client-key": "b"},
    {"as": "a", "as-uid": "1", "as-groups": ["b"], "as-user-extra": {"c": ["d"]}},
    {"auth-provider": {"name": "oidc", "config": {"id-token": "e30.eyJleHAiOiA5OTk5OTk5OTk5fQ.e30"}}},
]
KUBECONFIGS = [
    {
        "current-context": "x",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", "namespace": "n"}}],
    }
    for cluster in CLUSTERS
    for user in USERS
]
# Texts that YAML reads differently from JSON, and other difficult texts.
SCALARS = [
    "2001-01-01",
    "2001-99-99",
    "0x_",
    "!!binary YQ==",
    "!!set {a}",
    "!!bool x",
    "!!timestamp x",
    ".nan",
    '"\\0"',
]
SCALARS += ["&loop [*loop]", "&loop {a: *loop}", "9" * 5000, "[" * 2000, "{? [a] : b}", '"\\ud800"', "{1: a}", "1e400"]
PLACE = "the-value-goes-here"


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values in a structure."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], other: Any) -> Any:
    """The structure with another value at one path."""
    if not path:
        return other
    made = copy.deepcopy(value)
    within = made
    for key in path[:-1]:
        within = within[key]
    within[path[-1]] = other
    return made


def written(structure: Any, scalar: str) -> str:
    """The structure as YAML, with a YAML scalar in place of PLACE."""
    return json.dumps(structure).replace(f'"{PLACE}"', f" {scalar} ")


def damaged(structure: Any) -> st.SearchStrategy[str]:
    """The structure as text, with any text at one place."""
    where = st.sampled_from(list(places(structure)))
    in_json = st.builds(lambda path, other: json.dumps(replaced(structure, path, other)), where, JSON)
    in_yaml = st.builds(
        lambda path, text: written(replaced(structure, path, PLACE), text), where, st.sampled_from(SCALARS)
    )
    return in_json | in_yaml


def ended(*arguments: str) -> tuple[int, str, str]:
    """The exit code of the command, and its output."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(list(arguments))
    return code, out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files") / "Pulumi.x.yaml"


@given(text=TEXTS | JSON.map(json.dumps) | st.sampled_from(KUBECONFIGS).flatmap(damaged))
@example(text=written(replaced(KUBECONFIGS[0], ("current-context",), PLACE), "[a]"))
@example(text=written(replaced(KUBECONFIGS[0], ("contexts", 0, "name"), PLACE), "1"))
@example(text=written(replaced(KUBECONFIGS[1], ("users", 0, "user", "exec"), PLACE), "plugin"))
@example(text=written(replaced(KUBECONFIGS[1], ("users", 0, "user", "exec", "env"), PLACE), "1"))
@example(text=written(replaced(KUBECONFIGS[1], ("users", 0, "user", "exec", "command"), PLACE), '"\\0"'))
@example(text=written(replaced(KUBECONFIGS[-1], ("clusters", 0, "cluster", "certificate-authority"), PLACE), '"\\0"'))
@example(text=written(replaced(KUBECONFIGS[2], ("users", 0, "user", "tokenFile"), PLACE), "/"))
@example(
    text=written(replaced(KUBECONFIGS[-1], ("clusters", 0, "cluster", "proxy-url"), PLACE), "socks5://127.0.0.1:1")
)
@example(text=written(replaced(KUBECONFIGS[0], ("clusters", 0, "cluster", "server"), PLACE), "https://xn--.com"))
@example(text=written(replaced(KUBECONFIGS[0], ("clusters", 0, "cluster", "server"), PLACE), f"https://{'a' * 70}.b"))
@example(text="a: 2001-99-99")
def test_any_kubeconfig_leads_to_a_cluster_or_to_one_line(file: Path, text: str) -> None:
    file.write_text(text, "utf-8", "surrogatepass")

    code, out, err = ended("status", "--kubeconfig", str(file))

    # No server answers at these addresses.
    assert (code, out) == (4, "")
    assert err.startswith("prepull: ")
    assert err.count("\n") == 1


def argument_files(value: Any) -> list[str]:
    """One argument besides the required ones, as a file of arguments and as a stack's configuration."""
    argument, other = value
    # The minimal arguments.
    args = {"images": ["a"], "runtime": "kubelet", "wait_for": "nothing", argument: PLACE}
    stack = {"config": {f"prepull:{key}": item for key, item in args.items()}}
    text = other if isinstance(other, str) else json.dumps(other[0])
    return [written(args, text), written(stack, text)]


AFFINITY = '{{"node_affinity": {{"preferred": [{{"preference": {{"matchLabels": {{"a": {0}}}}}, "weight": {0}}}]}}}}'
VALUES = st.tuples(
    st.sampled_from([*ARGUMENTS, "other"]), st.sampled_from(SCALARS) | JSON.map(lambda value: (value,))
) | st.tuples(st.just("affinity"), st.sampled_from(SCALARS).map(AFFINITY.format))
DEEP = "[" * 10_000


@given(texts=VALUES.map(argument_files) | (TEXTS | JSON.map(json.dumps)).map(lambda text: [text, f"config: {text}"]))
@example(texts=argument_files(("affinity", AFFINITY.format("2001-01-01"))))
@example(texts=argument_files(("affinity", "&loop {nodeAffinity: *loop}")))
@example(texts=argument_files(("affinity", '{"podAffinity": ' * 400 + "1" + "}" * 400)))
@example(texts=argument_files(("affinity", AFFINITY.format(".nan"))))
@example(
    texts=argument_files(("tolerations", '[{"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 1e300}]'))
)
@example(texts=[f"images: [a]\nlabels: {DEEP}", json.dumps({"config": {"prepull:images": DEEP}})])
def test_any_arguments_are_rendered_or_refused(file: Path, texts: list[str]) -> None:
    for arguments, text in zip([[str(file)], ["--config", str(file)]], texts, strict=True):
        file.write_text(text, "utf-8", "surrogatepass")

        code, out, err = ended("render", *arguments)

        assert code in (0, 2)
        if code:
            assert out == ""
            assert err.startswith("prepull: ")
        for manifest in yaml.safe_load_all(out):
            # The API accepts JSON only.
            json.dumps(manifest, allow_nan=False).encode()
