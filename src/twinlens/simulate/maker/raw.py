"""Maker's raw: from a sensor's counts to scene light, linear Rec. 2020 with a neutral's clipping point at 1.

In the order of a camera's own processor: black, shading, white balance and a hard cut at white, dead pixels, OpenCV's
demosaic on 16 bits, distortion, one matrix.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.core.image import SENSOR, Image
from twinlens.core.opcodes import FixVignetteRadial, GainMap
from twinlens.core.shot import Cfa, Shot
from twinlens.simulate.maker import distortion
from twinlens.simulate.maker.distortion import STRIP
from twinlens.simulate.maker.matrix import rec2020_from_balanced
from twinlens.simulate.maker.model import Raw

Array = npt.NDArray[Any]

_PEDESTAL, _WHITE = 2000.0, 62000.0  # 16-bit numbers of black (noise reaches under it) and white
_DEFECT = 0.4  # of a site's neighbours and of a fourth of white: one that differs by more is taken as dead or hot


class Source:
    """A raw image on its way to scene light: white-balanced, demosaiced, 16 bits; read strip by strip, so that no
    picture in floating point is ever whole in memory. Raises ParameterError for images not in state SENSOR."""

    def __init__(self, image: Image, raw: Raw) -> None:
        if image.state != SENSOR:
            raise ParameterError(f"the maker renders what a sensor recorded, got an image in state {image.state}")
        shot = image.shot
        top, left, bottom, right = shot.area
        light = _light(image.pixels[top:bottom, left:right], shot)
        _correct_shading(light, shot, raw.vignette)
        neutral = np.array(shot.as_shot_neutral or (1.0, 1.0, 1.0), float)
        neutral = neutral / neutral.max()
        cfa = image.cfa.shifted(top, left) if image.is_mosaic and image.cfa else None
        self.levels = _three_colors(light, cfa, neutral, raw)
        self.crop = shot.crop
        matrix = np.eye(3)
        if self.levels.ndim == 3 and shot.color.calibrations:
            matrix = rec2020_from_balanced(shot.color.calibrations, neutral)
        matrix = matrix * 2.0**shot.baseline_exposure / (_WHITE - _PEDESTAL)
        self.from_levels = np.column_stack([matrix, -_PEDESTAL * matrix.sum(1)]).astype(np.float32)
        self.grids = distortion.grids(shot, *self.levels.shape[:2]) if raw.distortion == "corrected" else []
        self.planes = self._split() if self.grids else []

    @property
    def height(self) -> int:
        return self.crop[2] - self.crop[0]

    @property
    def width(self) -> int:
        return self.crop[3] - self.crop[1]

    def strips(self) -> list[slice]:
        """Rows of the active area that make up the crop."""
        starts = range(0, len(self.levels), STRIP)
        return [
            slice(start, start + STRIP) for start in starts if start + STRIP > self.crop[0] and start < self.crop[2]
        ]

    def strip(self, rows: slice) -> tuple[slice, Array]:
        """Which rows of the crop these rows of the active area are, and their scene light (h, W, 3) float32."""
        top, left, bottom, right = self.crop
        first, last = max(rows.start, top), min(rows.stop, bottom)
        levels = self._straight(rows) if self.grids else self.levels[rows]
        levels = levels[first - rows.start : last - rows.start]
        return slice(first - top, last - top), self._light(levels[:, left:right])

    def small(self, long_edge: int) -> Array:
        """Scene light (h, w, 3) of the crop, reduced to a longer side of some `long_edge` pixels."""
        import cv2

        height, width = self.levels.shape[:2]
        scale = min(long_edge / max(self.height, self.width), 1.0)
        size = max(round(width * scale), 1), max(round(height * scale), 1)
        levels = cv2.resize(self.levels, size, interpolation=cv2.INTER_AREA)
        across, down = width / size[0], height / size[1]
        if self.grids:
            x, y = ((np.arange(count) + 0.5) * step - 0.5 for count, step in zip(size, (across, down), strict=True))
            moved = self.grids[len(self.grids) // 2].offsets(x, y)  # one place for all colors: it is a small picture
            at_x, at_y = (((one + at + 0.5) / step - 0.5).astype(np.float32) for one, at, step in
                          zip(moved, (x, y[:, None]), (across, down), strict=True))  # fmt: skip
            levels = cv2.remap(levels, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        top, left, bottom, right = self.crop
        rows = slice(int(top / down), max(round(bottom / down), 1))
        return self._light(levels[rows, int(left / across) : max(round(right / across), 1)])

    def _light(self, levels: Array) -> Array:
        import cv2

        levels = levels if levels.ndim == 3 else np.repeat(levels[..., None], 3, 2)
        return cv2.transform(levels.astype(np.float32), self.from_levels)

    def _split(self) -> list[Array]:
        import cv2

        return list(cv2.split(self.levels)) if self.levels.ndim == 3 else [self.levels]

    def _straight(self, rows: slice) -> Array:
        """Levels of these rows without distortion."""
        import cv2

        moved, places = [], (np.empty(0), np.empty(0))
        for index, plane in enumerate(self.planes):
            if index < len(self.grids):
                places = self.grids[index].places(rows)
            moved.append(cv2.remap(plane, *places, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))
        return cv2.merge(moved) if len(moved) == 3 else moved[0]


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
    """White-balanced levels (H, W, 3) uint16, a neutral's clipping point at white and everything cut there; (H, W)
    without filters."""
    import cv2

    if cfa is None:
        return _levels(light, 1 / neutral if light.ndim == 3 else np.ones(1))
    if not cfa.is_bayer:
        return _quad(light, cfa, neutral, raw)
    mosaic = np.empty(light.shape, np.uint16)
    for (y, x), channel in np.ndenumerate(cfa.indices):
        mosaic[y::2, x::2] = _without_defects(_levels(light[y::2, x::2], 1 / neutral[channel]))
    return cv2.cvtColor(
        mosaic, getattr(cv2, f"COLOR_Bayer{cfa.name}2RGB" + ("_EA" if raw.demosaic == "edge-aware" else ""))
    )


def _levels(light: Array, gain: Any) -> Array:
    part = light * ((_WHITE - _PEDESTAL) * np.asarray(gain)).astype(np.float32) + np.float32(_PEDESTAL + 0.5)
    return np.clip(part, 0, _WHITE, out=part).astype(np.uint16)


def _without_defects(plane: Array) -> Array:
    """The sites of one filter (h, w) uint16, those replaced by their neighbours' median that stand far out of it."""
    import cv2

    median = cv2.medianBlur(plane, 3)
    limit = cv2.addWeighted(median, _DEFECT, median, 0, _DEFECT * (_WHITE - _PEDESTAL) / 4 - _DEFECT * _PEDESTAL)
    cv2.copyTo(median, cv2.compare(cv2.absdiff(plane, median), limit, cv2.CMP_GT), plane)
    return plane


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
