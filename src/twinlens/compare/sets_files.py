"""Sets, files: which files of folders and lists are pictures, and which raw files have their picture beside them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from twinlens.core.errors import FileError

PICTURES = (".jpg", ".jpeg", ".heic", ".heif", ".hif", ".png", ".tif", ".tiff", ".avif", ".jxl", ".webp")
RAWS = (
    *(".dng", ".raw", ".arw", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".orf", ".raf", ".rw2", ".rwl", ".pef", ".srw"),
    *(".3fr", ".fff", ".iiq", ".x3f", ".erf", ".kdc", ".dcr", ".mrw", ".mos"),
)
Source = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


def listed(source: Source) -> tuple[list[Path], list[str]]:
    """The pictures of a folder, a file or a list of both, in the order of their names, and notes.

    A raw file with a picture of the same name beside it is not read: the picture is its rendering. Raises FileError
    for a place that is not there, and where nothing is a picture.
    """
    places = [source] if isinstance(source, str | os.PathLike) else list(source)
    found: list[Path] = []
    for place in places:
        found += _of(Path(place))
    kept = list(dict.fromkeys(found))
    rendered = {_stem(one) for one in kept if one.suffix.lower() in PICTURES}
    raws = [one for one in kept if one.suffix.lower() in RAWS and _stem(one) in rendered]
    kept = [one for one in kept if one not in set(raws)]
    if not kept:
        named = ", ".join(str(place) for place in places) or "an empty list"
        raise FileError(f"no picture was found in {named}; expected files like {', '.join(PICTURES[:5])} or raw files")
    notes = [f"{_count(len(raws), 'raw file')} left aside: the picture beside it is its rendering"] if raws else []
    return kept, notes


def raws(source: Source) -> list[Path]:
    """The raw files of a source, those included that have their picture beside them."""
    places = [source] if isinstance(source, str | os.PathLike) else list(source)
    return [one for place in places for one in _of(Path(place)) if one.suffix.lower() in RAWS]


def _of(place: Path) -> Iterable[Path]:
    if place.is_dir():
        inside = sorted(one for one in place.rglob("*") if not any(part.startswith(".") for part in one.parts[-2:]))
        return [one for one in inside if one.suffix.lower() in (*PICTURES, *RAWS) and one.is_file()]
    if not place.exists():
        raise FileError(f"{place} is not there; name a folder of pictures, or pictures")
    return [place]


def _stem(path: Path) -> tuple[str, str]:
    return str(path.parent), path.stem.lower()


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
