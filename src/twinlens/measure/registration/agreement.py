"""Agreement: how well two pictures lie on each other, measured by areas, and where they show the same thing."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.record import record
from twinlens.measure.registration.features import Features
from twinlens.measure.registration.flow import CELL_PX, Placed, cells_of, local, normalized

Array = npt.NDArray[Any]

TILE_PX, SEARCH_PX, STEP_PX = 40, 6, 48  # of the small picture
LEAST_STRUCTURE = 8.0  # codes of standard deviation: an area with less says nothing
GOOD_PEAK = 0.6  # correlation at which an area is found again
LEAST_AREAS, LEAST_AGREEING = 3, 0.25  # areas with structure, and the share of them that is found again
MOST_RESIDUAL_PX = 2.0
WINDOW_PX = 17  # of the local correlation
LEAST_CORRELATION = 0.45
COLOR_BLUR_PX = 7
COLOR_FLOOR = 6.0  # codes: colors that differ less are the same thing
COLOR_SPREADS = 4.0
TUKEY_SPREADS, ROUNDS = 4.0, 8


@record
class Areas:
    """Of the areas that have structure: how many, the share found again near their place, and how far off, px (median,
    and 90th percentile)."""

    count: int
    share: float
    residual_px: float
    residual_p90_px: float

    @property
    def is_sound(self) -> bool:
        enough = self.count >= LEAST_AREAS and self.share >= LEAST_AGREEING
        return enough and self.residual_px <= MOST_RESIDUAL_PX


def of_areas(grey: Array, placed: Placed) -> Areas:
    """Each area of the fixed picture is looked for in the moving one as it was laid: where its correlation peaks."""
    here, there = normalized(grey), normalized(placed.grey)
    found = []
    count = 0
    margin = SEARCH_PX
    height, width = grey.shape
    for top in range(margin, height - TILE_PX - margin + 1, STEP_PX):
        for left in range(margin, width - TILE_PX - margin + 1, STEP_PX):
            window = slice(top - margin, top + TILE_PX + margin), slice(left - margin, left + TILE_PX + margin)
            tile = slice(top, top + TILE_PX), slice(left, left + TILE_PX)
            if not placed.inside[window].all() or min(grey[tile].std(), placed.grey[tile].std()) < LEAST_STRUCTURE:
                continue
            count += 1
            peak, shift = _peak(here[tile], there[window])
            if peak > GOOD_PEAK:
                found.append(np.hypot(*shift))
    if not found:
        return Areas(count, 0.0, float("inf"), float("inf"))
    return Areas(count, len(found) / count, float(np.median(found)), float(np.percentile(found, 90)))


def _peak(tile: Array, window: Array) -> tuple[float, tuple[float, float]]:
    """The highest correlation of a tile in a window, and the shift (x, y) there to a part of a pixel."""
    import cv2

    scores = cv2.matchTemplate(window, tile, cv2.TM_CCOEFF_NORMED)
    y, x = np.unravel_index(int(scores.argmax()), scores.shape)
    y, x = int(y), int(x)
    return float(scores[y, x]), (_vertex(scores[y], x) - SEARCH_PX, _vertex(scores[:, x], y) - SEARCH_PX)


def _vertex(values: Array, at: int) -> float:
    """Where the parabola through a peak and its neighbors is highest."""
    if at in (0, len(values) - 1):
        return float(at)
    before, peak, after = (float(values[at + k]) for k in (-1, 0, 1))
    bend = before - 2 * peak + after
    return at + (0.5 * (before - after) / bend if bend < 0 else 0.0)


def sure_cells(fixed: Features, placed: Placed) -> Array:
    """(rows, columns) bool: the cells that show the same thing in both, as flow, structure and color say."""
    import cv2

    good = placed.steady & _same_structure(fixed.grey, placed.grey) & _same_color(fixed.small, placed)
    rows, columns = cells_of(good.shape)
    padded = np.pad(good, ((0, rows * CELL_PX - good.shape[0]), (0, columns * CELL_PX - good.shape[1])), "edge")
    share = padded.reshape(rows, CELL_PX, columns, CELL_PX).mean((1, 3))
    return cv2.erode((share > 0.75).astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)


def _same_structure(one: Array, other: Array) -> Array:
    """Where the local correlation is high, or both have no structure."""
    import cv2

    size = (WINDOW_PX, WINDOW_PX)
    (mean, spread), (mean_other, spread_other) = local(one, WINDOW_PX), local(other, WINDOW_PX)
    product = cv2.blur(one.astype(np.float32) * other.astype(np.float32), size)
    floor = LEAST_STRUCTURE / 2
    correlation = (product - mean * mean_other) / (np.maximum(spread, floor) * np.maximum(spread_other, floor))
    plain = np.maximum(spread, spread_other) < LEAST_STRUCTURE
    return plain | (correlation > LEAST_CORRELATION)


def _same_color(small: Array, placed: Placed) -> Array:
    """Where the one picture's color is what the other's usually becomes, vignette and rendering being what they are.

    A robust quadratic (Tukey's weights) from the moving picture's colors and the place to the fixed one's.
    """
    import cv2

    size = (COLOR_BLUR_PX, COLOR_BLUR_PX)
    here, there = (cv2.blur(one, size).astype(np.float32) for one in (small, placed.small))
    usable = placed.steady & (here.max(-1) < 250) & (there.max(-1) < 250)
    picked = np.flatnonzero(usable)[:: max(int(usable.sum()) // 20000, 1)]
    if len(picked) < 500:
        return np.ones(usable.shape, bool)
    height, width = usable.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    radius = (((x - width / 2) ** 2 + (y - height / 2) ** 2) / (width**2 + height**2) * 4).ravel()
    rows = _quadratic(there.reshape(-1, 3)[picked] / 255, radius[picked])
    wanted = here.reshape(-1, 3)[picked]
    weights, answer, spread = np.ones(len(picked)), np.zeros((rows.shape[1], 3)), COLOR_FLOOR
    for _ in range(ROUNDS):
        answer = np.linalg.lstsq(rows * weights[:, None], wanted * weights[:, None], rcond=1e-6)[0]
        away = np.abs(rows @ answer - wanted).max(-1)
        spread = max(1.4826 * float(np.median(away)), COLOR_FLOOR / COLOR_SPREADS)
        weights = np.clip(1 - (away / (TUKEY_SPREADS * spread)) ** 2, 0, None)
    predicted = _quadratic(there.reshape(-1, 3) / 255, radius) @ answer
    away = np.abs(predicted - here.reshape(-1, 3)).max(-1).reshape(usable.shape)
    return (away < max(COLOR_SPREADS * spread, COLOR_FLOOR)) | ~usable


def _quadratic(rgb: Array, radius: Array) -> Array:
    r, g, b = rgb.T
    grey = rgb.mean(-1)
    columns = [np.ones_like(r), r, g, b, r * r, g * g, b * b, r * g, r * b, g * b, grey**3, radius, radius * grey]
    return np.stack(columns, -1)
