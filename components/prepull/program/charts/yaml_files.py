"""Reads the manifests of `ConfigFile` and `ConfigGroup`."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from .ask import Inputs
from .files import WEB, fetched
from .plain import plain


def manifests(inputs: Inputs) -> list[Any]:
    """The manifests of the files, texts and objects among a resource's inputs.

    Raises:
        OSError: a file cannot be read.
        UnicodeError: a file is not a text.
        yaml.YAMLError: a text is not YAML.
    """
    files, texts = inputs.get("files") or inputs.get("file") or [], inputs.get("yaml") or []
    documents = [_document(file) for file in _paths([files] if isinstance(files, str) else files)]
    documents += [texts] if isinstance(texts, str) else texts
    parsed = [manifest for text in documents for manifest in yaml.safe_load_all(text) if manifest]
    return [*parsed, *plain(inputs.get("objs") or [])]


def _paths(patterns: Sequence[str]) -> list[str]:
    return [
        path
        for pattern in patterns
        for path in ([pattern] if pattern.startswith(WEB) else sorted(glob.glob(pattern)))  # noqa: PTH207 - as it is written
    ]


def _document(path: str) -> str:
    return fetched(path).decode() if path.startswith(WEB) else Path(path).read_text("utf-8")
