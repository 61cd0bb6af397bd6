"""Root-polynomial: a color map that is exact under any change of exposure.

Camera RGB becomes 13 terms of degree 1 (the channels, and the roots of their products of degree 2 and 3), and one
13 x 3 matrix takes them to XYZ: rgb scaled by k gives XYZ scaled by k. The matrix minimises the color difference
(CIEDE2000, linearised at each true color) over a set of known colors, every region of color counting alike.

Source: Finlayson, Mackiewicz & Hurlbert, "Color Correction Using Root-Polynomial Regression", IEEE Trans. Image
Processing 24 (2015), equation 8 (the terms). Metric: ISO/CIE 11664-6:2022. Smallest absolute errors by reweighting:
Weiszfeld (1937).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics.color import lab_from_xyz

Array = npt.NDArray[Any]

EXPONENTS = np.array(  # of red, green, blue in each term; they add up to 1
    [(6, 0, 0), (0, 6, 0), (0, 0, 6), (3, 3, 0), (0, 3, 3), (3, 0, 3), (2, 4, 0), (0, 2, 4), (2, 0, 4), (4, 2, 0),
     (0, 4, 2), (4, 0, 2), (2, 2, 2)]
) / 6  # fmt: skip
TERMS = len(EXPONENTS)
DENSITY_WIDTH = 8.0  # Delta E of the Gaussian that measures how crowded a color is
RIDGE = 1e-9  # of the mean square of the terms
PASSES = 8  # of the reweighting that turns squared errors into absolute ones
SMALLEST_ERROR = 0.2  # Delta E below which an error counts as a square


def terms(rgb: Array) -> Array:
    """The 13 terms (..., 13) of camera RGB (..., 3); channels below zero count as zero within the roots."""
    rgb = np.asarray(rgb)
    red, green, blue = np.moveaxis(np.maximum(rgb, 0), -1, 0)
    roots = np.stack([np.sqrt(red * green), np.sqrt(green * blue), np.sqrt(red * blue)], -1)
    r, g, b = np.cbrt(red), np.cbrt(green), np.cbrt(blue)
    cubes = np.stack([r * g * g, g * b * b, r * b * b, g * r * r, b * g * g, b * r * r, r * g * b], -1)
    return np.concatenate([rgb, roots, cubes], -1)


def apply(rgb: Array, matrix: Array) -> Array:
    """The map of camera RGB (..., 3) by a matrix (13, 3)."""
    return terms(rgb) @ matrix


def at_grey(matrix: Array) -> Array:
    """The 3x3 that a map (13, 3) is for small changes of a grey: d(out)/d(rgb)."""
    return matrix.T @ EXPONENTS


def metric(xyz: Array, white_xyz: Array) -> Array:
    """d(Delta E 2000)/d(XYZ) at each color: (..., 3, 3), so that |metric @ dxyz| is the Delta E of a small dxyz.

    `xyz` (..., 3) and the white (3,) are relative, white at Y = 1.
    """
    ratio = np.maximum(np.asarray(xyz, float) / white_xyz, 1e-4)
    slope = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio) ** -2 / 3, (29 / 6) ** 2 / 3) / white_xyz
    x, y, z = np.moveaxis(slope, -1, 0)
    zero = np.zeros_like(x)
    lab_from = np.stack(
        [np.stack([zero, 116 * y, zero], -1), np.stack([500 * x, -500 * y, zero], -1),
         np.stack([zero, 200 * y, -200 * z], -1)], -2
    )  # fmt: skip
    return _difference_from_lab(lab_from_xyz(xyz, white_xyz)) @ lab_from


def _difference_from_lab(lab: Array) -> Array:
    """(..., 3, 3): small steps of L*, a*, b* as lightness, chroma and hue steps of CIEDE2000, its rotation included."""
    lightness, a, b = np.moveaxis(lab, -1, 0)
    seventh = np.hypot(a, b) ** 7
    g = 1.5 - 0.5 * np.sqrt(seventh / (seventh + 25.0**7))
    chroma = np.maximum(np.hypot(g * a, b), 1e-6)
    cosine, sine, hue = g * a / chroma, b / chroma, np.arctan2(b, g * a)
    t = (1 - 0.17 * np.cos(hue - np.radians(30)) + 0.24 * np.cos(2 * hue) + 0.32 * np.cos(3 * hue + np.radians(6))
         - 0.20 * np.cos(4 * hue - np.radians(63)))  # fmt: skip
    s_l = 1 + 0.015 * (lightness - 50) ** 2 / np.sqrt(20 + (lightness - 50) ** 2)
    s_c, s_h = 1 + 0.045 * chroma, 1 + 0.015 * chroma * t
    turn = -np.sin(np.radians(60) * np.exp(-((((np.degrees(hue) % 360) - 275) / 25) ** 2)))
    turn = turn * 2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    zero = np.zeros_like(chroma)
    # dC^2 + dH^2 + turn dC dH = (dC + turn/2 dH)^2 + (1 - turn^2/4) dH^2
    rest = np.sqrt(1 - turn**2 / 4)
    dc = np.stack([zero, g * cosine / s_c, sine / s_c], -1)
    dh = np.stack([zero, -g * sine / s_h, cosine / s_h], -1)
    dl = np.stack([1 / s_l, zero, zero], -1)
    return np.stack([dl, dc + turn[..., None] / 2 * dh, rest[..., None] * dh], -2)


def even_weights(lab: Array, width: float = DENSITY_WIDTH) -> Array:
    """Weights (N,), mean 1, that make every region of color count alike: the inverse of the density in L*a*b*."""
    distance = np.square(lab[:, None] - lab[None]).sum(-1)
    weight = 1 / np.exp(-distance / (2 * width**2)).sum(1)
    return weight / weight.mean()


def fit(
    features: Array,
    xyz: Array,
    white_xyz: Array,
    weight: Array | None = None,
    exact: Array | None = None,
    passes: int = PASSES,
    local: Array | None = None,
) -> Array:
    """The matrix (T, 3) with features @ matrix near `xyz`: least weighted Delta E.

    `features` (N, T) are the camera's RGB or its root-polynomial terms, `xyz` (N, 3) the truth, `weight` (N,). The
    features `exact` (T,) are to become `white_xyz` (3,) exactly. `local` is `metric(xyz, white_xyz)` where it is known.
    """
    weight = np.ones(len(xyz)) if weight is None else weight
    local = metric(xyz, white_xyz) if local is None else local
    scale = np.sqrt(np.mean(np.square(features), 0)) + 1e-300
    scaled = features / scale
    # unknowns ordered (output, term): the residual of sample i is local_i @ (scaled_i @ matrix - xyz_i)
    design = (local[:, :, :, None] * scaled[:, None, None, :]).reshape(len(xyz), 3, -1)
    wanted = (local @ xyz[..., None])[..., 0]
    bound = None if exact is None else np.kron(np.eye(3), exact / scale)
    sizes, found = np.ones(len(xyz)), np.zeros(0)
    for _ in range(passes):
        root = np.sqrt(weight / sizes)[:, None]
        found = _solve((design * root[..., None]).reshape(len(xyz) * 3, -1), (wanted * root).ravel(), bound, white_xyz)
        error = np.sqrt(np.square(design @ found - wanted).sum(1))
        sizes = np.maximum(error, SMALLEST_ERROR)
    return (found.reshape(3, -1) / scale).T


def _solve(design: Array, wanted: Array, bound: Array | None, target: Array) -> Array:
    """Least squares with a small ridge, and `bound @ found = target` exactly where it is given."""
    normal = design.T @ design
    normal[np.diag_indices_from(normal)] += RIDGE * np.trace(normal) / len(normal)
    right = design.T @ wanted
    if bound is None:
        return np.linalg.solve(normal, right)
    both = np.linalg.solve(normal, np.column_stack([right, bound.T]))
    free, along = both[:, 0], both[:, 1:]
    return free - along @ np.linalg.solve(bound @ along, bound @ free - target)
