"""Maker's raw: from a sensor's counts to scene light, linear Rec. 2020 with a neutral's clipping point at 1.

In the order of a camera's own processor: black, shading, white balance and a hard cut at white, OpenCV's demosaic on 16
bits, one matrix. The matrix comes from the forward matrices of the file, blended for the light by its temperature.
Sources: McCamy, "Correlated color temperature as an explicit function of chromaticity coordinates" (1992); Lam (1985,
Bradford adaptation, as forward matrices are made with).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.camera_color import Calibration
from twinlens.core.errors import ParameterError
from twinlens.core.image import SENSOR, Image
from twinlens.core.opcodes import FixVignetteRadial, GainMap, WarpRectilinear
from twinlens.core.shot import Cfa, Shot
from twinlens.simulate.maker import spaces
from twinlens.simulate.maker.model import Raw

Array = npt.NDArray[Any]

_PEDESTAL, _WHITE = 2000.0, 62000.0  # 16-bit numbers of black (noise reaches under it) and white
_STEP = 16  # pixels between computed places of the distortion
_DEFECT = 0.4  # of a site's neighbours and of a fourth of white: one that differs by more is taken as dead or hot
_CONES = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_D65 = np.array([0.3127, 0.3290, 0.3583]) / 0.3290
_D50 = np.array([0.9642, 1.0, 0.8249])  # ICC.1:2022, 7.2.16
_KELVIN = {17: 2856.0, 20: 5503.0, 21: 6504.0, 22: 7504.0, 23: 5003.0, 24: 3200.0, 1: 5500.0, 3: 2850.0}  # EXIF codes


def scene(image: Image, raw: Raw) -> Array:
    """Scene light (H, W, 3) float32 of the default crop, as the sensor lies. Raises ParameterError for pictures that
    are not in state SENSOR."""
    if image.state != SENSOR:
        raise ParameterError(f"the maker renders what a sensor recorded, got an image in state {image.state}")
    shot = image.shot
    top, left, bottom, right = shot.area
    light = _light(image.pixels[top:bottom, left:right], shot)
    _correct_shading(light, shot, raw.vignette)
    neutral = np.array(shot.as_shot_neutral or (1.0, 1.0, 1.0), float)
    neutral = neutral / neutral.max()
    rgb = _three_colors(light, image.cfa.shifted(top, left) if image.is_mosaic and image.cfa else None, neutral, raw)
    if raw.distortion == "corrected":
        rgb = _straightened(rgb, shot)
    top, left, bottom, right = shot.crop
    rgb = rgb[top:bottom, left:right]
    if rgb.ndim == 2 or shot.color.calibrations == ():
        return np.repeat(rgb[..., None], 3, 2) if rgb.ndim == 2 else rgb
    matrix = rec2020_from_balanced(shot.color.calibrations, neutral) * 2.0**shot.baseline_exposure
    import cv2

    return cv2.transform(rgb, matrix.astype(np.float32))


def _light(counts: Array, shot: Shot) -> Array:
    """0 black to 1 white; float32."""
    black = np.zeros((1, 1, 1)) if shot.black_level is None else np.asarray(shot.black_level, float)
    rows, columns, samples = black.shape
    white = np.broadcast_to(np.array(shot.white_level or (2.0**shot.bits - 1,), float), (samples,))
    light = np.empty(counts.shape, np.float32)
    for y, x in np.ndindex(rows, columns):
        offset = black[y, x] if counts.ndim == 3 else black[y, x, :1]
        scale = 1 / (white - offset) if counts.ndim == 3 else 1 / (white[:1] - offset)
        part = counts[y::rows, x::columns]
        part = np.multiply(part, scale.astype(np.float32), dtype=np.float32)
        light[y::rows, x::columns] = part - (offset * scale).astype(np.float32)
    return light


def _correct_shading(light: Array, shot: Shot, share: float) -> None:
    height, width = light.shape[:2]
    for opcode in (one for opcodes in shot.opcodes for one in opcodes):
        if isinstance(opcode, GainMap):
            _apply_map(light, opcode, share)
        elif isinstance(opcode, FixVignetteRadial):
            y, x = np.arange(height)[:, None] / (height - 1), np.arange(width) / (width - 1)
            cx, cy = opcode.center
            reach = np.hypot(max(cx, 1 - cx) * width, max(cy, 1 - cy) * height)
            r2 = (((x - cx) * width) ** 2 + ((y - cy) * height) ** 2) / reach**2
            gain = 1 + r2 * np.polyval(opcode.coefficients[::-1], r2)
            light *= (1 + share * (gain - 1)).astype(np.float32).reshape(height, width, *[1] * (light.ndim - 2))


def _apply_map(light: Array, opcode: GainMap, share: float) -> None:
    height, width = light.shape[:2]
    top, left, bottom, right = opcode.area
    rows = np.arange(top, min(bottom, height), opcode.row_pitch)
    columns = np.arange(left, min(right, width), opcode.column_pitch)
    down = _between(rows / max(height - 1, 1), opcode.origin[0], opcode.spacing[0], opcode.gains.shape[0])
    across = _between(columns / max(width - 1, 1), opcode.origin[1], opcode.spacing[1], opcode.gains.shape[1])
    part = light[top : bottom : opcode.row_pitch, left : right : opcode.column_pitch]
    planes = [part] if part.ndim == 2 else [part[..., i] for i in range(opcode.plane, opcode.plane + opcode.planes)]
    for index, plane in enumerate(planes):
        gains = np.asarray(opcode.gains[..., min(index, opcode.gains.shape[2] - 1)], np.float32)
        plane *= 1 + np.float32(share) * (down @ gains @ across.T - 1)


def _between(place: Array, origin: float, spacing: float, points: int) -> Array:
    """(places, points) float32: how much each point of the map counts at each place, linear between them."""
    at = np.clip((place - origin) / (spacing or 1.0), 0, points - 1)
    return np.maximum(1 - np.abs(at[:, None] - np.arange(points)), 0).astype(np.float32)


def _three_colors(light: Array, cfa: Cfa | None, neutral: Array, raw: Raw) -> Array:
    """White-balanced (H, W, 3), a neutral's clipping point at 1 and everything cut there; (H, W) without filters."""
    if cfa is None:
        return np.clip(light / neutral.astype(np.float32) if light.ndim == 3 else light, 0, 1)
    if not cfa.is_bayer:
        return _quad(light, cfa, neutral, raw)
    import cv2

    levels = np.empty(light.shape, np.uint16)
    for (y, x), channel in np.ndenumerate(cfa.indices):
        part = light[y::2, x::2] * np.float32((_WHITE - _PEDESTAL) / neutral[channel]) + np.float32(_PEDESTAL + 0.5)
        levels[y::2, x::2] = _without_defects(np.clip(part, 0, _WHITE).astype(np.uint16))

    code = getattr(cv2, f"COLOR_Bayer{cfa.name}2RGB" + ("_EA" if raw.demosaic == "edge-aware" else ""))
    rgb = cv2.cvtColor(levels, code).astype(np.float32)
    rgb -= np.float32(_PEDESTAL)
    rgb *= np.float32(1 / (_WHITE - _PEDESTAL))
    return rgb


