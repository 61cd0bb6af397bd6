"""Sensitivities: how a camera document says what its pixels see, from a table, from numbers or from color matrices."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core import document
from twinlens.core.errors import DocumentError, ParameterError
from twinlens.files.spectrum import read_spectra
from twinlens.numerics import spectra
from twinlens.numerics.spectra import LARGEST_RELATIVE, relative_note

Array = npt.NDArray[Any]

_COLUMNS = {3: ("red", "green", "blue"), 1: ("grey",)}
_NOISE_BELOW_ZERO = 0.01  # of a channel's peak: what a measurement may have below zero
_LEAST_PEAK = 0.01  # of a channel, relative to the largest
_SINGULAR = 1e-6  # determinant of a color matrix
_ESTIMATOR = "twinlens.numerics.sensitivity"


def sensitivities(section: dict[str, Any], origin: str, folder: Path, channels: int) -> tuple[Array, tuple[str, ...]]:
    """What [sensitivities] says as (31, channels), the largest value 1; and sentences on what was assumed.

    One of: `file` (CSV or rawtoaces JSON; `columns` names its columns where they are not red, green, blue),
    `wavelengths_nm` with red, green, blue (grey for a monochrome sensor), or `color_matrices` with `lights`.
    """
    place = f"{origin}: [sensitivities]"
    names = _COLUMNS[channels]
    document.only(section, ("file", "columns", "wavelengths_nm", "color_matrices", "lights", *names), place)
    kinds = [key for key in ("file", "wavelengths_nm", "color_matrices") if key in section]
    if len(kinds) != 1:
        raise DocumentError(
            f"{place}: expected one of file, wavelengths_nm, color_matrices; found {len(kinds)} of them"
        )
    if kinds == ["color_matrices"]:
        return _estimated(section, place, channels)
    nm, values, notes = (_from_file if kinds == ["file"] else _inline)(section, place, folder, names)
    try:
        seen, beyond_nm = spectra.resampled(nm, values, what=place)
    except ParameterError as error:
        raise DocumentError(str(error)) from None
    if (gap := np.diff(nm).max()) > 2 * spectra.STEP_NM:
        raise DocumentError(f"{place}: the wavelengths have a gap of {gap:g} nm; 20 nm at most are wanted")
    if values.max() > LARGEST_RELATIVE:
        notes += (f"{place}: {relative_note(float(values.max()))}",)
    if beyond_nm:
        notes += (f"{place}: {beyond_nm:g} nm of 400 to 700 nm are beyond the data and hold its nearest value",)
    return _normalized(seen.T, names, place), notes


def _from_file(section: dict[str, Any], place: str, folder: Path, names: tuple[str, ...]) -> Any:
    if not isinstance(section["file"], str):
        raise DocumentError(f"{place}: file = {section['file']!r}: the name of a file is wanted")
    path = folder / section["file"]
    nm, columns = read_spectra(path)
    wanted = section.get("columns") or _matching(columns, names)
    if not isinstance(wanted, list) or len(wanted) != len(names) or not set(wanted) <= set(columns):
        raise DocumentError(
            f"{place}: columns = {section.get('columns')!r}: the names of {len(names)} columns of {path} are wanted, "
            f"which has {', '.join(columns)}"
        )
    return nm, np.stack([columns[one] for one in wanted]), ()


def _matching(columns: dict[str, Array], names: tuple[str, ...]) -> list[str] | None:
    """The columns called red, green, blue or R, G, B, in any case; of a monochrome sensor its only one."""
    if len(names) == 1 and len(columns) == 1:
        return list(columns)
    by_lower = {one.lower(): one for one in columns}
    found = [by_lower.get(name, by_lower.get(name[0])) for name in names]
    return None if None in found else found  # type: ignore[return-value]


def _inline(section: dict[str, Any], place: str, folder: Path, names: tuple[str, ...]) -> Any:
    rows = [_numbers(section, key, place) for key in ("wavelengths_nm", *names)]
    for name, row in zip(names, rows[1:], strict=True):
        if row.size != rows[0].size:
            raise DocumentError(f"{place}: {name} has {row.size} values for {rows[0].size} wavelengths")
    values, notes = np.stack(rows[1:]), ()
    if values.min() < 0:
        lowest = float((values / np.maximum(values.max(1, keepdims=True), 1e-12)).min())
        if lowest < -_NOISE_BELOW_ZERO:
            name = names[int(values.min(1).argmin())]
            raise DocumentError(f"{place}: {name} falls to {values.min():g}; no negative value is wanted")
        notes = (f"{place}: values down to {values.min():g} were read as 0",)
    return rows[0], np.maximum(values, 0), notes


def _numbers(section: dict[str, Any], key: str, place: str) -> Array:
    try:
        row = np.asarray(section.get(key, ()), float)
    except (ValueError, TypeError):
        row = np.empty(0)
    if row.ndim != 1 or row.size < 2:
        raise DocumentError(f"{place}: {key} = {section.get(key)!r}: a list of numbers is wanted")
    return row


def _normalized(seen: Array, names: tuple[str, ...], place: str) -> Array:
    peaks = seen.max(0)
    for name, peak in zip(names, peaks, strict=True):
        if peak < _LEAST_PEAK * peaks.max() or peak <= 0:
            raise DocumentError(
                f"{place}: {name} sees next to nothing: its peak is {peak:g}, the largest {peaks.max():g}"
            )
    return seen / peaks.max()


def _estimated(section: dict[str, Any], place: str, channels: int) -> tuple[Array, tuple[str, ...]]:
    """Sensitivities that published color matrices (camera from XYZ) let one expect."""
    matrices, lights = _matrices(section, place, channels)
    try:
        estimate = importlib.import_module(_ESTIMATOR).from_color_matrices
    except (ImportError, AttributeError):
        raise DocumentError(
            f"{place}: this version cannot estimate sensitivities from color_matrices: give a file or wavelengths_nm"
        ) from None
    found = estimate(matrices, lights)
    seen = np.maximum(found.sensitivities, 0)
    error = float(np.sqrt(np.mean(np.square(found.sd())))) / float(seen.max())
    note = f"{place}: estimated from color matrices, not measured; expected error {error:.1%} of the peak (RMS)"
    return _normalized(seen, _COLUMNS[3], place), (note,)


def _matrices(section: dict[str, Any], place: str, channels: int) -> tuple[list[Array], list[Array]]:
    """The color matrices and the lights (31,) that they are for."""
    names = section.get("lights", ["A", "D65"])
    try:
        matrices = np.asarray(section["color_matrices"], float).reshape(-1, 3, 3)
    except (ValueError, TypeError):
        raise DocumentError(f"{place}: color_matrices: lists of nine numbers (camera from XYZ) are wanted") from None
    if channels != 3 or not isinstance(names, list) or len(matrices) != len(names):
        raise DocumentError(f"{place}: {len(matrices)} color_matrices for lights = {names!r}: one each, of 3 channels")
    if not np.isfinite(matrices).all() or np.abs(np.linalg.det(matrices)).min() < _SINGULAR:
        raise DocumentError(f"{place}: color_matrices: one of them has no inverse")
    try:
        return list(matrices), [spectra.illuminant(str(name)) for name in names]
    except ParameterError as error:
        raise DocumentError(f"{place}: {error}") from None
