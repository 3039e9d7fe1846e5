"""Asks a fake registry for one image."""

from __future__ import annotations

from prepull.images.references import parse
from prepull.images.registry.ask import resolve
from prepull.images.registry.failures import Unresolved

from .fake_registry import FakeRegistry


def answer(registry: FakeRegistry) -> str | Unresolved:
    [found] = resolve([parse(f"{registry.address}/team/app:1")])
    return found


def reason(registry: FakeRegistry) -> str:
    found = answer(registry)
    assert isinstance(found, Unresolved)
    return found.reason
