"""Samples: a table of corresponding colors, scene and display, becomes evidence."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import FileError
from twinlens.learn.blocks import MEASURED, Blocks
from twinlens.learn.evidence import Source
from twinlens.learn.pairs import Pair
from twinlens.numerics.color import decode, rgb_from_rgb

Array = npt.NDArray[Any]

SCENE = ("scene_r", "scene_g", "scene_b")
DISPLAY = ("display_r", "display_g", "display_b")
FEWEST = 6
LARGEST_CODE = 1.05  # of display codes: more is a table in 0 to 255 or in percent


def from_samples(path: Path, *, space: str = "srgb") -> Pair:
    """The samples of a table: CSV with a header `scene_r, scene_g, scene_b, display_r, display_g, display_b`.

    Scene: linear light in Rec. 2020 primaries, white-balanced, 0.18 mid grey. Display: codes 0 to 1 of `space`. Other
    columns are passed over; a table of six columns with other names, or none, is taken in this order. Raises FileError.
    """
    rows = _rows(path)
    values = _numbers(path, *_columns(path, rows))
    if len(values) < FEWEST:
        raise FileError(f"{path} has {len(values)} samples; {FEWEST} or more are needed")
    source, codes = values[:, :3], values[:, 3:]
    if codes.max() > LARGEST_CODE or codes.min() < -0.05:
        raise FileError(
            f"{path}: display codes reach {codes.min():g} to {codes.max():g}; 0 to 1 is expected (codes of 8 "
            "bits divided by 255)"
        )
    if source.min() < -0.05 or source.max() <= 0:
        raise FileError(
            f"{path}: scene light of {source.min():g} to {source.max():g} cannot be; it is linear, 0.18 is grey"
        )
    target = decode(np.clip(codes, 0, 1), space) @ rgb_from_rgb("rec2020", space).T
    return of_samples(source, target, path.name, space=space)


def of_samples(source: Array, target: Array, name: str, *, space: str = "srgb") -> Pair:
    """The samples of arrays (N, 3): scene light and display light, both linear Rec. 2020."""
    count = len(source)
    found = Blocks(
        source=np.asarray(source, float), target=np.asarray(target, float), radius=np.full(count, np.nan),
        noise=np.full(count, MEASURED), place=np.zeros((count, 2), int), found={"blocks": count},
    )  # fmt: skip
    return Pair(source=Source(name=name, kind="samples"), blocks=found, space=space)


def _rows(path: Path) -> list[list[str]]:
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise FileError(f"{path} is not a table of text (CSV)") from None
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}") from None
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        raise FileError(f"{path} is empty")
    mark = next((one for one in (",", ";", "\t") if one in lines[0]), None)
    if mark is None:
        return [line.split() for line in lines]
    return [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=mark)]


def _columns(path: Path, rows: list[list[str]]) -> tuple[list[list[str]], list[int], int]:
    """The rows of numbers, which columns are the six, and the line of the first row."""
    head = [cell.lower() for cell in rows[0]]
    wanted = (*SCENE, *DISPLAY)
    if all(name in head for name in wanted):
        return rows[1:], [head.index(name) for name in wanted], 2
    has_head = not all(map(_is_number, rows[0]))
    if len(head) != 6:
        raise FileError(f"{path}: expected the columns {', '.join(wanted)}; found {', '.join(rows[0][:12])}")
    return rows[has_head:], list(range(6)), 1 + has_head


def _is_number(cell: str) -> bool:
    try:
        return np.isfinite(float(cell))
    except ValueError:
        return False


def _numbers(path: Path, rows: list[list[str]], columns: list[int], first: int) -> Array:
    values = []
    for line, row in enumerate(rows, first):
        cells = [row[column] if column < len(row) else "" for column in columns]
        if not all(map(_is_number, cells)):
            raise FileError(f"{path}, line {line}: six numbers are expected, found {', '.join(cells)}")
        values.append([float(cell) for cell in cells])
    return np.array(values, float).reshape(-1, 6)
