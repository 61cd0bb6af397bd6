"""Spectrum: measured spectra as text - sensitivities, reflectances, lights.

Two kinds of file are read. CSV: the wavelength in nm first, then one column a spectrum, with names in the first line
(without them: s1, s2 ...); commas, semicolons, tabs or blanks between; lines that begin with # are comments. JSON: the
layout of AMPAS rawtoaces (`spectral_data.index.main` names, `spectral_data.data.main` rows by wavelength).

What is wrong is said with file and line; nothing is guessed but for measurement noise: values below zero by up to 1 %
of the column's peak are read as zero.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import FileError, ParameterError
from twinlens.numerics import spectra

Array = npt.NDArray[Any]

LONGEST_STEP_NM = 20.0  # between two rows of 400 to 700 nm; more is a gap
NOISE_BELOW_ZERO = 0.01  # of the column's peak
HIGHEST_REFLECTANCE = 1.2  # fluorescent and glossy whites measure above 1; more is percent or not a reflectance
_FIRST_NM, _LAST_NM = 100.0, 5000.0


@dataclass(frozen=True, eq=False)
class _Rows:
    """The numbers of a file as they stand there: `nm` (W,), `values` (W, N), and where each row stands."""

    path: Path
    names: list[str]
    nm: Array
    values: Array
    places: list[str]

    def error(self, row: int, text: str) -> FileError:
        return FileError(f"{self.path}, {self.places[row]}: {text}")


def read_spectra(path: str | Path) -> tuple[Array, dict[str, Array]]:
    """All spectra of a CSV or rawtoaces JSON file: the wavelengths (W,) in nm and {name: values (W,)}.

    Raises FileError with file and line: not a number, a missing value, wavelengths that do not rise or are not nm, a
    gap of more than 20 nm between 400 and 700 nm, a negative value.
    """
    rows = _checked(_parsed(Path(path)))
    return rows.nm, {name: rows.values[:, column] for column, name in enumerate(rows.names)}


def read_reflectances(path: str | Path) -> tuple[dict[str, Array], float]:
    """Reflectances on the program's wavelengths, {name: (31,)} with values 0 to 1, and how many nm were beyond the data
    (see `spectra.resampled`). Raises FileError as `read_spectra`, and for percent.
    """
    rows = _checked(_parsed(Path(path)))
    used = (rows.nm >= spectra.WAVELENGTHS_NM[0]) & (rows.nm <= spectra.WAVELENGTHS_NM[-1])
    high = np.argwhere((rows.values > HIGHEST_REFLECTANCE) & used[:, None])
    if high.size:
        row, column = high[0]
        value = rows.values[row, column]
        hint = "; this looks like percent: divide by 100" if 2 < rows.values.max() <= 120 else ""
        raise rows.error(row, f"{rows.names[column]} is {value:g}, expected a reflectance of 0 to 1{hint}")
    values, beyond_nm = _resampled(rows)
    return dict(zip(rows.names, np.clip(values, 0, 1), strict=True)), beyond_nm


def read_light(path: str | Path, column: str | None = None) -> tuple[Array, float]:
    """The relative power (31,) of a light, and how many nm were beyond the data (see `spectra.resampled`).

    `column` names one of several; without it the file must hold one. Raises FileError as `read_spectra`.
    """
    rows = _checked(_parsed(Path(path)))
    if column is None and len(rows.names) > 1:
        raise FileError(f"{path} holds {len(rows.names)} spectra ({', '.join(rows.names[:8])}); name one of them")
    if column is not None and column not in rows.names:
        raise FileError(f"{path} has no spectrum {column!r}; it holds {', '.join(rows.names[:8])}")
    values, beyond_nm = _resampled(rows)
    power = values[rows.names.index(column) if column else 0]
    if not power.any():
        raise FileError(f"{path}: the light has no power between 400 and 700 nm")
    return power, beyond_nm


def _resampled(rows: _Rows) -> tuple[Array, float]:
    try:
        return spectra.resampled(rows.nm, rows.values.T, what=str(rows.path))
    except ParameterError as error:
        raise FileError(str(error)) from None


def _parsed(path: Path) -> _Rows:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise FileError(f"cannot read the spectra {path}: {reason}") from None
    return _from_json(path, text) if text.lstrip().startswith("{") else _from_csv(path, text)


def _from_csv(path: Path, text: str) -> _Rows:
    lines = [(f"line {number}", line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    lines = [(place, line) for place, line in lines if line and not line.startswith("#")]
    if not lines:
        raise FileError(f"{path} is empty; expected rows of a wavelength in nm and values")
    mark = next((mark for mark in (",", ";", "\t") if mark in lines[0][1]), None)
    rows = [(place, [cell.strip().strip('"') for cell in line.split(mark)]) for place, line in lines]
    if _is_number(rows[0][1][0]):
        rows.insert(0, ("", ["nm", *(f"s{column}" for column in range(1, len(rows[0][1])))]))
    return _rows(path, rows[0][1][1:], rows[1:])


def _from_json(path: Path, text: str) -> _Rows:
    try:
        document = json.loads(text)
        spectral = document["spectral_data"]
        names, data = spectral["index"]["main"], spectral["data"]["main"]
        rows = [(f"wavelength {nm}", [nm, *map(str, values)]) for nm, values in data.items()]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FileError(
            f"{path} is not a file of spectra: expected CSV, or JSON with spectral_data.index.main and"
            f" spectral_data.data.main ({type(error).__name__}: {error})"
        ) from None
    return _rows(path, [str(name) for name in names], rows)


def _rows(path: Path, names: list[str], rows: list[tuple[str, list[str]]]) -> _Rows:
    if not names or len(set(names)) < len(names):
        raise FileError(f"{path}: expected a wavelength and one or more columns of different names, found {names}")
    if len(rows) < 2:
        raise FileError(f"{path}: expected two or more rows of numbers, found {len(rows)}")
    numbers = np.empty((len(rows), len(names) + 1))
    for index, (place, cells) in enumerate(rows):
        if len(cells) != len(names) + 1:
            raise FileError(f"{path}, {place}: expected {len(names) + 1} numbers, found {len(cells)}")
        for column, cell in enumerate(cells):
            if not _is_number(cell):
                name = ["wavelength", *names][column]
                raise FileError(f"{path}, {place}: the value of {name} is {cell!r}, expected a number")
            numbers[index, column] = float(cell)
    return _Rows(path, names, numbers[:, 0], numbers[:, 1:], [place for place, _ in rows])


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", cell) is not None


def _checked(rows: _Rows) -> _Rows:
    _check_wavelengths(rows)
    peak = np.maximum(rows.values.max(axis=0), 0)
    below = np.argwhere(rows.values < -NOISE_BELOW_ZERO * peak)
    if below.size:
        row, column = below[0]
        raise rows.error(row, f"{rows.names[column]} is {rows.values[row, column]:g}, expected no negative value")
    return _Rows(rows.path, rows.names, rows.nm, np.maximum(rows.values, 0), rows.places)


def _check_wavelengths(rows: _Rows) -> None:
    nm = rows.nm
    if nm[0] < _FIRST_NM or nm[-1] > _LAST_NM:
        row = 0 if nm[0] < _FIRST_NM else len(nm) - 1
        hint = "; this looks like um: multiply by 1000" if nm[row] < 10 else ""
        raise rows.error(row, f"the wavelength is {nm[row]:g}, expected nm{hint}")
    steps = np.diff(nm)
    falling = np.flatnonzero(steps <= 0)
    if falling.size:
        row = falling[0] + 1
        raise rows.error(row, f"the wavelength {nm[row]:g} nm does not rise above {nm[row - 1]:g} nm before it")
    inside = (nm[1:] > spectra.WAVELENGTHS_NM[0]) & (nm[:-1] < spectra.WAVELENGTHS_NM[-1])
    longest = min(LONGEST_STEP_NM, max(2 * float(np.median(steps)), spectra.STEP_NM))
    gap = np.flatnonzero(inside & (steps > longest * 1.001))
    if gap.size:
        row = gap[0] + 1
        raise rows.error(
            row, f"a gap: {nm[row - 1]:g} to {nm[row]:g} nm is missing; expected steps of at most {longest:g} nm"
        )
