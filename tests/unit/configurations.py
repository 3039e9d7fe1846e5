"""Docker configurations and the credentials in them: for the reader on nodes and for that of `pin_digests`."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field

from prepull.images.registry.logins import Credential

IMAGE = "r.example/team/app"
LONG = "x" * 3000


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@dataclass(frozen=True)
class Case:
    """An entry, or all of them, or a whole configuration as text; and the credentials for an image, in their order."""

    entry: object = None
    auths: object = None
    text: str = ""
    image: str = IMAGE
    credentials: list[Credential] = field(default_factory=list)

    @property
    def json(self) -> str:
        """The configuration."""
        if self.text:
            return self.text
        return json.dumps({"auths": {"r.example": self.entry} if self.auths is None else self.auths})


def entry(value: object, *credentials: Credential) -> Case:
    return Case(entry=value, credentials=list(credentials))


def auths(value: dict[str, object], *credentials: Credential, image: str = IMAGE) -> Case:
    return Case(auths=value, credentials=list(credentials), image=image)


UP = Credential("u", "p")
GOOD: dict[str, object] = {"auth": b64("u:p")}
TEAM, HOST = Credential("team", "1"), Credential("host", "2")
FIRST, SECOND = {"auth": b64("team:1")}, {"auth": b64("host:2")}

CASES = {
    # What is in an entry.
    "auth": entry(GOOD, UP),
    "auth without padding, one missing": entry({"auth": "dTpwcA"}, Credential("u", "pp")),
    "auth without padding, two missing": entry({"auth": "dTpwcHA"}, Credential("u", "ppp")),
    "auth that needs no padding": entry({"auth": b64("us:pas")}, Credential("us", "pas")),
    "auth with too little padding": entry({"auth": "dTpwcA="}, Credential("u", "pp")),
    "auth with too much padding": entry({"auth": "dTpwcA==="}, Credential("u", "pp")),
    "auth with line breaks": entry({"auth": "dTpw\r\ncA==\n"}, Credential("u", "pp")),
    "auth with blanks around it": entry({"auth": "  dTpwcA==\t"}, Credential("u", "pp")),
    "auth with every digit": entry({"auth": b64("u:ÿþýûï¿ 0>?")}, Credential("u", "ÿþýûï¿ 0>?")),
    "a password of 3000 characters": entry({"auth": b64(f"u:{LONG}")}, Credential("u", LONG)),
    "a password with colons": entry({"auth": b64("u:a:b:")}, Credential("u", "a:b:")),
    "a colon at the end": entry({"auth": b64("token:")}, Credential("token", "")),
    "a line break at the end": entry({"auth": b64("u:p\n")}, Credential("u", "p\n")),
    "zeros at the end": entry({"auth": b64("u:p\0\0")}, UP),
    "name and password": entry({"username": "u", "password": "p"}, UP),
    "name and password, and an empty auth": entry({"auth": "", "username": "u", "password": "p"}, UP),
    "name and password, and no auth": entry({"auth": None, "username": "u", "password": "p", "email": None}, UP),
    "name and password, and a broken auth": entry({"auth": "?", "username": "u", "password": "p"}, UP),
    "auth comes before name and password": entry({"username": "x", "password": "y", **GOOD}, UP),
    "a name alone": entry({"username": "u"}, Credential("u", "")),
    "capital letters": Case(
        text='{"Auths": {"r.example": {"Username": "x", "USERNAME": "u", "Password": "p"}}}', credentials=[UP]
    ),
    "escapes": entry({"username": 'u"\\/', "password": "é中😀\t%s$HOME"}, Credential('u"\\/', "é中😀\t%s$HOME")),
    "other members": entry({"email": 5, "serveraddress": ["x"], "more": {"auth": "x"}, **GOOD}, UP),
    # What is no credential.
    "nothing": entry({}),
    "an empty auth": entry({"auth": ""}),
    "a password alone": entry({"password": "p"}),
    "auth that is no base64": entry({"auth": "not base64!"}),
    "auth that ends too early": entry({"auth": "dTpwc"}),
    "auth in the alphabet for addresses": entry({"auth": "dTo_-_8="}),
    "auth without a colon": entry({"auth": b64("token")}),
    "auth without a name": entry({"auth": b64(":p")}),
    "auth that is padding": entry({"auth": "=="}),
    "a number for auth": entry({"auth": 5, "username": "u", "password": "p"}),
    "a number for the password": entry({"username": "u", "password": 12345}),
    "a list for the name": entry({"username": ["u"], "password": "p"}),
    "an object for auth": entry({"auth": {"auth": b64("u:p")}}),
    "true for auth": entry({"auth": True}),
    "a text for an entry": entry(b64("u:p")),
    "a number for an entry": entry(5),
    "null for an entry": entry(None),
    "a list for an entry": entry(["auth", b64("u:p")]),
    "null for all": Case(text='{"auths": null}'),
    "no entries": Case(text='{"credsStore": "desktop"}'),
    # Tokens.
    "an identity token": entry({"identitytoken": "i"}, Credential(identity_token="i")),
    "an identity token as Azure's registries have it": entry(
        {"auth": b64("00000000-0000-0000-0000-000000000000:"), "identitytoken": "i"},
        Credential("00000000-0000-0000-0000-000000000000", "", "i"),
    ),
    "an identity token with a broken auth": entry({"auth": "AAAA", "identitytoken": "i"}, Credential("", "", "i")),
    "a registry token": entry({"auth": "", "registrytoken": "r"}, Credential(registry_token="r")),
    "a number for a token": entry({**GOOD, "identitytoken": 5}),
    # Wrong entries beside good ones.
    "a wrong entry before a good one": auths({"a.example": {"auth": 5}, "r.example": GOOD}, UP),
    "a wrong entry after a good one": auths({"r.example": GOOD, "z.example": {"auth": "?"}}, UP),
    "an empty entry beside a good one": auths({"r.example": GOOD, "a.example": {"auth": ""}, "b.example": {}}, UP),
    "a wrong entry for the same image": auths({"r.example/team": {"auth": "?"}, "r.example": GOOD}, UP),
    "an entry that is null beside a good one": auths({"a.example": None, "r.example": GOOD, "z.example": 5}, UP),
    # Several that match, in descending order of the keys.
    "the host and a part of its path": auths({"r.example": SECOND, "r.example/team": FIRST}, TEAM, HOST),
    "several forms of one host": auths(
        {"https://r.example/v2/": FIRST, "r.example": SECOND, "http://r.example/v1/": GOOD}, TEAM, HOST, UP
    ),
    "the same credential twice": auths({"https://r.example": FIRST, "r.example/team": FIRST}, TEAM),
    "a part of a host's name, and all of it": auths({"*.example": SECOND, "r.example": FIRST}, TEAM, HOST),
    "a pattern with a path": auths({"*.example/team": FIRST, "*.example": SECOND}, TEAM, HOST),
    "the beginning of a part of the path": auths(
        {"r.example/te": FIRST, "r.example": SECOND}, TEAM, HOST
    ),
    # Keys.
    "Docker Hub, as docker login writes it": auths(
        {"https://index.docker.io/v1/": GOOD}, UP, image="docker.io/library/nginx"
    ),
    "Docker Hub by its names": auths(
        {"docker.io": FIRST, "index.docker.io": SECOND}, TEAM, HOST, image="docker.io/library/nginx"
    ),
    "Docker Hub and one user of it": auths(
        {"docker.io": SECOND, "docker.io/team": FIRST}, TEAM, HOST, image="docker.io/team/app"
    ),
    "a slash at the end": auths({"http://r.example/": GOOD}, UP),
    "the version of the API": auths({"https://r.example/v2/team": GOOD}, UP),
    "a port": auths({"r.example": FIRST, "r.example:5000": SECOND}, HOST, image="r.example:5000/app"),
    "a pattern with a port": auths({"*.example": FIRST, "*.example:5000": SECOND}, HOST, image="r.example:5000/app"),
    "a longer port": auths({"r.example:500": GOOD}, image="r.example:5000/app"),
    "a pattern for fewer parts": auths({"*.example": GOOD}, image="a.r.example/app"),
    "a longer host": auths({"r.example": GOOD}, image="r.example.evil.example/app"),
    "another host": auths({"other.example": GOOD}),
}  # fmt: skip