def _without_defects(plane: Array) -> Array:
    """The sites of one filter (h, w) uint16, those replaced by their neighbours' median that stand far out of it."""
    import cv2

    median = cv2.medianBlur(plane, 3)
    limit = cv2.addWeighted(median, _DEFECT, median, 0, _DEFECT * (_WHITE - _PEDESTAL) / 4 - _DEFECT * _PEDESTAL)
    cv2.copyTo(median, cv2.compare(cv2.absdiff(plane, median), limit, cv2.CMP_GT), plane)
    return plane


def _straightened(rgb: Array, shot: Shot) -> Array:
    """The picture without the distortion and color fringes that the file's opcodes describe."""
    import cv2

    for opcode in (one for opcodes in shot.opcodes for one in opcodes if isinstance(one, WarpRectilinear)):
        height, width = rgb.shape[:2]
        planes = cv2.split(rgb) if rgb.ndim == 3 else (rgb,)
        moved, places = [], (np.empty(0), np.empty(0))
        for index, plane in enumerate(planes):
            if index < len(opcode.coefficients):
                places = _source(np.asarray(opcode.coefficients[index], float), opcode.center, height, width)
            straight = cv2.remap(plane, *places, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
            moved.append(cv2.max(straight, 0.0))
        rgb = cv2.merge(moved) if rgb.ndim == 3 else moved[0]
    return rgb


def _source(coefficients: Array, center: tuple[float, float], height: int, width: int) -> tuple[Array, Array]:
    """Where each pixel (x, y) comes from, as DNG 1.7.1 defines WarpRectilinear: radii in those of the farthest corner.

    Computed for every 16th pixel and read in between, which is right within 0.002 pixels.
    """
    import cv2

    middle = center[0] * (width - 1), center[1] * (height - 1)
    reach = np.hypot(max(middle[0], width - 1 - middle[0]), max(middle[1], height - 1 - middle[1]))
    columns, rows = (np.arange(-1, -(-size // _STEP) + 1) for size in (width, height))  # a step more on every side
    x = ((columns + 0.5) * _STEP - 0.5 - middle[0]) / reach
    y = (((rows + 0.5) * _STEP - 0.5 - middle[1]) / reach)[:, None]
    r2 = x * x + y * y
    k0, k1, k2, k3, t0, t1 = coefficients
    ratio = k0 + r2 * (k1 + r2 * (k2 + r2 * k3))
    across = ratio * x + 2 * t0 * x * y + t1 * (r2 + 2 * x * x)
    down = ratio * y + t0 * (r2 + 2 * y * y) + 2 * t1 * x * y
    size = columns.size * _STEP, rows.size * _STEP
    part = np.s_[_STEP : _STEP + height, _STEP : _STEP + width]
    offset = [(coarse * reach).astype(np.float32) for coarse in (across - x, down - y)]
    moves = [cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR)[part] for coarse in offset]
    return moves[0] + np.arange(width, dtype=np.float32), moves[1] + np.arange(height, dtype=np.float32)[:, None]


def _quad(light: Array, cfa: Cfa, neutral: Array, raw: Raw) -> Array:
    """Filters in blocks of one color: blocks are joined to sites of a Bayer array, the picture is enlarged again."""
    import cv2

    block = len(cfa.rows) // 2
    bayer = Cfa(tuple(row[::block] for row in cfa.rows[::block]))
    if not bayer.is_bayer or bayer.indices.repeat(block, 0).repeat(block, 1).tolist() != cfa.indices.tolist():
        raise ParameterError(f"the maker knows Bayer and quad Bayer arrays, not {'/'.join(cfa.rows)}")
    height, width = (side // (2 * block) * 2 * block for side in light.shape)
    joined = light[:height, :width].reshape(height // block, block, width // block, block).mean((1, 3))
    rgb = _three_colors(joined, bayer, neutral, raw)
    return cv2.resize(rgb, light.shape[::-1], interpolation=cv2.INTER_CUBIC)


def rec2020_from_balanced(calibrations: tuple[Calibration, ...], neutral: Array) -> Array:
    """The matrix (3, 3) from white-balanced camera RGB to linear Rec. 2020; (1, 1, 1) stays (1, 1, 1)."""
    share = _shares(calibrations, neutral)
    to_d65 = _adaptation(_D50, _D65)
    if any(one.forward_matrix is None for one in calibrations):
        camera_from_xyz = sum(w * one.color_matrix for w, one in zip(share, calibrations, strict=True))
        xyz_from_camera = np.linalg.inv(camera_from_xyz)
        to_d65 = _adaptation(xyz_from_camera @ neutral, _D65)
        xyz_from_balanced = xyz_from_camera @ np.diag(neutral)
    else:
        xyz_from_balanced = sum(w * one.forward_matrix for w, one in zip(share, calibrations, strict=True))
    matrix = spaces.REC2020_FROM_XYZ @ to_d65 @ xyz_from_balanced
    return matrix / matrix.sum(1, keepdims=True)


def _shares(calibrations: tuple[Calibration, ...], neutral: Array) -> Array:
    """How much each light's numbers count: linear in 1 / temperature between the first two."""
    if len(calibrations) == 1:
        return np.ones(1)
    kelvin = np.array([_calibrated_at(one) for one in calibrations[:2]])
    share = np.array([0.5, 0.5])
    for _ in range(4):  # the neutral's temperature depends on the matrix a little
        camera_from_xyz = share[0] * calibrations[0].color_matrix + share[1] * calibrations[1].color_matrix
        xyz = np.linalg.solve(camera_from_xyz, neutral)
        mired = 1 / mccamy(xyz[0] / xyz.sum(), xyz[1] / xyz.sum())
        warm = float(np.clip((mired - 1 / kelvin[1]) / (1 / kelvin[0] - 1 / kelvin[1]), 0, 1))
        share = np.array([warm, 1 - warm])
    return np.concatenate([share, np.zeros(len(calibrations) - 2)])


def _calibrated_at(calibration: Calibration) -> float:
    return mccamy(*calibration.white_xy) if calibration.white_xy else _KELVIN.get(calibration.light, 5003.0)


def mccamy(x: float, y: float) -> float:
    """Correlated color temperature in K of a chromaticity."""
    n = (x - 0.3320) / (0.1858 - y)
    return float(np.clip(449 * n**3 + 3525 * n**2 + 6823.3 * n + 5520.33, 1500, 25000))


def _adaptation(source_xyz: Array, target_xyz: Array) -> Array:
    gains = (_CONES @ target_xyz) / (_CONES @ source_xyz)
    return np.linalg.inv(_CONES) @ (gains[:, None] * _CONES)
