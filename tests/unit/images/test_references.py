"""Image references: the grammar of the OCI distribution specification, as its reference implementation reads it."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from prepull.images import references
from prepull.images.references import InvalidReferenceError, parse, parse_name

from ..strategies import NEAR_REFERENCES, REFERENCES, TEXTS

HEX = "0123456789abcdef" * 4
SHA256 = f"sha256:{HEX}"
SHA512 = f"sha512:{HEX * 2}"
SHA384 = f"sha384:{HEX}{HEX[:32]}"

NORMALISED = [
    # a name alone
    ("hello-world", "docker.io/library/hello-world:latest", "hello-world:latest"),
    ("a", "docker.io/library/a:latest", "a:latest"),
    ("0", "docker.io/library/0:latest", "0:latest"),
    ("localhost", "docker.io/library/localhost:latest", "localhost:latest"),
    ("my.image", "docker.io/library/my.image:latest", "my.image:latest"),
    ("library/nginx", "docker.io/library/nginx:latest", "nginx:latest"),
    ("team/app", "docker.io/team/app:latest", "team/app:latest"),
    ("a/b/c/d", "docker.io/a/b/c/d:latest", "a/b/c/d:latest"),
    # separators within a component: one dot, one or two underscores, any number of hyphens
    ("a.b", "docker.io/library/a.b:latest", "a.b:latest"),
    ("a_b", "docker.io/library/a_b:latest", "a_b:latest"),
    ("a__b", "docker.io/library/a__b:latest", "a__b:latest"),
    ("a-----b", "docker.io/library/a-----b:latest", "a-----b:latest"),
    ("a-b_c__d/e.f0", "docker.io/a-b_c__d/e.f0:latest", "a-b_c__d/e.f0:latest"),
    ("xn--n3h.com/myimage", "xn--n3h.com/myimage:latest", "xn--n3h.com/myimage:latest"),
    # registries: what has a dot or a port, and localhost
    ("docker.io/nginx", "docker.io/library/nginx:latest", "nginx:latest"),
    ("docker.io/library/nginx", "docker.io/library/nginx:latest", "nginx:latest"),
    ("index.docker.io/nginx:1", "docker.io/library/nginx:1", "nginx:1"),
    ("index.docker.io/team/app:1", "docker.io/team/app:1", "team/app:1"),
    ("docker.io/team/app", "docker.io/team/app:latest", "team/app:latest"),
    ("quay.io/app", "quay.io/app:latest", "quay.io/app:latest"),
    ("quay.io/library/app", "quay.io/library/app:latest", "quay.io/library/app:latest"),
    ("localhost/app", "localhost/app:latest", "localhost/app:latest"),
    ("localhost:5000/app", "localhost:5000/app:latest", "localhost:5000/app:latest"),
    ("host:5000/img", "host:5000/img:latest", "host:5000/img:latest"),
    ("host:5000/img:v1", "host:5000/img:v1", "host:5000/img:v1"),
    ("registry/img:5000", "docker.io/registry/img:5000", "registry/img:5000"),
    ("UPPER.example.com/app:v1", "UPPER.example.com/app:v1", "UPPER.example.com/app:v1"),
    ("Host:5000/app", "Host:5000/app:latest", "Host:5000/app:latest"),
    ("192.168.0.1/app", "192.168.0.1/app:latest", "192.168.0.1/app:latest"),
    ("192.168.0.1:5000/app", "192.168.0.1:5000/app:latest", "192.168.0.1:5000/app:latest"),
    ("[::1]/app", "[::1]/app:latest", "[::1]/app:latest"),
    ("[2001:db8::1]:5000/team/app:v1", "[2001:db8::1]:5000/team/app:v1", "[2001:db8::1]:5000/team/app:v1"),
    ("a-1.b-2.example:80/x/y", "a-1.b-2.example:80/x/y:latest", "a-1.b-2.example:80/x/y:latest"),
    # tags and digests
    ("nginx:1.25", "docker.io/library/nginx:1.25", "nginx:1.25"),
    ("nginx:_", "docker.io/library/nginx:_", "nginx:_"),
    ("nginx:V1.0-RC_2..-", "docker.io/library/nginx:V1.0-RC_2..-", "nginx:V1.0-RC_2..-"),
    (f"nginx:{'t' * 128}", f"docker.io/library/nginx:{'t' * 128}", f"nginx:{'t' * 128}"),
    (f"nginx@{SHA256}", f"docker.io/library/nginx@{SHA256}", f"nginx@{SHA256}"),
    (f"nginx@{SHA384}", f"docker.io/library/nginx@{SHA384}", f"nginx@{SHA384}"),
    (f"nginx@{SHA512}", f"docker.io/library/nginx@{SHA512}", f"nginx@{SHA512}"),
    (f"nginx:1.25@{SHA256}", f"docker.io/library/nginx:1.25@{SHA256}", f"nginx:1.25@{SHA256}"),
    (f"host:5000/app:1@{SHA256}", f"host:5000/app:1@{SHA256}", f"host:5000/app:1@{SHA256}"),
    # names that look like an image's ID and are more, or less, than one
    (f"{HEX}:v1", f"docker.io/library/{HEX}:v1", f"{HEX}:v1"),
    (f"quay.io/{HEX}", f"quay.io/{HEX}:latest", f"quay.io/{HEX}:latest"),
    (HEX[1:], f"docker.io/library/{HEX[1:]}:latest", f"{HEX[1:]}:latest"),
    (SHA256, f"docker.io/library/{SHA256}", SHA256),
    # short forms that would mean something else are not made
    ("docker.io/library/library/app", "docker.io/library/library/app:latest", "library/library/app:latest"),
    ("docker.io/library/team/app", "docker.io/library/team/app:latest", "library/team/app:latest"),
    ("docker.io/my.org/app", "docker.io/my.org/app:latest", "docker.io/my.org/app:latest"),
    ("docker.io/localhost/app", "docker.io/localhost/app:latest", "docker.io/localhost/app:latest"),
    # as long as a name may be
    ("quay.io/" + "a" * 247, "quay.io/" + "a" * 247 + ":latest", "quay.io/" + "a" * 247 + ":latest"),
]


@pytest.mark.parametrize(("text", "canonical", "familiar"), NORMALISED)
def test_a_reference_is_completed_as_runtimes_do(text: str, canonical: str, familiar: str) -> None:
    reference = parse(text)
    assert str(reference) == canonical
    assert reference.familiar == familiar


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is empty"),
        (" ", "a space"),
        ("a b", "a space"),
        ("nginx ", "a space"),
        ("nginx\n", "a line break"),
        ("nginx\tx", "^it contains a tab;"),
        ("nginx\x00", r"'\\x00'"),
        ("caf\xe9", "'\xe9'"),
        ("\ud800", r"'\\ud800'"),
        ("nginx\u200b", r"'\\u200b'"),
        ("; rm -rf /", "a space"),
        (";reboot", "';reboot' is not a repository"),
        ("$(reboot)", r"'\$\(reboot\)' is not a repository"),
        ("$HOME", r"'\$HOME' is not a repository"),
        ("`id`", "'`id`' is not a repository"),
        ("a|b", r"'a\|b' is not a repository"),
        ("a&b", "'a&b' is not a repository"),
        ("a>b", "'a>b' is not a repository"),
        ("a'b", "\"?a'b"),
        ("a\\b", r"'a\\b' is not a repository"),
        ("--privileged", "'--privileged' is not a repository"),
        ("-v/a:b", "'-v/a' is not a repository"),
        ("https://quay.io/app", "it is a URL; leave out 'https://'"),
        ("docker://nginx", "it is a URL; leave out 'docker://'"),
        # repositories
        ("UPPER/case", "lower case: 'upper/case'"),
        ("Nginx", "lower case: 'nginx'"),
        ("quay.io/Org/app:v1", "lower case: 'org/app'"),
        ("a/B", "lower case: 'a/b'"),
        ("/nginx", "'/nginx' is not a repository"),
        ("nginx/", "'nginx/' is not a repository"),
        ("quay.io/", "'' is not a repository"),
        ("a//b", "'a//b' is not a repository"),
        ("a/../b", r"'a/\.\./b' is not a repository"),
        ("../a", "'..' is not a registry"),
        ("a..b", "'a..b' is not a repository"),
        ("a___b", "'a___b' is not a repository"),
        ("a._b", "'a._b' is not a repository"),
        ("a-_b", "'a-_b' is not a repository"),
        ("-a", "'-a' is not a repository"),
        ("a-", "'a-' is not a repository"),
        ("_a", "'_a' is not a repository"),
        ("a_", "'a_' is not a repository"),
        (".a", "'.a' is not a repository"),
        ("a.", "'a.' is not a repository"),
        ("a/-b", "'a/-b' is not a repository"),
        (HEX, f"'{HEX}' is an image ID"),
        ("quay.io/" + "a" * 248, "a' is longer than 255"),
        ("a" * 240, "'docker.io/library/a+' is longer than 255"),
        # registries
        ("-host.example/app", "'-host.example' is not a registry"),
        ("host-.example/app", "'host-.example' is not a registry"),
        ("ho_st.example/app", "'ho_st.example' is not a registry"),
        ("host.:5000/app", "'host.:5000' is not a registry"),
        ("host:port/app", "'host:port' is not a registry"),
        ("host:/app", "'host:' is not a registry"),
        (":5000/app", "':5000' is not a registry"),
        ("host:123456/app", "'host:123456' is not a registry"),
        ("[::1/app", r"'\[::1' is not a registry"),
        ("[::g]/app", r"'\[::g\]' is not a registry"),
        ("[fe80::1%eth0]/app", r"'\[fe80::1%eth0\]' is not a registry"),
        ("user:secret@quay.io/app", "'quay.io/app' after '@' is not a digest"),
        # tags
        ("nginx:", "nothing follows the ':'; write 'nginx' or 'nginx:TAG'"),
        ("host:5000/app:", "write 'host:5000/app' or 'host:5000/app:TAG'"),
        ("nginx:-a", "'-a' is not a tag"),
        ("nginx:.a", "'.a' is not a tag"),
        ("nginx:a/b:", "nothing follows the ':'"),
        ("nginx:a:b", "'a:b' is not a tag"),
        ("nginx:a+b", r"'a\+b' is not a tag"),
        (f"nginx:{'t' * 129}", "'t+' is not a tag"),
        (":v1", "there is no name before ':v1'; write one, such as 'nginx:v1'"),
        ("[::1]", r"'\:1\]' is not a tag"),
        # digests
        (f"@{SHA256}", "there is no name before '@sha256:"),
        ("nginx@", "'' after '@' is not a digest"),
        ("nginx@latest", "'latest' after '@' is not a digest"),
        ("nginx@sha256:", "'sha256:' after '@' is not a digest"),
        ("nginx@sha256:abc", "has 64 lower-case hexadecimal digits; this one is 'abc'"),
        (f"nginx@sha256:{HEX.upper()}", f"this one is '{HEX.upper()}'"),
        (f"nginx@sha256:{HEX[1:]}g", f"this one is '{HEX[1:]}g'"),
        (f"nginx@sha512:{HEX}", "a sha512 digest has 128"),
        (f"nginx@sha384:{HEX}", "a sha384 digest has 96"),
        (f"nginx@md5:{HEX[:32]}", "the digest algorithm 'md5' is not one of sha256, sha384, sha512"),
        (f"nginx@{SHA256}@{SHA256}", "after '@' is not a digest"),
        (f"nginx@{SHA256}:v1", "after '@' is not a digest"),
        (f"nginx:@{SHA256}", "nothing follows the ':'"),
    ],
)
def test_what_is_no_reference_is_refused_with_the_part_that_is_wrong(text: str, message: str) -> None:
    with pytest.raises(InvalidReferenceError, match=message):
        parse(text)


def test_a_host_with_a_port_and_no_tag_has_no_tag() -> None:
    reference = parse("host:5000/img")
    assert (reference.registry, reference.repository, reference.tag) == ("host:5000", "img", "latest")


def test_a_digest_alone_gets_no_tag() -> None:
    reference = parse(f"nginx@{SHA256}")
    assert (reference.tag, reference.digest) == (None, SHA256)


def test_an_upper_case_first_component_is_no_registry() -> None:
    """The one rule that is stricter than the reference implementation, which pulls from a registry `UPPER`."""
    with pytest.raises(InvalidReferenceError, match="the repository must be in lower case: 'upper/case'"):
        parse("UPPER/case")


def test_a_dot_in_the_first_component_makes_a_registry() -> None:
    assert parse("my.org/app").registry == "my.org"
    with pytest.raises(InvalidReferenceError, match=r"'my_own\.org' is not a registry"):
        parse("my_own.org/app")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("docker.io", "docker.io"),
        ("index.docker.io/team", "docker.io/team"),
        ("quay.io/org", "quay.io/org"),
        ("mirror.example.com:5000/hub", "mirror.example.com:5000/hub"),
        ("localhost", "localhost"),
        ("localhost/hub", "localhost/hub"),
        ("[::1]:5000", "[::1]:5000"),
    ],
)
def test_the_name_of_a_registry_or_of_a_part_of_it(text: str, name: str) -> None:
    assert parse_name(text) == name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' is not a registry"),
        ("mirror", "'mirror' is not a registry; write a host name with a dot or a port"),
        ("hub/team", "'hub' is not a registry"),
        ("quay.io/", "'' is not a path"),
        ("quay.io/Team", "'Team' is not a path"),
        ("quay.io/team:v1", "'team:v1' is not a path"),
        ("quay.io/a\nb", r"'a\\nb' is not a path"),
        ("quay.io\n", r"'quay.io\\n' is not a registry"),
        ("https://quay.io", "'https:' is not a registry"),
        ("quay.io team", "'quay.io team' is not a registry"),
    ],
)
def test_what_names_no_registry_is_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidReferenceError, match=message):
        parse_name(text)


def accepted(text: str) -> references.Reference:
    try:
        return parse(text)
    except InvalidReferenceError:
        assume(False)
        raise


@given(REFERENCES | NEAR_REFERENCES)
@example("docker.io/library/library/app")
@example("docker.io/my.org/app")
@example(f"docker.io/{HEX}")
def test_what_is_printed_reads_back_as_the_same(text: str) -> None:
    reference = accepted(text)
    assert parse(str(reference)) == reference
    assert parse(reference.familiar) == reference


@given(REFERENCES | NEAR_REFERENCES | TEXTS)
def test_nothing_that_is_accepted_can_change_the_meaning_of_a_command(text: str) -> None:
    reference = accepted(text)
    for printed in (text, str(reference), reference.familiar):
        assert re.fullmatch(r"[][A-Za-z0-9._:@/-]+", printed)
        assert not printed.startswith("-")
    assert not any(part.startswith("-") for part in reference.repository.split("/"))
    assert not (reference.tag or "").startswith("-")
    assert ".." not in reference.repository.split("/")


@given(REFERENCES)
def test_a_reference_is_complete(text: str) -> None:
    reference = accepted(text)
    assert reference.registry
    assert "/" not in reference.registry
    assert reference.tag or reference.digest
    assert len(reference.name) <= 255
    assert reference.registry != "docker.io" or "/" in reference.repository


@given(TEXTS | NEAR_REFERENCES)
def test_any_text_is_a_reference_or_an_invalid_one_whose_message_says_which_part(text: str) -> None:
    try:
        parse(text)
    except InvalidReferenceError as error:
        message = str(error)
        quoted = re.findall(r"'(.*?)'(?=[ ;,]|$)", message) or [""]
        described = {"a space": " ", "a line break": "\n", "a tab": "\t"}
        named = [char for words, char in described.items() if words in message]
        escaped = [char for char in text if repr(char) in message]
        parts = [part for part in quoted if part and (part in text or part in text.lower())]
        # Where a part is missing, that is what it says.
        missing = "it is empty" in message or "''" in message
        assert named or escaped or parts or missing, message


@given(TEXTS | st.text(st.sampled_from("a.:/[]-_"), max_size=12))
def test_any_text_is_the_name_of_a_registry_or_an_invalid_one(text: str) -> None:
    try:
        name = parse_name(text)
    except InvalidReferenceError:
        return
    assert re.fullmatch(r"[][A-Za-z0-9._:/-]+", name)
    assert parse_name(name) == name
    assert not name.startswith("-")
