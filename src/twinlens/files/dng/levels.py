"""DNG levels and geometry: areas, crop, color filter array, black, white and noise of a raw directory.

Source: Digital Negative Specification 1.7.1, chapter 4. The origin of CFAPattern and of the black-level pattern is the
top left corner of the active area.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.noise import NoiseModel
from twinlens.core.shot import Cfa
from twinlens.files.frame import Frame, UnsupportedError
from twinlens.files.tags import NUMBERS
from twinlens.files.tiff import Directory

Array = npt.NDArray[Any]

COLOR_FILTER_ARRAY, LINEAR_RAW = 32803, 34892  # PhotometricInterpretation
_LETTERS = {0: "R", 1: "G", 2: "B"}  # TIFF/EP CFAPattern codes
_MAX_REPEAT = 16  # rows or columns of a black-level pattern


def planes(raw: Directory) -> list[int]:
    """The numbers of the red, green and blue plane (CFAPlaneColor). Raises UnsupportedError for other colors."""
    colors = raw.integers(NUMBERS["CFAPlaneColor"]) or (0, 1, 2)
    if sorted(colors) != [0, 1, 2]:
        raise UnsupportedError(f"the color filters are {colors} (CFAPlaneColor), not red, green and blue")
    return [colors.index(color) for color in (0, 1, 2)]


def color_filters(raw: Directory, area: tuple[int, int, int, int] | None) -> Cfa:
    """The color filter array in coordinates of the stored frame. Raises UnsupportedError when it is neither Bayer's nor
    quad Bayer.
    """
    rows, columns = raw.integers(NUMBERS["CFARepeatPatternDim"], 2) or (2, 2)
    pattern = raw.integers(NUMBERS["CFAPattern"])
    known = (rows, columns) in ((2, 2), (4, 4)) and pattern is not None and len(pattern) == rows * columns
    if raw.integer(NUMBERS["CFALayout"], 1) != 1 or not known or pattern is None:
        raise UnsupportedError(
            f"the color filters repeat every {rows} x {columns} sites, not every 2 x 2 or 4 x 4 in a rectangle"
        )
    letters = "".join(_LETTERS.get(code, "?") for code in pattern)
    if rows == 2 and letters not in ("RGGB", "BGGR", "GRBG", "GBRG"):
        raise UnsupportedError(f"the color filters {letters} are not one of the Bayer orders")
    cfa = Cfa(tuple(letters[row * columns : (row + 1) * columns] for row in range(rows)))
    if rows == 4 and ("?" in letters or not cfa.is_quad_bayer):
        raise UnsupportedError(f"the color filters {letters} are not those of a quad Bayer array")
    return cfa.shifted(-area[0], -area[1]) if area else cfa


def areas(raw: Directory, frame: Frame) -> dict[str, Any]:
    """The fields of Shot that say which part of the frame is picture."""
    whole = (0, 0, frame.height, frame.width)
    active = raw.integers(NUMBERS["ActiveArea"], 4)
    if active is not None and not _inside(active, whole):
        raw.faults.append(
            f"ActiveArea {active} does not lie inside {frame.width} x {frame.height}; the whole frame is used"
        )
        active = None
    masked = np.array(raw.integers(NUMBERS["MaskedAreas"]) or (), int)
    rectangles = [tuple(int(v) for v in item) for item in masked[: masked.size // 4 * 4].reshape(-1, 4)]
    scale = raw.numbers(NUMBERS["DefaultScale"], 2)
    origin, size = (raw.numbers(NUMBERS[name], 2) for name in ("DefaultCropOrigin", "DefaultCropSize"))
    top, left, bottom, right = active or whole
    if origin is not None and not (0 <= origin[0] < right - left and 0 <= origin[1] < bottom - top):
        raw.faults.append(f"DefaultCropOrigin {tuple(origin.tolist())} lies outside the active area; it was ignored")
        origin = size = None
    if size is not None and not np.all(size >= 1):
        raw.faults.append(f"DefaultCropSize {tuple(size.tolist())} is not a size; it was ignored")
        size = None
    return {
        "active_area": active,
        "masked_areas": tuple(item for item in rectangles if _inside(item, whole)),
        "default_crop_origin": None if origin is None else tuple(origin.tolist()),
        "default_crop_size": None if size is None else tuple(size.tolist()),
        "default_scale": (1.0, 1.0) if scale is None or np.any(scale <= 0) else tuple(scale.tolist()),
    }


def _inside(inner: tuple[int, ...], outer: tuple[int, ...]) -> bool:
    top, left, bottom, right = inner
    return outer[0] <= top < bottom <= outer[2] and outer[1] <= left < right <= outer[3]


def levels(raw: Directory, frame: Frame, area: tuple[int, int, int, int], order: list[int]) -> dict[str, Any]:
    """The fields of Shot that say what black and white are. `order` puts samples into red, green, blue."""
    table = raw.numbers(NUMBERS["LinearizationTable"])
    white = _per_sample(raw, "WhiteLevel", frame.samples)
    if white is not None and np.any(white <= 0):
        raw.faults.append(f"WhiteLevel {white.tolist()} is not above zero; it was ignored")
        white = None
    if white is None and frame.codec.is_float:
        white = np.ones(frame.samples)
    height, width = area[2] - area[0], area[3] - area[1]
    samples = order if frame.samples == 3 else [0]
    black = _black(raw, frame.samples)
    return {
        "black_level": None if black is None else black[:, :, samples],
        "black_delta_h": raw.numbers(NUMBERS["BlackLevelDeltaH"], width),
        "black_delta_v": raw.numbers(NUMBERS["BlackLevelDeltaV"], height),
        "white_level": None if white is None else tuple(white[samples].tolist()),
        "linearization_table": None if table is None or table.size < 2 else _sixteen_bits(table[:65536]),
    }


def _sixteen_bits(values: Array) -> Array:
    return values.clip(0, 65535).astype(np.uint16)


def _per_sample(raw: Directory, name: str, samples: int) -> Array | None:
    values = raw.numbers(NUMBERS[name])
    if values is None or values.size == 0:
        return None
    if values.size not in (1, samples):
        raw.faults.append(f"{name} holds {values.size} values for {samples} samples; the first ones are used")
    return np.resize(values, samples) if values.size < samples else values[:samples]


def _black(raw: Directory, samples: int) -> Array | None:
    rows, columns = raw.integers(NUMBERS["BlackLevelRepeatDim"], 2) or (1, 1)
    values = raw.numbers(NUMBERS["BlackLevel"])
    if values is None or values.size == 0:
        return None
    if 1 <= rows <= _MAX_REPEAT and 1 <= columns <= _MAX_REPEAT:
        if values.size == rows * columns * samples:
            return values.reshape(rows, columns, samples)
        if values.size == 1:
            return np.full((rows, columns, samples), values[0])
    found = f"BlackLevel holds {values.size} values for a pattern of {rows} x {columns} with {samples} samples"
    raw.faults.append(f"{found}; their mean is used")
    return np.full((1, 1, samples), values.mean())


def noise(directory: Directory, raw: Directory, order: list[int]) -> NoiseModel | None:
    """NoiseProfile: one pair (scale, offset) for all planes, or one a plane."""
    tag = NUMBERS["NoiseProfile"]
    values = next((item.numbers(tag, 2, 6) for item in (raw, directory) if tag in item), None)
    if values is None or np.any(values[0::2] < 0) or not np.any(values > 0):
        return None
    pairs = values.reshape(-1, 2)
    pairs = np.repeat(pairs, 3, 0) if len(pairs) == 1 else pairs[order]
    return NoiseModel(tuple(pairs[:, 0].tolist()), tuple(pairs[:, 1].tolist()))  # type: ignore[arg-type]
