"""Sites: small windows of a scene in which fine detail is measured: straight edges, flat parts, low-contrast texture.

They are chosen once, in the scene's anchor, and cut out of every shot at its own pixels, so that all shots are judged
by the same things.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.record import record

Array = npt.NDArray[Any]

EDGE_HALF, FLAT_HALF = 16, 12  # px of the grid: half the side of a window
EDGES, FLATS, TEXTURES = 14, 28, 16
_STRIDE = 4  # px between windows that are looked at
_LEAST_STEP = 0.10  # of luma across an edge
_COHERENT = 0.90  # (l1 - l2) / (l1 + l2) of the structure tensor of an edge's window
_THIN_PX = 2.2  # spread of the gradient's energy across an edge
_MOST_FLAT = 0.03  # standard deviation of luma in a flat window
_TEXTURE = (0.012, 0.08)  # the same of a window of texture
_INCOHERENT = 0.6
_LUMA = (0.10, 0.90)  # of flat and texture windows, and not beyond of the sides of edges
_TINY = 1e-9
_LEAST_PX = 44  # side of a window in a shot's own pixels


@record(kw_only=True, eq=False)
class Sites:
    """Middles of windows (n, 2) as (x, y) in px of the grid."""

    edges: Array
    flats: Array
    textures: Array


@record(kw_only=True, eq=False)
class Crops:
    """Windows of one shot at its own pixels: lists of codes (h, w, 3) uint16, None where outside."""

    edges: list[Array | None]
    flats: list[Array | None]
    textures: list[Array | None]
    space: str


def chosen(luma: Array) -> Sites:
    """The sites of a picture's luma (h, w) 0 to 1."""
    spread, mean, low, high = _statistics(luma, FLAT_HALF)
    coherence, _ = _coherence(luma, FLAT_HALF)
    sound = (mean > _LUMA[0]) & (mean < _LUMA[1]) & (high < _LUMA[1] + 0.05) & (low > _LUMA[0] / 4)
    flats = _picked(np.where(sound & (spread < _MOST_FLAT), -spread, -np.inf), FLATS, FLAT_HALF)
    is_texture = sound & (spread > _TEXTURE[0]) & (spread < _TEXTURE[1]) & (coherence < _INCOHERENT)
    textures = _picked(np.where(is_texture, spread * (1 - coherence), -np.inf), TEXTURES, FLAT_HALF)
    return Sites(edges=_edges(luma), flats=flats, textures=textures)


def _statistics(luma: Array, half: int) -> tuple[Array, Array, Array, Array]:
    """Standard deviation, mean, least and largest value of the window about every pixel."""
    import cv2

    side = 2 * half
    mean = cv2.blur(luma, (side, side))
    spread = np.sqrt(np.maximum(cv2.blur(luma * luma, (side, side)) - mean**2, 0))
    kernel = np.ones((side, side), np.uint8)
    return spread, mean, cv2.erode(luma, kernel), cv2.dilate(luma, kernel)


def _coherence(luma: Array, half: int) -> tuple[Array, Array]:
    """Coherence of the structure tensor of the window about every pixel, and the spread (px) of the gradient's energy
    across its main direction."""
    import cv2

    smooth = cv2.GaussianBlur(luma, (0, 0), 1.0)
    dx, dy = cv2.Scharr(smooth, cv2.CV_32F, 1, 0) / 32, cv2.Scharr(smooth, cv2.CV_32F, 0, 1) / 32
    side = (2 * half, 2 * half)
    xx, yy, xy = (cv2.blur(one, side) for one in (dx * dx, dy * dy, dx * dy))
    split = np.hypot(xx - yy, 2 * xy)
    coherence = split / np.maximum(xx + yy, _TINY)
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)
    energy = dx * dx + dy * dy
    y, x = np.mgrid[: luma.shape[0], : luma.shape[1]].astype(np.float64)
    total = np.maximum(cv2.blur(energy.astype(np.float64), side), _TINY)
    first = [cv2.blur(energy * one, side) / total for one in (x, y)]
    second = [cv2.blur(energy * one, side) / total for one in (x * x, y * y, x * y)]
    cos, sin = np.cos(angle), np.sin(angle)
    across = (
        cos**2 * (second[0] - first[0] ** 2)
        + sin**2 * (second[1] - first[1] ** 2)
        + 2 * cos * sin * (second[2] - first[0] * first[1])
    )
    off = np.abs(cos * (first[0] - x) + sin * (first[1] - y))
    thin = np.sqrt(np.maximum(across, 0)) + np.maximum(off - 1, 0)
    return coherence, thin


def _edges(luma: Array) -> Array:
    coherence, thin = _coherence(luma, EDGE_HALF)
    spread, _, low, high = _statistics(luma, EDGE_HALF)
    sound = (coherence > _COHERENT) & (thin < _THIN_PX) & (2 * spread > _LEAST_STEP)
    sound &= (high < _LUMA[1] + 0.06) & (low > 0.03)
    return _picked(np.where(sound, coherence / (thin + 0.1) * np.sqrt(spread), -np.inf), EDGES, EDGE_HALF)


def _picked(score: Array, most: int, half: int) -> Array:
    """Middles (n, 2) of the best windows that do not overlap, as (x, y)."""
    score = score[half:-half:_STRIDE, half:-half:_STRIDE].copy()
    found = []
    reach = 2 * half // _STRIDE
    while len(found) < most and score.size:
        row, column = np.unravel_index(int(np.argmax(score)), score.shape)
        if not np.isfinite(score[row, column]):
            break
        found.append((column * _STRIDE + half, row * _STRIDE + half))
        score[max(row - reach, 0) : row + reach + 1, max(column - reach, 0) : column + reach + 1] = -np.inf
    return np.array(found, float).reshape(-1, 2)


def cut(codes: Array, space: str, from_grid: Array, sites: Sites) -> Crops:
    """The windows of a shot, whose codes (H, W, 3) uint8 or uint16 are given and whose (x, y) `from_grid` gives."""
    told = {
        name: [_window(codes, from_grid, at, half) for at in getattr(sites, name)]
        for name, half in (("edges", EDGE_HALF), ("flats", FLAT_HALF), ("textures", FLAT_HALF))
    }
    return Crops(space=space, **told)


def _window(codes: Array, from_grid: Array, at: Array, half: int) -> Array | None:
    corners = np.array([[-half, -half], [half, -half], [half, half], [-half, half]]) + at
    there = corners @ from_grid[:, :2].T + from_grid[:, 2]
    there = there[:, :2] / there[:, 2:]
    middle, side = there.mean(axis=0), max(float(np.sqrt(np.prod(np.ptp(there, axis=0)))), _LEAST_PX)
    x, y = (round(float(value) - side / 2) for value in middle)
    size = round(side)
    if x < 0 or y < 0 or x + size > codes.shape[1] or y + size > codes.shape[0]:
        return None
    window = np.ascontiguousarray(codes[y : y + size, x : x + size])
    return window.astype(np.uint16) * np.uint16(257) if window.dtype == np.uint8 else window
