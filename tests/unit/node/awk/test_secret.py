"""secret.awk: the logins in a dockerconfigjson, each as one line."""

from __future__ import annotations

import json

import pytest

from .conftest import Awk


def auths(**fields: object) -> str:
    return json.dumps({"auths": {"r": fields}})


LOGINS = {
    "auth": (auths(auth="YQ=="), ["r\tYQ==\t\t"]),
    "a name and a password": (auths(username="u", password="p"), ["r\t\tu\tp"]),
    "all three, and what is no login": (auths(email="e", auth="a", username="u", password="p"), ["r\ta\tu\tp"]),
    "no login": (auths(email="e", password="p"), []),
    "escapes stay": ('{"auths":{"r\\/t":{"auth":"\\"\\\\\\u00e9"}}}', ['r\\/t\t\\"\\\\\\u00e9\t\t']),
    "a backslash before the last quote": ('{"auths":{"r":{"auth":"a\\\\"}}}', ["r\ta\\\\\t\t"]),
    "many lines": ('{\n "auths" : {\r\n\t"r": {\n"auth"\n:\n"a"\n}\n}\n}\n', ["r\ta\t\t"]),
    "several": ('{"auths":{"r":{"auth":"a"},"s":{},"t":{"auth":"b"}}}', ["r\ta\t\t", "t\tb\t\t"]),
    "not what belongs to others": ('{"x":{"r":{"auth":"a"}},"auths":{},"y":[{"r":{"auth":"a"}}]}', []),
    "not what lies deeper": ('{"auths":{"r":{"x":{"auth":"a"},"y":["auth","a",{"auth":"b"}]}}}', []),
    "not what is a list": ('{"auths":{"r":["auth","a"]}}', []),
    "not a word that is no name": ('{"auths":{"r":{"x":"auth","y":"a"}}}', []),
    "other values": ('{"n":[1,-2.5e3,true,false,null],"auths":{"r":{"x":1,"auth":"a","y":null}}}', ["r\ta\t\t"]),
    "the same key twice": ('{"auths":{"r":{"auth":"a"},"r":{"auth":"b"}}}', ["r\ta\t\t", "r\tb\t\t"]),
    "empty": ("{}", []),
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


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_no_json_has_no_login(awk: Awk, text: str) -> None:
    assert awk.run("secret.awk", text, code=1) == []


@pytest.mark.parametrize("indent", [None, 2])
def test_ten_thousand_registries_are_read(awk: Awk, indent: int | None) -> None:
    logins = {f"r{index}.example.com": {"auth": f"auth-{index}"} for index in range(10_000)}
    lines = awk.run("secret.awk", json.dumps({"auths": logins}, indent=indent))
    assert lines == [f"{name}\t{login['auth']}\t\t" for name, login in logins.items()]
