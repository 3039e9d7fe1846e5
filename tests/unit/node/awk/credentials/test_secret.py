"""secret.awk: the logins in a Docker configuration, each as one line."""

from __future__ import annotations

import json

import pytest

from ..conftest import Awk


def auths(**fields: object) -> str:
    return json.dumps({"auths": {"r": fields}})


def line(key: str, *fields: str) -> str:
    return "\t".join([key, *fields, *[""] * (5 - len(fields))])


LOGINS = {
    "auth": (auths(auth="YQ=="), [line("r", "YQ==")]),
    "a name and a password": (auths(username="u", password="p"), [line("r", "", "u", "p")]),
    "all of them, and what is no login": (
        auths(email="e", auth="a", username="u", password="p", identitytoken="i", registrytoken="t"),
        [line("r", "a", "u", "p", "i", "t")],
    ),
    "a token alone": (auths(identitytoken="i"), [line("r", "", "", "", "i")]),
    "no login": (auths(email="e", password="p"), []),
    "capital letters in names, not in keys": ('{"AUTHS":{"R":{"Auth":"A"}}}', [line("R", "A")]),
    "null is nothing": (auths(auth=None, username="u", password=None), [line("r", "", "u")]),
    "no login where a value is a number": (auths(auth="a", password=5), []),
    "no login where a value is true": (auths(username="a", password=True), []),
    "no login where a value is a list": (auths(auth="a", username=["u"]), []),
    "no login where a value is an object": (auths(auth="a", identitytoken={}), []),
    "the wrong value of another": ('{"auths":{"r":{"auth":5},"s":{"auth":"a"},"t":{"auth":5}}}', [line("s", "a")]),
    "escapes stay": ('{"auths":{"r\\/t":{"auth":"\\"\\\\\\u00e9"}}}', [line("r\\/t", '\\"\\\\\\u00e9')]),
    "a backslash before the last quote": ('{"auths":{"r":{"auth":"a\\\\"}}}', [line("r", "a\\\\")]),
    "many lines": ('{\n "auths" : {\r\n\t"r": {\n"auth"\n:\n"a"\n}\n}\n}\n', [line("r", "a")]),
    "several": ('{"auths":{"r":{"auth":"a"},"s":{},"t":{"auth":"b"}}}', [line("r", "a"), line("t", "b")]),
    "not what belongs to others": ('{"x":{"r":{"auth":"a"}},"auths":{},"y":[{"r":{"auth":"a"}}]}', []),
    "not what lies deeper": ('{"auths":{"r":{"x":{"auth":"a"},"y":["auth","a",{"auth":"b"}]}}}', []),
    "not what is a list": ('{"auths":{"r":["auth","a"]}}', []),
    "not a word that is no name": ('{"auths":{"r":{"x":"auth","y":"a"}}}', []),
    "other values": ('{"n":[1,-2.5e3,true,false,null],"auths":{"r":{"x":1,"auth":"a","y":null}}}', [line("r", "a")]),
    "the same key twice": ('{"auths":{"r":{"auth":"a"},"r":{"auth":"b"}}}', [line("r", "a"), line("r", "b")]),
    "empty": ("{}", []),
}
LEGACY = {
    "entries at the top": (
        '{"https://r/v1/":{"auth":"a","email":"e"},"s":{"auth":"b"}}',
        [("https://r/v1/", "a"), ("s", "b")],
    ),
    "a key that is a word": ('{"auth":{"auth":"a"}}', [("auth", "a")]),
    "a wrong entry": ('{"r":{"auth":1},"s":"auth","t":{"auth":"a"}}', [("t", "a")]),
    "a new file under the old name": (auths(auth="a"), []),
}
BROKEN = [
    "",
    "\n",
    "[]",
    '"auths"',
    "null",
    "neither JSON nor anything",
    '{"auths":{"r":{"auth":"a"}}',
    '{"auths":{"r":{"auth":"a"}}}}',
    '{"auths":{"r":{"auth":"a"]}}',
    '{"auths":{"r":{"auth":"a"}}}"',
    '{"auths":{"r":{"auth":"a\n"}}}',
    '{"auths":{"r":{"auth":"a\\"}}}',
    '{"auths":{"r":{"auth":a}}}',
]


@pytest.mark.parametrize("case", LOGINS)
def test_each_login_has_a_line(awk: Awk, case: str) -> None:
    text, expected = LOGINS[case]
    assert awk.run("secret.awk", text) == expected


@pytest.mark.parametrize("case", LEGACY)
def test_the_old_form_has_its_own_name(awk: Awk, case: str) -> None:
    text, expected = LEGACY[case]
    assert awk.run("secret.awk", text, file_name=".dockercfg") == [line(*fields) for fields in expected]
    assert awk.run("secret.awk", LOGINS["several"][0], file_name=".dockerconfigjson") == LOGINS["several"][1]


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_no_json_has_no_login(awk: Awk, text: str) -> None:
    assert awk.run("secret.awk", text, code=1) == []


@pytest.mark.parametrize("indent", [None, 2])
def test_ten_thousand_registries_are_read(awk: Awk, indent: int | None) -> None:
    logins = {f"r{index}.example.com": {"auth": f"auth-{index}"} for index in range(10_000)}
    lines = awk.run("secret.awk", json.dumps({"auths": logins}, indent=indent))
    assert lines == [line(name, login["auth"]) for name, login in logins.items()]
