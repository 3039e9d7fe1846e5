"""Strategies for property-based tests."""

from __future__ import annotations

from hypothesis import strategies as st

_EDGE = st.sampled_from("abcz019")
_ALNUM = "abcz019"


def _joined(parts: st.SearchStrategy[str], separators: st.SearchStrategy[str], most: int) -> st.SearchStrategy[str]:
    more = st.lists(st.tuples(separators, parts), max_size=most - 1)
    return st.builds(lambda first, rest: first + "".join(a + b for a, b in rest), parts, more)


_WORD = st.text(_ALNUM, min_size=1, max_size=6)
COMPONENTS = _joined(_WORD, st.sampled_from([".", "_", "__", "-", "---"]), 3)
PATHS = _joined(COMPONENTS | st.sampled_from(["library", "localhost", "docker.io"]), st.just("/"), 4)
_HOST_PART = st.builds(lambda a, b, c: a + b + c, _EDGE, st.text(_ALNUM + "-AZ", max_size=4), _EDGE) | _EDGE
HOSTS = (
    _joined(_HOST_PART, st.just("."), 3)
    | st.sampled_from(["docker.io", "index.docker.io", "localhost", "UPPER.example.com", "192.168.0.1"])
    | st.sampled_from(["[::1]", "[2001:db8::A]"])
)
PORTS = st.just("") | st.integers(0, 65535).map(lambda port: f":{port}")
REGISTRIES = st.builds(lambda host, port: host + port, HOSTS, PORTS)
TAGS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", fullmatch=True, alphabet=st.characters(codec="ascii"))
_HEX = "0123456789abcdef"
DIGESTS = st.sampled_from([("sha256", 64), ("sha384", 96), ("sha512", 128)]).flatmap(
    lambda kind: st.text(_HEX, min_size=kind[1], max_size=kind[1]).map(lambda digits: f"{kind[0]}:{digits}")
)

REFERENCES = st.builds(
    lambda registry, path, tag, digest: registry + path + tag + digest,
    st.just("") | REGISTRIES.map(lambda registry: f"{registry}/"),
    PATHS,
    st.just("") | TAGS.map(lambda tag: f":{tag}"),
    st.just("") | DIGESTS.map(lambda digest: f"@{digest}"),
)
"""Texts in the form of the grammar. Nearly all are references."""

NEAR_REFERENCES = st.text(st.sampled_from("ab/:.@-_[]A0 $(`;\n"), max_size=20) | st.builds(
    lambda reference, at, text: reference[: at % (len(reference) + 1)] + text + reference[at % (len(reference) + 1) :],
    REFERENCES,
    st.integers(0, 300),
    st.text(max_size=3),
)
"""Texts that resemble references. Most are not references."""

TEXTS = st.text(st.characters() | st.characters(codec="ascii"), max_size=30)
"""Any text, including lone surrogates, which JSON may contain."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(TEXTS, children, max_size=4),
    max_leaves=8,
)
"""Any value that another language may pass."""
