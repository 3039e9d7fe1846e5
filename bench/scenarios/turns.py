"""The order in which forms are measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def turn(forms: Sequence[str], number: int) -> Sequence[str]:
    """The forms in the order of a round, counted from 0: in each round, every form has another one before it."""
    start = number % len(forms)
    return (*forms[start:], *forms[:start])


def turns(forms: Sequence[str], rounds: int) -> Iterator[tuple[int, str]]:
    """Each form in each round, with the round's number, counted from 1."""
    for number in range(rounds):
        for form in turn(forms, number):
            yield number + 1, form
