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
COLOR_FLOOR = 18.0  # codes: less may be a rendering that a quadratic cannot follow
COLOR_SPREADS = 5.0
PLAIN_FLOOR, PLAIN_SPREADS = 8.0, 4.0  # the same where there is no structure that could agree
NEAR_PX = 24.0  # how far the structure speaks for what lies between
TIMES_MORE = 2.0  # structure that agrees against structure that does not
LEAST_SPREAD = 1.5  # codes
TUKEY_SPREADS, ROUNDS = 4.0, 8
TELLING = 1e-12  # of the largest eigenvalue: what tells less is left out
BAND = 32  # rows that are predicted at a time


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

    same, plain = _same_structure(fixed.grey, placed.grey)
    agrees = placed.steady & same & ~plain
    away, spread = _color_difference(fixed.small, placed)
    told = agrees & (away < max(COLOR_SPREADS * spread, COLOR_FLOOR))
    between = plain & _surrounded(agrees, placed.inside & ~plain & ~agrees)
    good = placed.inside & (told | (between & (away < max(PLAIN_SPREADS * spread, PLAIN_FLOOR))))
    rows, columns = cells_of(good.shape)
    padded = np.pad(good, ((0, rows * CELL_PX - good.shape[0]), (0, columns * CELL_PX - good.shape[1])), "edge")
    share = padded.reshape(rows, CELL_PX, columns, CELL_PX).mean((1, 3))
    return cv2.erode((share > 0.75).astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)


def _same_structure(one: Array, other: Array) -> tuple[Array, Array]:
    """Where the local correlation is high, or both have no structure; and where both have none."""
    import cv2

    size = (WINDOW_PX, WINDOW_PX)
    (mean, spread), (mean_other, spread_other) = local(one, WINDOW_PX), local(other, WINDOW_PX)
    product = cv2.blur(one.astype(np.float32) * other.astype(np.float32), size)
    floor = LEAST_STRUCTURE / 2
    correlation = (product - mean * mean_other) / (np.maximum(spread, floor) * np.maximum(spread_other, floor))
    plain = np.maximum(spread, spread_other) < LEAST_STRUCTURE
    return plain | (correlation > LEAST_CORRELATION), plain


def _surrounded(good: Array, bad: Array) -> Array:
    """Where the structure near by agrees rather than not, or there is none: a plain place cannot be told by itself."""
    import cv2

    for_it, against = (cv2.GaussianBlur(one.astype(np.float32), (0, 0), NEAR_PX) for one in (good, bad))
    return for_it >= TIMES_MORE * against


def _color_difference(small: Array, placed: Placed) -> tuple[Array, float]:
    """How far (h, w) the one picture's color is from what the other's usually becomes, vignette and rendering being
    what they are, and the usual spread of it; codes. 0 where one is at its upper end.

    A robust quadratic (Tukey's weights) from the moving picture's colors and the place to the fixed one's.
    """
    import cv2

    size = (COLOR_BLUR_PX, COLOR_BLUR_PX)
    here, there = (cv2.blur(one, size).astype(np.float32) for one in (small, placed.small))
    inner = (_largest(here) < 250) & (_largest(there) < 250)
    usable = placed.steady & inner
    picked = np.flatnonzero(usable)[:: max(int(usable.sum()) // 20000, 1)]
    if len(picked) < 500:
        return np.zeros(usable.shape), 0.0
    radius = _radius(usable.shape)
    rows = _quadratic(there.reshape(-1, 3)[picked] / 255, radius.ravel()[picked])
    answer, spread = _robust(rows.astype(np.float64), here.reshape(-1, 3)[picked])
    away = np.empty(usable.shape, np.float32)
    for top in range(0, len(away), BAND):
        band = slice(top, top + BAND)
        predicted = _quadratic(there[band] / 255, radius[band]) @ answer.astype(np.float32)
        away[band] = _largest(np.abs(predicted - here[band]))
    return np.where(inner, away, 0.0), spread


def _largest(rgb: Array) -> Array:
    """The largest channel (h, w)."""
    return np.maximum(np.maximum(rgb[..., 0], rgb[..., 1]), rgb[..., 2])


def _radius(shape: tuple[int, int]) -> Array:
    """Square of the distance from the middle (h, w), 1 at the corners."""
    height, width = shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return ((x - width / 2) ** 2 + (y - height / 2) ** 2) / (width**2 + height**2) * 4


def _robust(rows: Array, wanted: Array) -> tuple[Array, float]:
    """Weighted least squares by Tukey's weights, and the spread of what is left; what rows (n, k) cannot tell apart, as
    the channels of a monochrome picture, shares it."""
    weights, answer, spread = np.ones(len(rows)), np.zeros((rows.shape[1], 3)), COLOR_FLOOR
    for _ in range(ROUNDS):
        weighed = rows * weights[:, None] ** 2
        answer = np.linalg.pinv(weighed.T @ rows, rcond=TELLING, hermitian=True) @ (weighed.T @ wanted)
        away = np.abs(rows @ answer - wanted).max(-1)
        spread = max(1.4826 * float(np.median(away)), LEAST_SPREAD)
        weights = np.clip(1 - (away / (TUKEY_SPREADS * spread)) ** 2, 0, None)
    return answer, spread


def _quadratic(rgb: Array, radius: Array) -> Array:
    r, g, b = np.moveaxis(rgb, -1, 0)
    grey = (r + g + b) / 3
    columns = [np.ones_like(r), r, g, b, r * r, g * g, b * b, r * g, r * b, g * b, grey**3, radius, radius * grey]
    return np.stack(columns, -1)
