"""Patches: the noise of a sensor from one photograph with even fields of different lightness, such as a color chart.

Every field is cut into blocks of one color's sites. A plane through each block takes the light's shading out; the
median of the blocks' variances is the field's, so that dust and scratches do not count. What stays beside the noise is
the field's own texture and the sites' unequal response, both of which grow with the signal itself, not with its root:

    variance_dn = signal_dn / electrons_per_dn + offset_dn^2 + (texture signal_dn)^2

fitted to all colors' fields together, texture common to them, none of the terms negative, with the weights of the
variances' own errors. Where fields differ too little in lightness the terms cannot be told apart, which is an error.

Sources: ISO 15739:2023, 6.2 and annex A (noise of patches, low frequencies removed); Janesick, "Photon Transfer"
(2007), chapter 5 (three terms); Wilson & Hilferty, PNAS 17 (1931) (median of a chi-squared variable).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.calibrate.noise import SensorNoise, _triple
from twinlens.core.errors import ParameterError
from twinlens.core.fit import Fit

Array = npt.NDArray[Any]

BLOCK = 8  # sites of one color, along each side
PLANE = 3  # numbers of the plane that is taken out of a block
_FREEDOM = BLOCK * BLOCK - PLANE
_MEDIAN_OF_VARIANCE = (1 - 2 / (9 * _FREEDOM)) ** 3  # median / mean of a chi-squared variable
_MEDIAN_COST = np.pi / 2  # a median's variance, relative to a mean's
LEAST_BLOCKS = 3  # of one color in a field
LEAST_FIELDS = 6  # of one color
LEAST_RANGE = 4.0  # brightest over darkest field: below it the terms cannot be told apart
LEAST_SHOT = 0.02  # photon noise in the brightest field, relative to the other terms: below it there is none
NEAR_WHITE_SIGMAS = 5.0
PASSES = 12


@dataclass(frozen=True, eq=False)
class Fields:
    """Fields by color (N,) of 0, 1, 2: mean signal and variance in DN and how many blocks they are of."""

    color: Array
    signal: Array
    variance: Array
    blocks: Array

    def part(self, which: Array) -> Fields:
        return Fields(self.color[which], self.signal[which], self.variance[which], self.blocks[which])

    def __add__(self, other: Fields) -> Fields:
        pairs = ((getattr(self, key), getattr(other, key)) for key in ("color", "signal", "variance", "blocks"))
        return Fields(*(np.concatenate(pair) for pair in pairs))


def fields(mosaic: Array, colors: Array, masks: Sequence[tuple[slice, slice, Array]], white: float) -> Fields:
    """The fields of one photograph: `mosaic` (H, W) in DN above black, `colors` (H, W) of 0, 1, 2 for the sites, a
    Bayer pattern. `masks` are the fields, each rows, columns and (h, w) bool of the sites that belong to it. Fields too
    small, or nearer than five sigmas to `white`, are left out."""
    found: list[tuple[int, float, float, int]] = []
    for rows, columns, inside in masks:
        for color in range(3):
            one = _field(mosaic[rows, columns], colors[rows, columns], inside, color)
            if one is not None and one[0] + NEAR_WHITE_SIGMAS * np.sqrt(one[1]) < white:
                found.append((color, *one))
    table = np.array(found, float).reshape(-1, 4)
    return Fields(table[:, 0].astype(int), table[:, 1], table[:, 2], table[:, 3])


def _field(mosaic: Array, colors: Array, inside: Array, color: int) -> tuple[float, float, int] | None:
    """Mean, variance and number of blocks of one color's sites in a field."""
    means, variances = [], []
    for y in range(2):
        for x in range(2):
            if colors[y::2, x::2].size and colors[y, x] == color:
                blocks = _blocks(mosaic[y::2, x::2], inside[y::2, x::2])
                means.append(blocks.mean(1))
                variances.append(_variances(blocks))
    count = sum(map(len, means))
    if count < LEAST_BLOCKS:
        return None
    variance = float(np.median(np.concatenate(variances))) / _MEDIAN_OF_VARIANCE
    return float(np.median(np.concatenate(means))), variance, count


