"""Linearize: counts of the sensor become linear light, black 0 and white 1, cut to the active area, with the clip mask.

Source: Digital Negative Specification 1.7.1, chapter 5 (Mapping Raw Values to Linear Reference Values); opcode list 1
(chapter 7) comes before it, on the counts as read. Values below black stay negative, so noise keeps its mean.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from twinlens.core.errors import ParameterError
from twinlens.core.image import MOSAIC, SENSOR, Array, Image, Window, empty_rgb
from twinlens.core.noise import NoiseModel
from twinlens.core.record import record
from twinlens.core.shot import Shot
from twinlens.core.stage import Facts, Stage, param
from twinlens.kernels.linearize import linearize
from twinlens.numerics import linearize as levels
from twinlens.numerics import opcodes
from twinlens.numerics.opcode_lists import linear_area

Pattern = tuple[tuple[tuple[float, ...], ...], ...]
LIST_1_UNIT = 65535.0  # DN that opcode list 1 calls 1.0


@record(kw_only=True)
class Linearize(Stage):
    accepts: ClassVar = SENSOR
    returns: ClassVar = MOSAIC

    black: float | tuple[tuple[tuple[float, ...], ...], ...] | None = param(
        None, unit="DN", doc="black level: one number, or rows of columns of samples that repeat; none: the file's"
    )
    white: float | tuple[float, ...] | None = param(
        None,
        unit="DN",
        doc="count at which the sensor clips, one or one a sample; none: the file's, checked by the picture",
    )
    area: tuple[int, int, int, int] | None = param(
        None, unit="px", doc="active area (top, left, bottom, right) in the stored frame; none: the file's", expert=True
    )
    opcodes: bool | None = param(None, doc="apply the file's opcode list 1; none: where it has one", expert=True)
    clip_at: float = param(
        0.995, low=0.5, high=2, doc="value from which a site counts as clipped (1 is white)", expert=True
    )

    @property
    def margin(self) -> int:
        return opcodes.REACH if self.opcodes else 0

    def resolve(self, facts: Facts) -> Linearize:
        return self._for(facts.shot, facts.source)

    def _for(self, shot: Shot, source: Image) -> Linearize:
        area = _checked_area(self.area or linear_area(shot), source)
        black = self.black if self.black is not None else _black(shot, source)
        resolved = replace(self, area=area, black=black, opcodes=_has_list_1(shot, self.opcodes))
        if self.white is not None:
            return resolved
        return replace(resolved, white=_white(shot, source, black)[0])

    def frame(self, height: int, width: int) -> tuple[int, int]:
        top, left, bottom, right = self.area or (0, 0, height, width)
        return bottom - top, right - left

    def source_window(self, target: Window, height: int, width: int) -> Window:
        top, left, _, _ = self.area or (0, 0, 0, 0)
        box = (target.top + top, target.left + left, target.bottom + top, target.right + left)
        return Window(*box, (height, width)).grown(self.margin)

    def __call__(self, image: Image) -> Image:
        stage = self._for(image.shot, image) if None in (self.area, self.black, self.white) else self
        top, left, bottom, right = stage.area or (0, 0, *image.window.frame)
        seen = image.window
        target = Window(
            max(seen.top, top) - top,
            max(seen.left, left) - left,
            min(seen.bottom, bottom) - top,
            min(seen.right, right) - left,
            (bottom - top, right - left),
        )
        return stage.over(image, target)

    def over(self, image: Image, target: Window) -> Image:
        if None in (self.area, self.black, self.white):
            return self._for(image.shot, image).over(image, target)
        shot, (top, left) = image.shot, (self.area or (0, 0))[:2]
        raw = self._counts(image)
        place = (target.top + top - image.window.top, target.left + left - image.window.left)
        raw = raw[place[0] : place[0] + target.height, place[1] : place[1] + target.width]
        if shot.linearization_table is not None:
            raw = levels.apply_table(raw, shot.linearization_table)
        samples = 1 if raw.ndim == 2 else 3
        if samples == 1:
            pixels, clipped = self._plane(raw, 0, target, shot)
        else:
            pixels, clipped = empty_rgb(*raw.shape[:2]), np.zeros(raw.shape[:2], np.uint8)
            for plane in range(3):
                _, over = self._plane(np.ascontiguousarray(raw[..., plane]), plane, target, shot, pixels[..., plane])
                clipped |= over << np.uint8(plane)
        cfa = image.cfa.shifted(top, left) if image.cfa is not None else None
        return image.with_pixels(
            pixels, state=MOSAIC, window=target, cfa=cfa, clipped=clipped, noise=self._noise(image)
        )

    def _counts(self, image: Image) -> Array:
        if not self.opcodes or not image.shot.opcodes[0]:
            return image.pixels
        return opcodes.apply_opcodes(image.shot.opcodes[0], image.pixels, image.window, LIST_1_UNIT)

    def _plane(
        self, raw: Array, plane: int, target: Window, shot: Shot, out: Array | None = None
    ) -> tuple[Array, Array]:
        pattern = _pattern(self.black, plane)
        top, left, _, _ = self.area or shot.area
        down, right = top - shot.area[0], left - shot.area[1]  # black counts from the corner of the file's active area
        columns = np.arange(target.left, target.right) + right
        lines = levels.black_lines(pattern, shot.black_delta_h, target.top + down, columns)
        rows = levels.black_rows(shot.black_delta_v, np.arange(target.top, target.bottom) + down)
        highest = levels.largest_black(pattern, shot.black_delta_h, shot.black_delta_v)
        scale = 1.0 / max(_sample(self.white, plane) - highest, 1e-6)
        return linearize(raw, lines, rows, scale, self.clip_at, out)

    def _noise(self, image: Image) -> NoiseModel | None:
        """The file's noise model, which counts in units of the file's own white level, in units of the one in use."""
        noise, tagged = image.noise or image.shot.noise, image.shot.white_level
        if noise is None or tagged is None:
            return noise
        black = float(np.max(_pattern(self.black, 0)))
        factor = (tagged[0] - black) / max(_sample(self.white, 0) - black, 1e-6)
        return noise if abs(factor - 1) < 1e-6 or factor <= 0 else noise.scaled((factor, factor, factor))


def white_level_note(shot: Shot, source: Image) -> str:
    """A sentence where the file's white level contradicts its picture, else ""."""
    return _white(shot, source, _black(shot, source))[1]


