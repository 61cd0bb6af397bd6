"""Folders: a look as the set of files that a program wants, with instructions, as a folder or a .zip."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from twinlens.core.errors import FileError
from twinlens.files.atomic import atomic

ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # so that the same look gives the same bytes


@contextlib.contextmanager
def folder(path: Path, overwrite: bool) -> Iterator[Path]:
    """A temporary folder that becomes `path` (a .zip where its name says so) when the block ends well."""
    final = Path(path)
    if not final.parent.is_dir():
        raise FileError(f"cannot write {final}: the folder {final.parent} does not exist; make it first")
    if final.exists() and not overwrite:
        raise FileError(f"{final} exists already; choose another name or ask for it to be overwritten (--overwrite)")
    made = final.with_name(f".{final.name[:40]}.{os.getpid()}-{os.urandom(4).hex()}.part")
    made.mkdir()
    try:
        yield made
        if final.suffix.lower() == ".zip":
            _zip(made, final, overwrite)
        else:
            _swap(made, final)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _swap(made: Path, final: Path) -> None:
    """Put the new folder in the place of one that an export made before; another's files are never removed."""
    if final.exists():
        if not final.is_dir() or not (final / "README.txt").is_file():
            raise FileError(f"{final} was not made by an export: it is not overwritten; choose another name")
        old = made.with_suffix(".old")
        os.replace(final, old)
        os.replace(made, final)
        shutil.rmtree(old, ignore_errors=True)
        return
    os.replace(made, final)


def _zip(made: Path, final: Path, overwrite: bool) -> None:
    import zipfile

    with atomic(final, overwrite) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(made.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(made).as_posix(), ZIP_DATE)
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, path.read_bytes())
