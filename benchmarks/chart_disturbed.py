"""Charts, disturbed: the marked real photographs turned, tilted and scaled at random, and made harder in one way each.

Each disturbance acts in codes of sRGB, on a picture of 1600 x 1200 that the chart fills to a third and more. A chart
counts as found where its kind is right and all corners lie within a tenth of a patch of the marks.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from PIL import Image as Picture

from twinlens.calibrate import find_charts

SIZE = (1600, 1200)
WITHIN = 0.1  # of a patch
EACH = 4  # pictures of each photograph and disturbance
SHARES = (0.35, 1.1)  # of 1000 px: the chart's diagonal
TILT = 1.5e-4  # standard deviation of the perspective terms, per pixel

Array = np.ndarray
Disturb = Callable[[Array, Array, float, np.random.Generator], Array]  # codes, corners, patch px, generator -> codes


def _from_middle(corners: Array, turn: float) -> Array:
    rows, columns = np.indices(SIZE[::-1])
    x, y = corners.mean(0)
    return (columns - x) * np.cos(turn) + (rows - y) * np.sin(turn)


def _shade(codes: Array, corners: Array, side: float, rng: np.random.Generator) -> Array:
    """A shadow's edge through the chart; 30 to 70 % of the codes are left (3.5 to 1 stops)."""
    left, along = rng.uniform(0.3, 0.7), _from_middle(corners, rng.uniform(0, 2 * np.pi))
    return codes * (left + (1 - left) / (1 + np.exp(-along / 20)))[..., None]


def _gradient(codes: Array, corners: Array, side: float, rng: np.random.Generator) -> Array:
    """Codes change by 12 % of those in the middle from patch to patch."""
    return codes * np.clip(1 + 0.12 * _from_middle(corners, rng.uniform(0, 2 * np.pi)) / side, 0.1, 2)[..., None]


def _hand(codes: Array, corners: Array, side: float, rng: np.random.Generator) -> Array:
    """A skin-colored ellipse over one to four patches."""
    import cv2

    middle = corners.mean(0) + rng.normal(0, 1.6 * side, 2)
    axes = side * rng.uniform(1.0, 1.6), side * rng.uniform(2.0, 3.0)
    mask = np.zeros(SIZE[::-1], np.uint8)
    cv2.ellipse(mask, (tuple(middle), axes, float(rng.uniform(0, 180))), 255, -1)  # type: ignore[call-overload]
    share = cv2.GaussianBlur(mask, (0, 0), 2)[..., None] / 255.0
    return codes * (1 - share) + share * np.array([196, 148, 122])


def _blurred(codes: Array, corners: Array, side: float, rng: np.random.Generator) -> Array:
    import cv2

    return cv2.GaussianBlur(codes, (0, 0), side * rng.uniform(0.05, 0.12))


def _dark(codes: Array, corners: Array, side: float, rng: np.random.Generator) -> Array:
    return codes * rng.uniform(0.25, 0.5) + rng.normal(0, 6, codes.shape)


def _cast(codes: Array, corners: Array, side: float, rng: np.random.Generator) -> Array:
    return codes * ([1, 0.8, 0.5] if rng.random() < 0.5 else [0.6, 0.85, 1])


def _over(codes: Array, corners: Array, side: float, rng: np.random.Generator) -> Array:
    return codes * rng.uniform(1.2, 1.8)


DISTURBANCES: dict[str, Disturb] = {
    "nothing": lambda codes, *_: codes, "shadow": _shade, "gradient": _gradient, "hand": _hand, "blur": _blurred,
    "dark and noisy": _dark, "color cast": _cast, "overexposed": _over,
}  # fmt: skip


def placed(codes: Array, corners: Array, rng: np.random.Generator) -> tuple[Array, Array] | None:
    """A photograph (H, W, 3) turned, tilted and scaled about its chart, and the chart's corners there; None where they
    leave the picture."""
    import cv2

    turn, size = rng.uniform(0, 2 * np.pi), rng.uniform(*SHARES) * 1000 / np.hypot(*(corners[0] - corners[2]))
    back, tilt, forth = np.eye(3), np.eye(3), np.eye(3)
    back[:2, 2] = -(corners.mean(0) + rng.normal(0, 60, 2))
    tilt[2, :2] = rng.normal(0, TILT, 2)
    forth[:2, 2] = np.array(SIZE) / 2
    turned = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1 / size]]) * size
    matrix = forth @ tilt @ turned @ back
    moved = cv2.perspectiveTransform(corners[None].astype(float), matrix)[0]
    if (moved < 5).any() or (moved > np.array(SIZE) - 5).any():
        return None
    laid = cv2.warpPerspective(codes, matrix, SIZE, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    return laid.astype(float), moved


def jpeg(codes: Array, quality: int) -> Array:
    """What is left of codes after JPEG."""
    held = io.BytesIO()
    Picture.fromarray(np.clip(np.rint(codes), 0, 255).astype(np.uint8)).save(held, "JPEG", quality=quality)
    return np.asarray(Picture.open(held))


def disturbed(cases: Iterable[tuple[Array, Array]], wilson: Callable[[int, int], list[float]]) -> dict[str, Any]:
    """Rates of each disturbance; `cases` are the codes (H, W, 3) uint8 and corners (4, 2) of Classic charts."""
    cases, told = list(cases), {}
    for name, disturb in DISTURBANCES.items():
        rng = np.random.default_rng([len(name), EACH])
        hits: list[bool] = []
        for codes, corners in cases:
            for made in (placed(codes, corners, rng) for _ in range(EACH)):
                if made is None:
                    continue
                laid, moved = made
                x, y = moved.T
                side = float(np.sqrt(abs((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) / 2 / 24))
                charts = find_charts(jpeg(disturb(laid, moved, side, rng), int(rng.integers(60, 95))))
                away = [np.hypot(*(one.corners - moved).T).max() for one in charts if one.kind == "classic"]
                hits.append(min(away, default=np.inf) < WITHIN * side)
        count, found = len(hits), int(np.sum(hits))
        told[name] = {"pictures": count, "found": found, "interval": wilson(found, count)}
    return told
