import pytest

from lab.cluster.nodes import _taint
from lab.errors import LabError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("example.com/a=b:NoSchedule", {"key": "example.com/a", "value": "b", "effect": "NoSchedule"}),
        ("a:NoExecute", {"key": "a", "value": "", "effect": "NoExecute"}),
    ],
)
def test_a_taint_is_read_as_kubectl_writes_it(text: str, expected: dict[str, str]) -> None:
    assert _taint(text) == expected


@pytest.mark.parametrize("text", ["", "a", "a=b", ":NoSchedule", "a:Never"])
def test_what_is_no_taint_is_an_error(text: str) -> None:
    with pytest.raises(LabError, match="is not a taint"):
        _taint(text)
