"""Reads YAML as Pulumi's engine does, so that `prepull render` and `pulumi up` read the same from a file.

The engine uses gopkg.in/yaml.v3, for which `yes` and `1:30` are text, and a duplicate key is an error. PyYAML follows
YAML 1.1: `yes` is true, `1:30` is 90, and the last of duplicate keys counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from typing import Any

import yaml


def load(text: str, *, as_kubectl: bool = False) -> Any:
    """Read one document.

    Args:
        text: the document.
        as_kubectl: read it as kubectl does (yaml.v2): dates are text, and the last of duplicate keys counts.

    Raises:
        yaml.YAMLError: the text is not YAML, has a duplicate key, or has a value that its tag does not allow.
    """
    try:
        return yaml.load(text, Loader=_KubectlLoader if as_kubectl else _Loader)  # noqa: S506 - both are SafeLoaders
    except (ValueError, KeyError, AttributeError) as error:
        # PyYAML does not convert the errors of its own readers: !!bool x, !!float y.
        raise yaml.YAMLError(f"a value of it cannot be read: {error}") from None
    except RecursionError:
        raise yaml.YAMLError("it is nested too deeply") from None


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - as in the base class

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> Any:
        value = super().construct_scalar(node)
        if isinstance(value, str) and not value.isascii():
            try:
                # JSON writes a character above U+FFFF as two surrogates.
                return value.encode("utf-16", "surrogatepass").decode("utf-16")
            except UnicodeDecodeError:
                problem = "it has half of a character in it"
                raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from None
        return value

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(None, None, f"'{key.value}' is there twice", key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


_MERGE = "tag:yaml.org,2002:merge"
# The forms that yaml.v3 does not read as text (resolve.go), and the characters that each begins with.
_FORMS: tuple[tuple[str, str, str], ...] = (
    ("merge", r"<<", "<"),
    ("null", r"~|null|Null|NULL|", "~nN"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[1-9][0-9_]*|0)", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("float", r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", "-+."),
    ("timestamp", r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt][0-9:.]+(?:Z|[-+][0-9:]+)| [0-9:.]+)?", "0123456789"),
)
for _tag, _form, _first in _FORMS:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_form})\Z"), list(_first))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"\Z"), [""])


def _scalar(read: Callable[[str], Any]) -> Callable[[_Loader, yaml.ScalarNode], Any]:
    def construct(loader: _Loader, node: yaml.ScalarNode) -> Any:
        text = str(loader.construct_scalar(node))
        try:
            return read(text)
        except ValueError:
            problem = f"'{text}' cannot be read; write it in quotes"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from None

    return construct


def _integer(text: str) -> int:
    # Go reads a leading zero as octal, like YAML 1.1.
    return int(text, 8 if re.fullmatch(r"[-+]?0[0-7_]+", text) else 0)


def _date(text: str) -> Any:
    # The engine turns a date into "2024-01-01 00:00:00 +0000 UTC", which nobody means.
    raise ValueError(text)


_Loader.add_constructor("tag:yaml.org,2002:int", _scalar(_integer))
_Loader.add_constructor("tag:yaml.org,2002:float", _scalar(float))
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _scalar(_date))


class _KubectlLoader(_Loader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        return yaml.SafeLoader.construct_mapping(self, node, deep)


_KubectlLoader.add_constructor("tag:yaml.org,2002:timestamp", _scalar(str))
