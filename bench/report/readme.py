"""The table in the README, from the results. No I/O."""

from __future__ import annotations

from collections.abc import Iterable

from bench.report.figures import summaries
from bench.report.page import markdown
from bench.report.results import Comparison, Result

BEGIN, END = "<!-- written by `python -m bench report` -->", "<!-- until here -->"
# With the sign of multiplication in place of the letter.
_COLUMNS = {
    "8 x 40 MB": "pull-8x40MB-warm",
    "8 x 40 MB, new node": "pull-8x40MB-cold",
    "40 x 4 MB": "pull-40x4MB-warm",
    "1 x 200 MB": "pull-1x200MB-warm",
    "10 x 10 MB that share 100 MB": "pull-10x10MB+100MB-warm",
}


def table(results: Iterable[Result]) -> str:
    """Each form's ratio to the limit, for each list of images."""
    there = {result.name: result for result in results if isinstance(result, Comparison)}
    columns = {
        title.replace(" x ", " \N{MULTIPLICATION SIGN} "): there[name]
        for title, name in _COLUMNS.items()
        if name in there
    }
    found = {title: summaries(result.rounds, result.base) for title, result in columns.items()}
    forms = dict.fromkeys(form for result in columns.values() for form in result.rounds)
    rows = []
    for form in forms:
        ratios = (column[form].ratio if form in column else None for column in found.values())
        rows.append([form, *("" if ratio is None else f"{ratio:.2f}" for ratio in ratios)])
    return markdown(["form", *columns], rows)


def with_table(readme: str, results: Iterable[Result]) -> str:
    """The README with the table of these results.

    Raises:
        ValueError: it has no place for the table.
    """
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the README has no lines {BEGIN} and {END}, between which the table stands")
    return f"{before}{begin}\n\n{table(results)}\n\n{end}{after}"
