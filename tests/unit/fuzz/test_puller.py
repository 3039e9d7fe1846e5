"""The puller with any input: it always writes a report, and its output contains no secret."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ..node.puller.conftest import Node, Outcome
from ..strategies import JSON

IMAGE, OTHER = "a.example/team/app:1", "docker.io/library/b:1"
PASSWORD = "hunter2-is-nobodys-business"
AUTH = base64.b64encode(f"robot:{PASSWORD}".encode()).decode()
FORMS = (PASSWORD, AUTH, base64.b64encode(PASSWORD.encode()).decode().rstrip("="))

# A shell script starts faster than the complete fake. It records its input, and prints a prepared output.
CLIENT = """#!/bin/sh
case "$*" in
*images*|*inspect*) cat "$FAKE_STATE/listing" ;;
*"image ls"*) cat "$FAKE_STATE/listing" ;;
*pull*)
    [ -z "${CRICTL_CREDS-}" ] || printf %s "$CRICTL_CREDS" >"$FAKE_STATE/given-creds"
    [ ! -e "${DOCKER_CONFIG-}/config.json" ] || cat "$DOCKER_CONFIG/config.json" >"$FAKE_STATE/given-config"
    [ ! -s "$FAKE_STATE/complaint" ] || { cat "$FAKE_STATE/complaint" >&2; exit 1; }
    ;;
esac
"""
PRESENT = f"ID: sha256:{'1' * 64}\nRepoTags: {IMAGE}\nSize: 5\n".encode()


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node with the fastest fake clients."""
    made = Node(tmp_path_factory.mktemp("node"), "ash")
    for client in ("crictl", "docker"):
        (made.directory / "bin" / client).write_text(CLIENT)
    yield made
    made.close()


def run(
    node: Node,
    *,
    secret: bytes = b"{}",
    listing: bytes = PRESENT,
    complaint: bytes = b"",
    client: str = "crictl",
) -> Outcome:
    node.secret("")
    (node.directory / "secrets" / "000-secret" / ".dockerconfigjson").write_bytes(secret)
    (node.directory / "listing").write_bytes(listing)
    (node.directory / "complaint").write_bytes(complaint)
    allowed = {*contents(node.directory), "given-creds", "given-config", "report", "work"}
    outcome = node.run(IMAGE, OTHER, pull_policy="Always", sockets=[f"{client} runtime.sock"])
    assert contents(node.directory) <= allowed
    report = outcome.report
    assert sorted(report.results) == [0, 1]
    assert report.complete
    node.close()
    node.runs.clear()
    return outcome


def contents(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def given_to_client(node: Node, what: str) -> str:
    return (node.directory / f"given-{what}").read_bytes().decode()


def mutated(text: bytes) -> st.SearchStrategy[bytes]:
    """The text with a part of it replaced."""
    return st.builds(
        lambda at, length, other: text[:at] + other + text[at + length :],
        st.integers(0, len(text)),
        st.integers(0, 6),
        st.binary(max_size=3) | st.sampled_from([b'"', b"\\", b"{", b"}", b",", b"\n", b"\\u00", b"\x00"]),
    )


LOGIN = {"a.example": {"auth": AUTH, "username": "robot", "password": PASSWORD}}
LOGINS = [json.dumps({"auths": LOGIN}), json.dumps({"auths": LOGIN}, indent=2), json.dumps(LOGIN)]
SECRETS = (
    st.binary(max_size=40)
    | JSON.map(lambda value: json.dumps(value).encode())
    | JSON.map(lambda value: json.dumps({"auths": {**LOGIN, "b.example": value}}).encode())
    | st.sampled_from(LOGINS).flatmap(lambda text: mutated(text.encode()))
)


@settings(max_examples=60)
@given(secret=SECRETS, client=st.sampled_from(["crictl", "docker"]))
@example(secret=json.dumps({"auths": {PASSWORD: {"auth": AUTH}}}).encode()[:-3], client="crictl")
@example(secret=b"\x00" + json.dumps({"auths": LOGIN}).encode(), client="crictl")
def test_whatever_a_secret_holds_nobody_is_told(node: Node, secret: bytes, client: str) -> None:
    outcome = run(node, secret=secret, client=client)

    told = outcome.output + outcome.problems + outcome.text
    assert not [form for form in FORMS if form in told]
    assert outcome.problems in ("", "the pull secret secret is not valid JSON\n")


# Environment variables cannot contain NUL.
WORD = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)
PADDING = st.sampled_from(["=", ""])


