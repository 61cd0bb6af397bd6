"""Uneven light: a chart's color and the smooth shading over it, fitted together.

A light booth, a lens without its gain map, a wall lamp from one side: each patch is brighter or darker by a factor that
changes smoothly over the chart and is the same for all channels. Its logarithm is a second-degree polynomial of the
patch's place (five terms; a constant is the exposure), found in turns with the color model from the differences of
luminance, with patches far off counting less. Where a patch is left out, the shading is found without it too.

Source of the weights: P. J. Huber, "Robust Estimation of a Location Parameter", Ann. Math. Statist. 35 (1964).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.calibrate.color import MATRIX_NOTE, ColorFit, fit_color, matrix_note
from twinlens.calibrate.color_errors import ErrorSummary, delta_e, left_out_model
from twinlens.calibrate.color_input import ChartShot, chart_shot
from twinlens.calibrate.light_evidence import by_edition
from twinlens.core.errors import ParameterError
from twinlens.numerics.sensitivity import estimate
from twinlens.numerics.sensor_prior import Prior, bundled_prior

Array = npt.NDArray[Any]

FIRST_TURNS, TURNS = 30, 2  # with a 3x3 matrix, which is quick; then with the model
HUBER = 0.05  # of log luminance: larger differences count with their size only
DARKEST = 0.04  # luminance: darker patches say little of the light and much of glare


def fit_color_in_uneven_light(
    camera_rgb: Array, centers: Array, target: Any, light: Any = None, *, prior: Prior | None = None
) -> tuple[ColorFit, Array]:
    """The color fit of a chart in uneven light, and the light (N,) on each patch, mean 1.

    `camera_rgb` (N, 3), `target` and `light` as for `fit_color`; `centers` (N, 2) are the patches' places in pixels.
    The errors of left-out patches (`left_out`, `held_out`) are those of color and shading made without the patch.
    """
    rgb, centers = np.array(camera_rgb, float), np.asarray(centers, float)
    if centers.shape != (len(rgb), 2):
        raise ParameterError(f"centers: expected a place (x, y) for each of {len(rgb)} patches, got {centers.shape}")
    prior = bundled_prior() if prior is None else prior
    target, told = by_edition(rgb, target, light, prior)
    if light is None:
        light = fit_color(rgb, target, prior=prior).value.light_name
    shot = chart_shot(rgb, target, light)
    basis = _basis(centers)
    shading = np.zeros(len(rgb))
    without = shading
    for turn in range(FIRST_TURNS + TURNS):
        even = rgb * np.exp(shading)[:, None]
        seen = _by_matrix(even, shot.xyz) if turn < FIRST_TURNS else fit_color(even, target, light).value.to_xyz(even)
        wanted = shading + np.log(np.maximum(shot.xyz[:, 1], 1e-4) / np.maximum(seen[:, 1], 1e-4))
        weight = _weights(wanted - shading, shot.xyz[:, 1])
        shading, without = _smooth(basis, wanted, weight)
    even = rgb * np.exp(shading)[:, None]
    fit = fit_color(even, target, light, prior=prior)
    fit = _judged(fit, chart_shot(even, target, light), rgb * np.exp(without)[:, None], prior)
    fit = replace(fit, notes=(*told, *fit.notes, _note(shading)))
    level = np.exp(-shading)
    return fit, level / level.mean()


def _basis(centers: Array) -> Array:
    """(N, 5) terms of place, each of mean 0."""
    u = (centers - centers.mean(0)) / np.ptp(centers, axis=0).max()
    x, y = u.T
    terms = np.stack([x, y, x * x, x * y, y * y], 1)
    return terms - terms.mean(0)


def _by_matrix(rgb: Array, xyz: Array) -> Array:
    return rgb @ _matrix(rgb, xyz)


def _matrix(rgb: Array, xyz: Array) -> Array:
    return np.linalg.lstsq(rgb, xyz, rcond=None)[0]


def _weights(difference: Array, luminance: Array) -> Array:
    """Roots of the weights (N,)."""
    return np.sqrt(np.minimum(1, HUBER / np.maximum(np.abs(difference), 1e-9))) * (luminance > DARKEST)


def _smooth(basis: Array, wanted: Array, weight: Array) -> tuple[Array, Array]:
    """The smooth part (N,) of what is wanted, and for each patch that of a fit without it (in closed form)."""
    design = np.column_stack([np.ones(len(basis)), basis]) * weight[:, None]
    inverse = np.linalg.pinv(design)
    coefficients = inverse @ (wanted * weight)
    full = np.column_stack([np.ones(len(basis)), basis])
    smooth = full @ coefficients
    leverage = np.clip(np.einsum("ni,in->n", design, inverse), 0, 0.95)
    without = smooth - leverage / (1 - leverage) * (wanted - smooth)
    without = np.where(weight > 0, without, smooth)
    return smooth - coefficients[0], without - coefficients[0]


def _judged(fit: ColorFit, shot: ChartShot, without: Array, prior: Prior) -> ColorFit:
    """The fit with the errors of left-out patches: each read with a shading and a sensor, or a 3x3 matrix, that were
    found without it; and the matrix in the model's place where it is better so."""
    found = estimate([shot.response], prior)
    errors = left_out_model(replace(shot, rgb=without), found)
    plain_errors, matrix = _left_out_plain(shot, without)
    is_plain = bool(plain_errors.mean() < errors.mean())
    model = replace(fit.value, plain_matrix=matrix if is_plain else None)
    seen = shot.rgb if is_plain or fit.veil is None else shot.rgb - fit.veil
    on_patches = delta_e(model.to_xyz(seen), shot.xyz, shot.light)
    notes = [one for one in fit.notes if MATRIX_NOTE not in one]
    if is_plain:
        notes.append(matrix_note(plain_errors.mean(), errors.mean()))
    return replace(
        fit, value=model, residual=float(on_patches.mean()), held_out=float(min(errors.mean(), plain_errors.mean())),
        patches=ErrorSummary.of(on_patches), left_out=ErrorSummary.of(errors),
        plain_left_out=ErrorSummary.of(plain_errors), notes=tuple(notes),
    )  # fmt: skip


def _left_out_plain(shot: ChartShot, without: Array) -> tuple[Array, Array]:
    """The error (N,) of each patch by a 3x3 least-squares matrix and a shading made without it, and the matrix (xyz
    from camera) from all."""
    others = ~np.eye(len(shot.rgb), dtype=bool)
    guesses = [one @ _matrix(shot.rgb[keep], shot.xyz[keep]) for one, keep in zip(without, others, strict=True)]
    return delta_e(np.array(guesses), shot.xyz, shot.light), _matrix(shot.rgb, shot.xyz).T


def _note(shading: Array) -> str:
    return f"the light changes by {np.expm1(np.ptp(shading)):.0%} over the chart; it was fitted and evened"
