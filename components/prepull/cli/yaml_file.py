"""YAML that a person wrote: read, or one kind of error."""

from __future__ import annotations

from typing import Any

import yaml


def load(text: str) -> Any:
    """Read one document.

    Args:
        text: the file's content.

    Raises:
        yaml.YAMLError: it is not YAML, or has a value that is none.
    """
    try:
        return yaml.safe_load(text)
    except (ValueError, KeyError, AttributeError) as error:
        # What PyYAML's readers of numbers and dates stumble over, it lets through: 2001-99-99, 0x_, !!bool x.
        raise yaml.YAMLError(f"a value of it cannot be read: {error}") from None
    except RecursionError:
        raise yaml.YAMLError("it is nested too deeply") from None
