"""Hue and saturation: the hue/saturation/value tables and the hue-keeping tone curve of DNG color profiles.

Source: Digital Negative Specification 1.7.1, chapter 6 (Hue/Saturation/Value Mapping Table; ProfileToneCurve).
Pixels are linear ProPhoto RGB. Two things differ from clipping arithmetic, so that scene light keeps its range:
values above 1 take the table's last value row and are scaled like it, and a saturation above 1 (a negative channel)
is not cut but never raised.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics.color import decode, encode

Array = npt.NDArray[Any]

CURVE_STEPS = 4096  # of a sampled tone curve, evenly spaced in the square root of its input


def hsv_from_rgb(rgb: Array) -> tuple[Array, Array, Array]:
    """Hue 0 to 6, saturation and value of (..., 3)."""
    red, green, blue = np.moveaxis(rgb, -1, 0)
    value, low = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
    spread = value - low
    safe = np.where(spread > 0, spread, 1)
    hue = np.where(
        red == value,
        (green - blue) / safe,
        np.where(green == value, 2 + (blue - red) / safe, 4 + (red - green) / safe),
    )
    hue = np.where(spread > 0, np.where(hue < 0, hue + 6, hue), 0)
    return hue, np.where(value > 0, spread / np.where(value > 0, value, 1), 0), value


def rgb_from_hsv(hue: Array, saturation: Array, value: Array) -> Array:
    """(..., 3) of hue (any multiple of 6 away), saturation and value."""
    turned = np.stack([hue + 5, hue + 3, hue + 1], -1)
    turned = turned - 6 * np.floor(turned / 6)
    ramp = np.clip(np.minimum(turned, 4 - turned), 0, 1)
    return value[..., None] * (1 - saturation[..., None] * ramp)


def apply_hue_sat(rgb: Array, table: Array, srgb_values: bool, before: Array, after: Array) -> Array:
    """`after` @ table(`before` @ rgb) of pixels (..., 3).

    `table` (hues, saturations, values, 3) holds hue shift in degrees, saturation scale, value scale; `srgb_values`
    says that its value axis and value scale are of sRGB-encoded value (counts only with two values or more).
    """
    rgb = np.asarray(rgb, np.float32) @ np.asarray(before, np.float32).T
    hue, saturation, value = hsv_from_rgb(rgb)
    hues, saturations, values = table.shape[:3]
    coded = encode(np.maximum(value, 0)) if srgb_values and values > 1 else value
    at_hue = hue * np.float32(hues / 6 if hues > 1 else 0)
    at_saturation = np.clip(saturation, 0, 1) * (saturations - 1)
    at_value = np.clip(coded, 0, 1) * (values - 1)
    h0, s0, v0 = (
        np.clip(np.floor(at).astype(int), 0, last)
        for at, last in ((at_hue, hues - 1), (at_saturation, max(saturations - 2, 0)), (at_value, max(values - 2, 0)))
    )
    h1, s1, v1 = (h0 + 1) % hues, np.minimum(s0 + 1, saturations - 1), np.minimum(v0 + 1, values - 1)
    fh, fs, fv = (
        (at - low)[..., None].astype(np.float32) for at, low in ((at_hue, h0), (at_saturation, s0), (at_value, v0))
    )

    def along_saturation(h: Array, v: Array) -> Array:
        return table[h, s0, v] * (1 - fs) + table[h, s1, v] * fs

    def plane(v: Array) -> Array:
        return along_saturation(h0, v) * (1 - fh) + along_saturation(h1, v) * fh

    found = plane(v0) * (1 - fv) + plane(v1) * fv
    hue = hue + found[..., 0] / 60
    changed = np.minimum(saturation * found[..., 1], np.maximum(saturation, 1))
    new_value = decode(coded * found[..., 2]) if srgb_values and values > 1 else value * found[..., 2]
    result = np.where((value > 0)[..., None], rgb_from_hsv(hue, changed, new_value), rgb)
    return (result @ np.asarray(after, np.float32).T).astype(np.float32)


def apply_rgb_tone(rgb: Array, curve: Array, before: Array, after: Array) -> Array:
    """`after` @ tone(`before` @ rgb): `curve` (from `sampled_curve`) on the largest and the smallest channel; the
    middle one keeps its place between them, which keeps the hue. Input beyond 0 to 1 is clipped first."""
    rgb = np.clip(np.asarray(rgb, np.float32) @ np.asarray(before, np.float32).T, 0, 1)
    high, low = rgb.max(-1, keepdims=True), rgb.min(-1, keepdims=True)
    new_high, new_low = _look_up(curve, high), _look_up(curve, low)
    place = (rgb - low) / np.maximum(high - low, 1e-9)
    return ((new_low + (new_high - new_low) * place) @ np.asarray(after, np.float32).T).astype(np.float32)


def _look_up(curve: Array, value: Array) -> Array:
    at = np.sqrt(value) * np.float32(len(curve) - 1)
    low = np.minimum(at.astype(np.int32), len(curve) - 2)
    return curve[low] + (curve[low + 1] - curve[low]) * (at - low)


def sampled_curve(points: Array | None) -> Array:
    """A tone curve given as points (n, 2), input rising, as 4097 float32 samples evenly spaced in sqrt(input).

    Between the points it is the natural cubic spline (DNG 1.7.1, ProfileToneCurve), beyond them constant. None:
    identity.
    """
    at = np.square(np.linspace(0, 1, CURVE_STEPS + 1))
    if points is None or len(points) < 2:
        return at.astype(np.float32)
    x, y = np.asarray(points, float).T
    x, keep = np.unique(x, return_index=True)
    y = y[keep]
    if len(x) < 3:
        return np.interp(at, x, y).astype(np.float32)
    bend = _natural_bend(x, y)
    inside = np.clip(at, x[0], x[-1])
    i = np.clip(np.searchsorted(x, inside, side="right") - 1, 0, len(x) - 2)
    step = x[i + 1] - x[i]
    a, b = (x[i + 1] - inside) / step, (inside - x[i]) / step
    curve = a * y[i] + b * y[i + 1] + ((a**3 - a) * bend[i] + (b**3 - b) * bend[i + 1]) * step**2 / 6
    return np.clip(curve, 0, 1).astype(np.float32)


def _natural_bend(x: Array, y: Array) -> Array:
    """Second derivatives at the points: zero at both ends (the tridiagonal system, solved by elimination)."""
    step, slope = np.diff(x), np.diff(y) / np.diff(x)
    diagonal = 2 * (step[:-1] + step[1:])
    right = 6 * np.diff(slope)
    for i in range(1, len(right)):
        factor = step[i] / diagonal[i - 1]
        diagonal[i] -= factor * step[i]
        right[i] -= factor * right[i - 1]
    bend = np.zeros(len(x))
    for i in range(len(right) - 1, -1, -1):
        bend[i + 1] = (right[i] - step[i + 1] * bend[i + 2]) / diagonal[i]
    return bend