def _blocks(plane: Array, inside: Array) -> Array:
    """(blocks, BLOCK * BLOCK) of sites, those blocks that lie wholly inside."""
    height, width = (length // BLOCK * BLOCK for length in plane.shape)
    if not height or not width:
        return np.empty((0, BLOCK * BLOCK))

    def cut(values: Array) -> Array:
        tiles = values[:height, :width].reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK)
        return tiles.swapaxes(1, 2).reshape(-1, BLOCK * BLOCK)

    return cut(plane)[cut(inside).all(1)].astype(float)


def _variances(blocks: Array) -> Array:
    """(blocks,) without a plane through each."""
    y, x = np.divmod(np.arange(BLOCK * BLOCK), BLOCK)
    basis = np.linalg.qr(np.stack([np.ones(BLOCK * BLOCK), x, y], 1))[0]
    left = blocks - (blocks @ basis) @ basis.T
    return np.square(left).sum(1) / _FREEDOM


def fit_noise_from_fields(
    found: Fields, *, white: float, black: float = 0.0, iso: float | None = None
) -> Fit[SensorNoise]:
    """The noise of a sensor from the fields of one photograph or several alike; `prnu` of the result is the texture of
    fields and sites together, row noise is within read noise, the full well is not known.

    The residual is the relative error of the variances along the line, rms; held out: of every second field by the
    others. Raises ParameterError where fields are too few or too alike.
    """
    for color, name in enumerate(("red", "green", "blue")):
        signal = found.signal[found.color == color]
        if len(signal) < LEAST_FIELDS or signal.max() < LEAST_RANGE * max(signal.min(), 1e-9):
            raise ParameterError(
                f"{len(signal)} {name} fields can be measured, {LEAST_FIELDS} are needed, the brightest "
                f"{LEAST_RANGE:g} times the darkest: let the chart fill the frame, in focus, not clipped"
            )
    terms = _terms(found)
    errors = _errors(found, terms)
    value = SensorNoise(
        iso=iso,
        electrons_per_dn=_triple(1 / terms[:3]),
        read_noise_dn=_triple(np.sqrt(terms[3:6])),
        full_well_dn=_triple([float("nan")] * 3),
        brightest_dn=_triple(found.signal[found.color == color].max() for color in range(3)),
        row_noise_dn=float("nan"),
        prnu=float(np.sqrt(terms[6])),
        black_dn=black,
        white_dn=white,
        defects=np.empty((0, 2), int),
    )
    return Fit(value, float(np.sqrt(np.mean(errors**2))), "relative variance", len(errors), _held_out(found))


def _design(found: Fields) -> Array:
    """(N, 7): 1 / electrons per DN of each color, offset of each color, squared texture."""
    own = np.eye(3)[found.color]
    return np.column_stack([own * found.signal[:, None], own, np.square(found.signal)])


def _terms(found: Fields) -> Array:
    from scipy.optimize import nnls

    design = _design(found)
    expected = np.maximum(found.variance, 1e-9)
    terms = np.zeros(7)
    for _ in range(PASSES):
        weight = np.sqrt(found.blocks * _FREEDOM / (2 * _MEDIAN_COST)) / expected
        pull = np.minimum(1, 3 / np.maximum(np.abs(found.variance - design @ terms) * weight, 1e-9)) ** 0.5
        weight = weight * (pull if terms.any() else 1.0)
        scale = np.maximum(np.abs(design * weight[:, None]).max(0), 1e-30)
        terms = nnls(design * weight[:, None] / scale, found.variance * weight)[0] / scale
        expected = np.maximum(design @ terms, 1e-9)
    brightest = np.array([found.signal[found.color == color].max() for color in range(3)])
    if (terms[:3] * brightest < LEAST_SHOT * (terms[3:6] + terms[6] * brightest**2)).any() or not terms[:3].all():
        raise ParameterError(
            "the noise does not grow with light: the picture is processed, or its fields have a texture"
        )
    return terms


def _errors(found: Fields, terms: Array) -> Array:
    return found.variance / np.maximum(_design(found) @ terms, 1e-9) - 1


def _held_out(found: Fields) -> float | None:
    """Lines of every second field (in the order of their light) judged on the others; None where half is too few."""
    order = np.lexsort((found.signal, found.color))
    half = np.zeros(len(order), bool)
    half[order[::2]] = True
    if min(np.bincount(found.color[one], minlength=3).min() for one in (half, ~half)) < 3:
        return None
    try:
        errors = [_errors(found.part(~one), _terms(found.part(one))) for one in (half, ~half)]
    except ParameterError:
        return None
    return float(np.sqrt(np.mean(np.concatenate(errors) ** 2)))
