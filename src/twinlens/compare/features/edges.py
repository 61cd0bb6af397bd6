"""Edges: sharpening as the mean profile of the scene's straight edges shows it: overshoot, halo, MTF.

In every window the edge is followed by a parabola; samples are placed by their distance from it, a quarter pixel a bin
(ISO 12233:2023, annexes D and E), dark side at 0 and bright side at 1. A shot's profile is the mean over the edges that
could be measured in all shots, so that all are judged by the same edges and noise does not pass for overshoot.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare.features.sites import Crops
from twinlens.compare.sets_read import linear_table
from twinlens.core.errors import ParameterError
from twinlens.core.record import record
from twinlens.measure.edge import OVERSAMPLING, EdgeResponse, binned, of_profile
from twinlens.numerics.color import xyz_from_rgb

Array = npt.NDArray[Any]

KEYS = ("edge_overshoot", "edge_undershoot", "halo_width", "mtf50", "mtf_high")
_ALONG, _ACROSS = 0.62, 0.72  # of half the window's side: how far samples lie from its middle
_BAND_PX = 5.0  # along the edge, of one place of it
_SEARCH_PX = 6.0  # about an edge, for its place
_SMOOTH_PX = 0.2  # sigma of the profile's smoothing before its extremes are read
_WIDTH_SMOOTH_PX = 0.5  # the same before a halo's width is: noise on its top would take the place of the peak
_LEAST_CONTRAST, _MOST_BEND = 0.06, 0.03
_LEAST_HALO = 0.03  # overshoot from which a halo has a width
_NOISE_SHARE = 0.25  # of the step: the largest spread at the outer ends of a usable profile
_MOST_CODE = 64500  # of 65535; a window that reaches it is clipped
_LEAST_SIDE = 24


@record(kw_only=True, eq=False)
class Profile:
    """An edge: `positions` (n,) px from it, `values` (n,), dark 0, bright 1."""

    positions: Array
    values: Array


def profile(codes: Array, space: str) -> Profile | None:
    """The profile of the edge in a window of codes (h, w, 3) uint16; None where it is no clean edge."""
    if min(codes.shape[:2]) < _LEAST_SIDE or int(codes.max()) > _MOST_CODE:
        return None
    light = np.take(linear_table(space), codes) @ xyz_from_rgb(space)[1].astype(np.float32)
    across, along, bend = _axes(light.astype(float))
    if bend is None:
        return None
    distance = across - np.polynomial.polynomial.polyval(along, bend)
    return _normalized(distance, light.ravel()[_inside(light.shape, across, along)[0]], across, along, light)


def _axes(light: Array) -> tuple[Array, Array, Array | None]:
    """Coordinates of the samples across and along the edge, from dark to bright, and the parabola that it follows."""
    import cv2

    smooth = cv2.GaussianBlur(light, (0, 0), 1.0)
    dy, dx = np.gradient(smooth)
    angle = 0.5 * np.arctan2(2 * np.sum(dx * dy), np.sum(dx * dx) - np.sum(dy * dy))
    cos, sin = np.cos(angle), np.sin(angle)
    if np.sum(dx * cos + dy * sin) < 0:
        cos, sin = -cos, -sin
    y, x = np.mgrid[: light.shape[0], : light.shape[1]].astype(float)
    x, y = x - x.mean(), y - y.mean()
    across, along = (x * cos + y * sin).ravel(), (y * cos - x * sin).ravel()
    return across, along, _followed(across, along, light.ravel(), min(light.shape) / 2)


def _followed(across: Array, along: Array, value: Array, half: float) -> Array | None:
    """Coefficients of the parabola through the places of the edge in bands along it."""
    reach = _ALONG * half
    edges = np.arange(-reach, reach + 1e-6, _BAND_PX)
    places = []
    for low, high in itertools.pairwise(edges):
        own = (along >= low) & (along < high) & (np.abs(across) < _ACROSS * half)
        place = _place(across[own], value[own])
        if place is not None:
            places.append(((low + high) / 2, place))
    if len(places) < 4:
        return None
    at, place = np.transpose(places)
    bend = np.polynomial.polynomial.polyfit(at, place, 2)
    left = place - np.polynomial.polynomial.polyval(at, bend)
    good = np.abs(left) <= max(3 * float(np.median(np.abs(left))), 0.15)
    if good.sum() < 4 or abs(bend[2]) * half > _MOST_BEND * half / 2:
        return None
    return np.polynomial.polynomial.polyfit(at[good], place[good], 2)


def _place(across: Array, value: Array) -> float | None:
    """Where a band crosses the edge: the centroid of its derivative near the steepest place."""
    index = np.rint(across).astype(int)
    low = int(index.min(initial=0))
    count = np.bincount(index - low)
    if len(count) < 8 or (count == 0).any():
        return None
    line = np.bincount(index - low, value) / count
    mean_at = np.bincount(index - low, across) / count
    steep = np.diff(line) / np.maximum(np.diff(mean_at), 0.2)
    at = (mean_at[1:] + mean_at[:-1]) / 2
    weight = np.maximum(steep, 0) * (np.abs(at - at[int(np.argmax(steep))]) < _SEARCH_PX)
    return float(np.sum(weight * at) / np.sum(weight)) if weight.sum() > 0 else None


def _inside(shape: tuple[int, ...], across: Array, along: Array) -> tuple[Array, float]:
    half = min(shape[:2]) / 2
    return (np.abs(across) < _ACROSS * half) & (np.abs(along) < _ALONG * half), half


def _normalized(distance: Array, value: Array, across: Array, along: Array, light: Array) -> Profile | None:
    inside, _ = _inside(light.shape, across, along)
    try:
        positions, values = binned(distance[inside], value.astype(float))
    except ParameterError:
        return None
    outer = max(len(positions) // 8, 2)
    ends = values[:outer], values[-outer:]
    low, high = float(np.median(ends[0])), float(np.median(ends[1]))
    step = high - low
    if step < _LEAST_CONTRAST * (high + low) or max(float(np.ptp(one)) for one in ends) > _NOISE_SHARE * step:
        return None
    return Profile(positions=positions, values=(values - low) / step)


def measured(crops: Sequence[Crops], heights: Sequence[int]) -> tuple[dict[str, Array], list[Profile | None]]:
    """Values (N,) by key of shots whose pictures have these heights, and their mean profiles."""
    table = [[profile(one, shot.space) if one is not None else None for one in shot.edges] for shot in crops]
    common = [index for index in range(len(table[0])) if all(row[index] is not None for row in table)]
    values = {key: np.full(len(crops), np.nan) for key in KEYS}
    profiles: list[Profile | None] = [None] * len(crops)
    if not common:
        return values, profiles
    for shot, row in enumerate(table):
        mean = _mean([one for index in common if (one := row[index]) is not None])
        profiles[shot] = mean
        if mean is not None:
            response = of_profile(mean.positions, mean.values, angle=float("nan"), contrast=float("nan"))
            for key, value in zip(KEYS, _told(mean, response, heights[shot], min(heights)), strict=True):
                values[key][shot] = value
    return values, profiles


def _mean(own: Sequence[Profile]) -> Profile | None:
    """Mean profile over edges, as far as all reach."""
    reach = min(min(-one.positions[0], one.positions[-1]) for one in own)
    number = int(reach * OVERSAMPLING)
    if number < 8 * OVERSAMPLING:
        return None
    positions = np.arange(-number, number + 1) / OVERSAMPLING
    return Profile(
        positions=positions, values=np.mean([np.interp(positions, p.positions, p.values) for p in own], axis=0)
    )


def _told(mean: Profile, response: EdgeResponse, height: int, least_height: int) -> tuple[float, ...]:
    """Overshoot, undershoot (% of the step), halo width (% of the height), 100 ln MTF50, MTF above Nyquist/2 (%)."""
    from scipy.ndimage import gaussian_filter1d

    values = gaussian_filter1d(mean.values, _SMOOTH_PX * OVERSAMPLING)
    over, under = max(float(values.max()) - 1, 0.0), max(-float(values.min()), 0.0)
    width = np.nan
    if over > _LEAST_HALO:
        halo = gaussian_filter1d(mean.values, _WIDTH_SMOOTH_PX * OVERSAMPLING) - 1
        width = 100 * half_width(mean.positions, halo) / height
    frequencies = np.linspace(least_height / 4, least_height / 2, 33) / height  # cycles a pixel of this picture
    high = 100 * float(np.mean([response.at(float(one)) for one in frequencies]))
    return 100 * over, 100 * under, width, 100 * float(np.log(response.mtf50 * height)), high


def half_width(positions: Array, values: Array) -> float:
    """Width (px) of the highest peak over 0 at half its height, its sides placed between samples by straight lines."""
    peak = int(np.argmax(values))
    level = values[peak] / 2
    if level <= 0:
        return float("nan")
    sides = []
    for way in (-1, 1):
        line = values[peak::way]
        below = np.flatnonzero(line <= level)
        at = float(len(line) - 1)  # samples from the peak: to the profile's end, or where it falls to the level
        if below.size:
            inner, outer = line[below[0] - 1], line[below[0]]
            at = below[0] - (level - outer) / (inner - outer)
        sides.append(at)
    return float(sum(sides)) * float(positions[1] - positions[0])
