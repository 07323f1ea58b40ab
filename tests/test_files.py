from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tapegrad.errors import OutputFolderError
from tapegrad.files import write_whole


def test_text_and_bytes_are_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "result"
    write_whole(path, "first é")
    assert path.read_text(encoding="utf-8") == "first é"
    write_whole(path, b"second")
    assert path.read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    write_whole(target, "old")
    link.symlink_to(target)
    write_whole(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "result"
    write_whole(path, b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutputFolderError, match="No space left on device; choose a file"):
        write_whole(path, b"new")
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize(
    ("place", "fault"),
    [("missing/file", "No such file"), (".", "not an ordinary file"), ("x" * 300, "too long"), ("a\0b", "null")],
)
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, place: str, fault: str) -> None:
    with pytest.raises(OutputFolderError, match=fault):
        write_whole(tmp_path / place, b"content")


def test_threads_may_write_one_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "result"
    contents = [bytes([number]) * 1000 for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda content: write_whole(path, content), contents))
    assert path.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [path]
