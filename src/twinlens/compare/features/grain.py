"""Grain: noise and texture in small windows, at equal picture height.

Windows of pictures with more pixels are reduced to the height of the scene's smallest picture. Noise is what is left of
a flat window's codes after a smooth surface; the flattest windows, judged over all shots, are used. Texture kept is the
root of the power of low-contrast texture in a band of high frequencies, the power of the shot's own noise taken away,
over that in a band of low frequencies, which neither sharpening nor denoising changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare.features.sites import Crops
from twinlens.compare.sets_read import linear_table
from twinlens.numerics.color import encode, rgb_from_rgb

Array = npt.NDArray[Any]

KEYS = ("noise", "noise_chroma", "noise_grain", "texture")
FLATTEST = 8
_LEAST_WINDOWS = 3
_LEAST_NOISE, _LEAST_COLOR_NOISE = 0.1, 0.25  # codes: less is what rounding and the JPEG leave
_LOW_BAND, _HIGH_BAND = (0.0, 0.08), (0.15, 0.40)  # cycles a pixel of the smallest picture
_LUMA = np.array([0.2126, 0.7152, 0.0722])  # of sRGB, ITU-R BT.709
_CB, _CR = 1.8556, 1.5748  # BT.709: scale of color differences
_CODES = 255.0
_SAME_SIZE = 0.03


def measured(crops: Sequence[Crops], heights: Sequence[int], sets: Array) -> dict[str, Array]:
    """Values (N,) by key."""
    least = min(heights)
    told = {key: np.full(len(crops), np.nan) for key in KEYS}
    flats = _planes(crops, heights, least, "flats")
    if not flats:
        return told
    spreads = np.array([[_spread(window) for window in row] for row in flats])  # (windows, N, 3)
    order = np.argsort(_over_sets(np.log(np.maximum(spreads[..., 0], _LEAST_NOISE)), sets), kind="stable")[:FLATTEST]
    if len(order) < _LEAST_WINDOWS:
        return told
    luma, blue, red = np.moveaxis(np.median(spreads[order], axis=0), -1, 0)
    luma, color = np.maximum(luma, _LEAST_NOISE), np.maximum(np.sqrt((blue**2 + red**2) / 2), _LEAST_COLOR_NOISE)
    told["noise"], told["noise_chroma"] = 100 * np.log(luma), 100 * np.log(color / luma)
    spectra = [_mean_spectrum([flats[index][shot] for index in order]) for shot in range(len(crops))]
    told["noise_grain"] = np.array([-100 * np.log(np.sum(f * f * p) / np.sum(f * p)) for f, p in spectra])
    told["texture"] = _texture(_planes(crops, heights, least, "textures"), spectra)
    return told


def _over_sets(values: Array, sets: Array) -> Array:
    """Mean (windows,) over sets of equal weight of values (windows, N)."""
    return np.mean([values[:, sets == one].mean(axis=1) for one in np.unique(sets)], axis=0)


def _planes(crops: Sequence[Crops], heights: Sequence[int], least: int, kind: str) -> list[list[Array]]:
    """For each window that all shots have: its planes (3, h, w) of luma, Cb, Cr codes of each shot, without trend."""
    rows = []
    for own in zip(*(getattr(one, kind) for one in crops), strict=True):
        if all(one is not None for one in own):
            shots = zip(own, crops, heights, strict=True)
            rows.append([_plane(codes, shot.space, least / height) for codes, shot, height in shots])
    return rows


def _plane(codes: Array, space: str, scale: float) -> Array:
    import cv2

    rgb = codes.astype(np.float32) * np.float32(_CODES / 65535)
    if space != "srgb":
        light = np.take(linear_table(space), codes) @ rgb_from_rgb("srgb", space).T
        rgb = (_CODES * encode(light)).astype(np.float32)
    if scale < 1 - _SAME_SIZE:
        size = round(rgb.shape[1] * scale), round(rgb.shape[0] * scale)
        rgb = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    luma = rgb @ _LUMA
    planes = np.stack([luma, (rgb[..., 2] - luma) / _CB, (rgb[..., 0] - luma) / _CR])
    return planes - _trend(planes)


def _trend(planes: Array) -> Array:
    """The smooth surface (a polynomial of second degree) of planes (3, h, w)."""
    _, height, width = planes.shape
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    columns = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=-1).reshape(-1, 6)
    fit = np.linalg.solve(columns.T @ columns, columns.T @ planes.reshape(3, -1).T)
    return (columns @ fit).T.reshape(planes.shape)


def _spread(planes: Array) -> Array:
    return planes.reshape(3, -1).std(axis=1)


def _mean_spectrum(windows: Sequence[Array]) -> tuple[Array, Array]:
    """Frequency (n,) and mean power (n,) of the luma of windows."""
    from twinlens.measure.texture import spectrum

    with np.errstate(invalid="ignore"):  # rings without a frequency, in small windows
        found = [spectrum(one[0]) for one in windows]
    found = [(f[np.isfinite(p)], p[np.isfinite(p)]) for f, p in found]
    frequency = found[0][0]
    return frequency, np.mean([np.interp(frequency, f, p) for f, p in found], axis=0)


def _texture(windows: list[list[Array]], noises: Sequence[tuple[Array, Array]]) -> Array:
    """100 ln of the texture kept by each shot."""
    kept = np.full(len(noises), np.nan)
    if len(windows) < _LEAST_WINDOWS:
        return kept
    for shot, (noise_at, noise) in enumerate(noises):
        frequency, power = _mean_spectrum([row[shot] for row in windows])
        own = power - np.interp(frequency, noise_at, noise)
        low, high = (_band(frequency, own, band) for band in (_LOW_BAND, _HIGH_BAND))
        if low > 0 and high > 0:
            kept[shot] = 50 * np.log(high / low)
    return kept


def _band(frequency: Array, power: Array, band: tuple[float, float]) -> float:
    """Power in a band, by area of the frequency plane."""
    inside = (frequency > band[0]) & (frequency <= band[1])
    return float(np.sum(power[inside] * frequency[inside] * np.gradient(frequency)[inside])) if inside.any() else 0.0
