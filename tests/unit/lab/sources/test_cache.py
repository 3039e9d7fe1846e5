import multiprocessing
import time
from pathlib import Path

import pytest

from lab.sources.cache import Cache, fingerprint


def test_a_fingerprint_follows_the_content_and_not_its_division(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe"
    recipe.write_text("one")
    before = fingerprint("name", recipe)
    assert fingerprint("name", recipe) == before
    recipe.write_text("two")
    assert fingerprint("name", recipe) != before
    assert fingerprint("ab", "c") != fingerprint("a", "bc")


def test_an_entry_is_filled_once(tmp_path: Path) -> None:
    calls: list[Path] = []

    def fill(directory: Path) -> None:
        calls.append(directory)
        (directory / "file").write_text("content")

    cache = Cache(tmp_path)
    first, second = cache.entry("thing", "key", fill), cache.entry("thing", "key", fill)
    assert first == second
    assert len(calls) == 1
    assert (first / "file").read_text() == "content"


def test_an_entry_that_fails_leaves_nothing_and_can_be_tried_again(tmp_path: Path) -> None:
    def fail(directory: Path) -> None:
        (directory / "half").touch()
        raise ValueError("broken off")

    cache = Cache(tmp_path)
    with pytest.raises(ValueError, match="broken off"):
        cache.entry("thing", "key", fail)
    assert not (tmp_path / "thing-key").exists()
    assert not list((tmp_path / "unfinished").iterdir())
    assert cache.entry("thing", "key", lambda directory: (directory / "whole").touch()).is_dir()


def test_what_a_killed_process_left_does_not_take_up_the_disk(tmp_path: Path) -> None:
    half = tmp_path / "unfinished" / "thing-key.abc"
    of_another = tmp_path / "unfinished" / "thing-key2.abc"
    for directory in (half, of_another):
        directory.mkdir(parents=True)
    Cache(tmp_path).entry("thing", "key", lambda directory: (directory / "whole").touch())
    assert not half.exists()
    assert of_another.exists()


def _fill_slowly(root: Path, log: Path) -> None:
    def fill(directory: Path) -> None:
        with log.open("a") as file:
            file.write("filled\n")
        time.sleep(0.3)
        (directory / "file").write_text("content")

    assert (Cache(root).entry("thing", "key", fill) / "file").read_text() == "content"


def test_two_processes_at_once_fill_it_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_fill_slowly, args=(tmp_path, log)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert log.read_text() == "filled\n"