def _has_list_1(shot: Shot, asked: bool | None) -> bool:
    return bool(shot.opcodes[0]) and asked is not False


def _checked_area(area: tuple[int, int, int, int], source: Image) -> tuple[int, int, int, int]:
    height, width = source.window.frame
    top, left, bottom, right = area
    if 0 <= top < bottom <= height and 0 <= left < right <= width:
        return area
    raise ParameterError(
        f"the active area (top, left, bottom, right) = {area} does not fit the {width} x {height} pixels of the file; "
        "a recipe fits files of one camera and size"
    )


def _black(shot: Shot, source: Image) -> float | Pattern:
    """The file's black level; where it has none, the median of its masked pixels; 0 where it has neither."""
    if shot.black_level is not None:
        return _plain(np.asarray(shot.black_level, np.float64))
    if not shot.masked_areas or source.pixels.ndim != 2 or source.window.height < source.window.frame[0]:
        return 0.0
    raw = source.pixels
    if shot.linearization_table is not None:
        raw = levels.apply_table(raw, shot.linearization_table)
    height, width = raw.shape
    inside = [(max(t, 0), max(x, 0), min(b, height), min(r, width)) for t, x, b, r in shot.masked_areas]
    inside = [(t, x, b, r) for t, x, b, r in inside if t < b and x < r]
    if not inside:
        return 0.0
    tile = np.zeros((1, 1), np.uint8) if source.cfa is None else source.cfa.indices
    return _plain(levels.black_from_masked(raw, inside, tile, shot.area[:2])[..., None].astype(np.float64))


def _white(shot: Shot, source: Image, black: float | Pattern | None) -> tuple[float | tuple[float, ...], str]:
    tagged = shot.white_level or (float(2**shot.bits - 1),)
    raw = source.pixels
    if raw.dtype != np.uint16 or raw.ndim != 2 or shot.linearization_table is not None or shot.opcodes[0]:
        return (tagged[0] if len(set(tagged)) == 1 else tagged), ""
    tile = source.cfa.indices if source.cfa is not None and source.cfa.is_bayer else None
    return levels.find_white_level(raw, tagged[0], float(np.max(_pattern(black, 0))), tile)


def _plain(black: Array) -> float | Pattern:
    """A black level (rows, columns, samples) as plain numbers: one where all are equal."""
    if np.ptp(black) == 0:
        return float(black.flat[0])
    return tuple(tuple(tuple(map(float, site)) for site in row) for row in black)


def _pattern(black: Any, plane: int) -> Array:
    """The repeating black of one plane, (rows, columns)."""
    if isinstance(black, float):
        return np.full((1, 1), black, np.float32)
    table = np.asarray(black, np.float32)
    return table[..., min(plane, table.shape[2] - 1)]


def _sample(white: Any, plane: int) -> float:
    return white if isinstance(white, float) else white[min(plane, len(white) - 1)]