@settings(max_examples=40)
@given(
    user=WORD.filter(lambda text: ":" not in text),
    password=WORD,
    padding=PADDING,
    ascii_only=st.booleans(),
    indent=st.sampled_from([None, 1]),
)
@example(
    user="robot", password='$(touch x)`touch x`"\\\t\r\n%s é中😀 end\n\n', padding="", ascii_only=True, indent=None
)
def test_what_json_says_is_what_the_client_gets(
    node: Node, user: str, password: str, padding: str, ascii_only: bool, indent: int | None
) -> None:
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    entries: list[dict[str, str]] = [
        {"username": user, "password": password},
        {"auth": auth if padding else auth.rstrip("="), "username": "x", "password": "y"},
    ]
    for entry in entries:
        secret = json.dumps({"auths": {"a.example": entry}}, ensure_ascii=ascii_only, indent=indent).encode()
        for client in ("crictl", "docker"):
            run(node, secret=secret, client=client)

        assert given_to_client(node, "creds") == f"{user}:{password}"
        [given] = json.loads(given_to_client(node, "config"))["auths"].values()
        used = {"auth": auth, "username": "", "password": ""} if "auth" in entry else {"auth": "", **entry}
        assert given == used


KEYS = st.sampled_from(["ID:", "RepoTags:", "RepoDigests:", "Size:", "Pinned:", "Other:", ""])
NAMES = [IMAGE, OTHER, f"{IMAGE}@sha256:{'a' * 64}", "b", "b:1", "x@", "@x", "a@-", "@", "<none>", "<none>:<none>", "é"]
VALUES = [f"sha256:{'b' * 64}", "12", "1.2MB", "-1", "1e3", "9" * 30, "true", "false", "", "-x", "*"]
WORDS = st.sampled_from([*NAMES, *VALUES, "$(touch${IFS}x)", "`touch${IFS}x`"])
LINES = st.builds(lambda key, words: f"{key} {' '.join(words)}".encode(), KEYS, st.lists(WORDS, max_size=3))
LISTINGS = st.lists(LINES | st.binary(max_size=20), max_size=12).map(b"\n".join)


@settings(max_examples=60)
@given(listing=LISTINGS, client=st.sampled_from(["crictl", "docker"]))
@example(listing=f"ID: x\nRepoTags: {IMAGE}\nSize: 1.2MB".encode(), client="crictl")
@example(listing=f"RepoTags: {IMAGE}\nRepoTags: {OTHER}".encode(), client="crictl")
@example(listing=f"RepoDigests: {IMAGE}\nRepoTags: {OTHER}\nPinned: a b".encode(), client="docker")
def test_whatever_a_runtime_lists_there_is_a_report(node: Node, listing: bytes, client: str) -> None:
    outcome = run(node, listing=listing, client=client)

    assert outcome.problems == ""
    assert {result.reason for result in outcome.report.results.values()} <= {None, "gone after it was pulled"}


COMPLAINTS = st.binary(min_size=1, max_size=300) | st.text(min_size=1, max_size=300).map(
    lambda text: f'time="now" level=fatal msg="pulling image: {text} {IMAGE}'.encode()
)


@settings(max_examples=60)
@given(complaint=COMPLAINTS)
@example(complaint=f"no\rpulled {IMAGE} in 1.0 s\x85present {OTHER}\x0bpresent {OTHER}\n".encode("latin-1"))
@example(complaint=f"no\u2028pulled {IMAGE} in 1.0 s\nprepull 1 images=2 present=2 failed=0 seconds=1.0\n".encode())
def test_whatever_a_runtime_complains_of_is_one_line_of_the_report_and_no_other_of_the_log(
    node: Node, complaint: bytes
) -> None:
    outcome = run(node, complaint=complaint)

    assert outcome.report.failed == 2
    assert all(reason and len(reason) <= 200 for reason in outcome.reasons.values())
    for line in outcome.output.splitlines():
        assert not line.startswith(("pulled ", "present "))
