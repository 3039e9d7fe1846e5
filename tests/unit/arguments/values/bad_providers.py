"""Credential providers that are refused, each with a part of the message after the argument's name."""

from __future__ import annotations

from typing import Any

from .good import PROVIDER

NEEDED = (
    "that the puller's own image needs; have the program in a directory of its own on the node, such as "
    "'/opt/credential-provider/x'"
)
WRONG_PROVIDERS: list[tuple[Any, str]] = [
    ({}, ": command is missing; write the absolute path of the program on the node"),
    ({"command": "/opt/provider/x"}, ": matchImages is missing; write the patterns of its images, such as ['*.dkr"),
    ({**PROVIDER, "match_images": None}, ": matchImages is missing; write the patterns"),
    ({**PROVIDER, "name": "x"}, ": 'name' is not a field of a credential provider; they are command, args, env, match"),
    ({**PROVIDER, "matchImages": []}, ": matchImages is there twice; leave out 'matchImages'"),
    ({**PROVIDER, "command": 5}, "['command']: 5 is not a text"),
    ({**PROVIDER, "command": "provider/x"}, "['command']: 'provider/x' is relative; write the program's absolute path"),
    ({**PROVIDER, "command": "ecr-credential-provider"}, "['command']: 'ecr-credential-provider' is relative"),
    *[
        ({**PROVIDER, "command": path}, f"['command']: {path!r} is not a plain absolute path; write one without '..'")
        for path in ("/", "/opt/../x", "/opt/./x", "/opt/*/x", "/opt/a/*", "/opt//x", "/opt/x/", "/opt/x y", "/opt/x\n")
    ],
    *[
        ({**PROVIDER, "command": f"{directory}/x"}, f"['command']: '{directory}/x' is in a directory {NEEDED}")
        for directory in (
            "", "/bin", "/sbin", "/usr/bin", "/usr/local/bin", "/usr/sbin", "/lib64", "/usr/lib", "/etc",
            "/etc/ssl/certs", "/dev", "/proc/1", "/sys", "/run", "/run/prepull", "/etc/prepull/scripts", "/var/run",
        )
    ],
    ({**PROVIDER, "args": "get"}, "['args']: 'get' is not a list; write ['get']"),
    ({**PROVIDER, "args": ["a", 5]}, "['args'][1]: 5 is not a text"),
    *[
        ({**PROVIDER, "args": [text]}, f"['args'][0]: {text!r} has a line break or another control character; leave it")
        for text in ("a\nb", "\r", "a\0", "\x1b", "\u2028")
    ],
    ({**PROVIDER, "env": ["A=b"]}, "['env']: ['A=b'] is not a mapping"),
    ({**PROVIDER, "env": {"A": 5}}, "['env']['A']: 5 is not a text"),
    ({**PROVIDER, "env": {"A": "a\nB=c"}}, "['env']['A']: 'a\\nB=c' has a line break"),
    *[
        ({**PROVIDER, "env": {name: "a"}}, f"['env']: {name!r} is not the name of a variable; it has letters, digits")
        for name in ("", "1A", "A-B", "A=B", "A\n", "A B")
    ],
    ({**PROVIDER, "match_images": "a"}, "['matchImages']: 'a' is not a list"),
    ({**PROVIDER, "match_images": []}, "['matchImages']: at least one pattern is needed, such as ['*.dkr.ecr."),
    ({**PROVIDER, "match_images": ["a", 5]}, "['matchImages'][1]: 5 is not a text"),
    ({**PROVIDER, "match_images": ["https://a"]}, "['matchImages'][0]: 'https://a' has a scheme; leave out 'https://'"),
    *[
        ({**PROVIDER, "match_images": [text]}, f"['matchImages'][0]: {text!r} is not a pattern of images, and a '*'")
        for text in (
            "", "a b", "a\n", "a..b", ".a", "a:", "a:*", "a:b", "/a", "a/*", "a/B", "a?", "[a-z].b", "a@b", "a/b:1",
            "a\\b",
        )
    ],
    *[
        ({**PROVIDER, "match_images": [f"a:{port}"]}, f"['matchImages'][0]: 'a:{port}' has no port between 1 and 65535")
        for port in ("0", "65536", "9" * 400)
    ],
]  # fmt: skip
