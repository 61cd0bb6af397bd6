"""Atomic writing: whole or not at all, and never over what is there."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from twinlens.core.errors import FileError
from twinlens.files.atomic import atomic


def test_the_file_appears_when_all_is_well(tmp_path: Path) -> None:
    with atomic(tmp_path / "a.txt") as temporary:
        temporary.write_text("new")
        assert not (tmp_path / "a.txt").exists() and temporary.parent == tmp_path
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_nothing_is_left_after_any_exception(tmp_path: Path, error) -> None:
    with pytest.raises(error), atomic(tmp_path / "a.txt") as temporary:
        temporary.write_text("half")
        raise error
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_stays(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(FileError, match="--overwrite"), atomic(tmp_path / "a.txt"):
        raise AssertionError("the block must not run")
    with pytest.raises(RuntimeError), atomic(tmp_path / "a.txt", overwrite=True) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert (tmp_path / "a.txt").read_text() == "old"
    with atomic(tmp_path / "a.txt", overwrite=True) as temporary:
        temporary.write_text("new")
    assert (tmp_path / "a.txt").read_text() == "new"


def test_a_file_that_appears_meanwhile_stays(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="exists already"), atomic(tmp_path / "a.txt") as temporary:
        temporary.write_text("ours")
        (tmp_path / "a.txt").write_text("theirs")
    assert (tmp_path / "a.txt").read_text() == "theirs"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_file_systems_without_hard_links(tmp_path: Path, monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    with atomic(tmp_path / "a.txt") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "a.txt").read_text() == "new"


@pytest.mark.parametrize(
    ("number", "word"), [(errno.ENOSPC, "disk is full"), (errno.EACCES, "permission"), (errno.EROFS, "read-only")]
)
def test_the_reason_is_told(tmp_path: Path, number, word) -> None:
    with pytest.raises(FileError, match=word), atomic(tmp_path / "a.txt") as temporary:
        temporary.write_text("half")
        raise OSError(number, os.strerror(number))
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="make it first"), atomic(tmp_path / "no" / "a.txt"):
        raise AssertionError("the block must not run")
    with pytest.raises(FileError, match="is a folder"), atomic(tmp_path):
        raise AssertionError("the block must not run")
