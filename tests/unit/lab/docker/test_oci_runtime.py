import json
from pathlib import Path

import pytest

from lab.docker.oci_runtime import held, main, specification

PROCESS = {"args": ["sh"], "capabilities": {"bounding": ["CAP_CHOWN", "CAP_SYS_RESOURCE"], "ambient": []}}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--root", "/r", "create", "--bundle", "/b", "id"], "/b/config.json"),
        (["--root", "/r", "run", "--bundle=/b", "id"], "/b/config.json"),
        (["--root", "/r", "exec", "--process", "/p.json", "--detach", "id"], "/p.json"),
        (["--root", "/r", "delete", "--force", "id"], None),
        (["exec", "id", "sh"], None),
    ],
)
def test_the_file_that_says_what_a_process_may_do_is_found(arguments: list[str], expected: str | None) -> None:
    assert specification(arguments) == expected


def test_a_mask_is_read_in_the_kernels_order() -> None:
    assert held(0b1000001) == {"CAP_CHOWN", "CAP_SETGID"}
    assert "CAP_SYS_RESOURCE" not in held(0x1FFFEFFFFFF)


@pytest.mark.parametrize("command", ["create", "exec"])
def test_runc_is_asked_only_for_what_the_machine_grants(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(PROCESS if command == "exec" else {"process": PROCESS, "root": {"path": "/"}}))
    started: list[list[str]] = []
    monkeypatch.setattr("os.execv", lambda _, arguments: started.append(arguments))
    monkeypatch.setattr("lab.docker.oci_runtime.bounding_set", lambda: 1)
    arguments = [command, "--process", str(file)] if command == "exec" else [command, "--bundle", str(tmp_path)]
    main("/usr/sbin/runc", arguments)
    assert started == [["/usr/sbin/runc", *arguments]]
    written = json.loads(file.read_text())
    process = written if command == "exec" else written["process"]
    assert process == {"args": ["sh"], "capabilities": {"bounding": ["CAP_CHOWN"], "ambient": []}}
