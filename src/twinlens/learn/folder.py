"""Folder: the photographs in a folder, each with its raw file and its finished picture where it has both."""

from __future__ import annotations

import re
from pathlib import Path

from twinlens.core.errors import FileError
from twinlens.core.record import record

RAW_SUFFIXES = frozenset((
    ".dng", ".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".erf", ".fff", ".iiq", ".kdc", ".mef", ".mos", ".mrw",
    ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f",
))  # fmt: skip
PICTURE_SUFFIXES = frozenset((
    ".jpg", ".jpeg", ".jpe", ".heic", ".heif", ".hif", ".avif", ".jxl", ".png", ".tif", ".tiff", ".webp",
))  # fmt: skip
_BURST_MARK = re.compile(r"\.raw-\d+(\.\w+)?$")  # NAME.RAW-01.COVER.jpg beside NAME.RAW-02.ORIGINAL.dng


@record(kw_only=True)
class Photograph:
    """One exposure: its raw file, its finished picture, or both."""

    raw: Path | None = None
    picture: Path | None = None

    @property
    def path(self) -> Path:
        """The file that names it."""
        path = self.raw or self.picture
        assert path is not None
        return path


def photographs(folder: Path) -> list[Photograph]:
    """What is in a folder and its sub-folders, in the order of the names; raw and picture of one name belong together,
    beside each other or in sub-folders of their own. Raises FileError for a folder that is none or holds none.
    """
    if not folder.is_dir():
        raise FileError(f"{folder} is not a folder" if folder.exists() else f"{folder} is not there")
    files = sorted(one for one in folder.rglob("*") if one.is_file() and not _is_hidden(one, folder))
    raws = [one for one in files if one.suffix.lower() in RAW_SUFFIXES]
    pictures = [one for one in files if one.suffix.lower() in PICTURE_SUFFIXES]
    if not raws and not pictures:
        raise FileError(f"{folder} holds neither raw files nor pictures")
    picture_of = _beside(raws, pictures)
    taken = set(picture_of.values())
    found = [Photograph(raw=one, picture=picture_of.get(one)) for one in raws]
    found += [Photograph(picture=one) for one in pictures if one not in taken]
    return sorted(found, key=lambda one: str(one.path))


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def stem(path: Path) -> str:
    """What two files of one exposure have in common in their names."""
    name = path.stem.lower()
    if Path(name).suffix in RAW_SUFFIXES | PICTURE_SUFFIXES:  # IMG_1.DNG.jpg
        name = Path(name).stem
    return _BURST_MARK.sub("", name)


def _beside(raws: list[Path], pictures: list[Path]) -> dict[Path, Path]:
    """For each raw its picture: in the same folder, else the only one of its name anywhere, where the raw is the only
    one of its name as well. Of several the largest file.
    """
    near: dict[tuple[Path, str], list[Path]] = {}
    far: dict[str, list[Path]] = {}
    for one in pictures:
        near.setdefault((one.parent, stem(one)), []).append(one)
        far.setdefault(stem(one), []).append(one)
    alone = {name: sum(stem(one) == name for one in raws) == 1 for name in {stem(one) for one in raws}}
    found: dict[Path, Path] = {}
    for raw in raws:
        name = stem(raw)
        candidates = near.get((raw.parent, name)) or []
        if not candidates and alone[name] and len({one.parent for one in far.get(name, [])}) == 1:
            candidates = far[name]
        free = [one for one in candidates if one not in found.values()]
        if free:
            found[raw] = max(free, key=lambda one: (one.stat().st_size, str(one)))
    return found
