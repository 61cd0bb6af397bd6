"""Sensitivity: estimates a camera's spectral sensitivities from what it recorded of known spectra.

The camera's three channels s are one Gaussian vector whose mean and covariance come from measured cameras, plus a
smooth residual for what no measured camera has. What was recorded is linear in it:

    rgb = exposure * (stimuli @ s + veil) + noise

with one veil (glare, stray light, black level) per channel and picture, so the most probable s and its covariance are
a linear solve. How large the residual and the noise are is not known beforehand: every pair of a small grid is solved
and weighs by its evidence, the probability of the data. The evidence also tells one light from another.

Sources: Jiang, Liu, Gu & Susstrunk, "What is the Space of Spectral Sensitivity Functions for Digital Color
Cameras?", WACV 2013 (the space); Rasmussen & Williams, "Gaussian Processes for Machine Learning" (2006), chapters 2
and 5 (the estimate, the evidence, leaving one out). The prior's numbers: `spectra/NOTICE.txt`, `tools/make_prior.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics.spectra import BANDS, WAVELENGTHS_NM, observer
from twinlens.numerics.spectra import table as spectra_table

Array = npt.NDArray[Any]

CHANNELS = 3
STATE = CHANNELS * BANDS

RESIDUALS = (0.02, 0.04, 0.08, 0.16)  # of a channel's peak: how far a new camera may lie from the measured ones
RESIDUAL_LENGTHS_NM = ((0.3, 10.0), (0.7, 30.0))  # share and length of what the residual is made of
RESIDUAL_FLOOR = 0.1  # the residual's part that does not follow the channel's height
SCALE_SD = 0.02  # of a channel's gain, after it is set from the data
EXPOSURE_SD = 0.05  # of a further picture's exposure, likewise
VEIL_SD, VEIL_CORRELATION = 0.05, 0.85  # of white; glare is nearly colorless
NOISES = (0.0002, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032)  # relative, of each channel for itself
COMMON_NOISE = 2.0  # x noise: of all channels of a patch together (uneven light, a patch that is darker than stated)
NOISE_FLOOR = 0.125  # x noise, of white
SCALE_PASSES = 3
MATRIX_NOISES = (0.003, 0.006, 0.012)  # how far makers' matrices lie from the least-squares ones of a chart
MATRIX_COMMON, MATRIX_FLOOR = 0.0, 1.0  # x that: alike for all entries
MATRIX_RESIDUALS = (0.02, 0.08)
WHITE_WEIGHT = 100.0  # patches that white counts as much as
LEAST_SHARE = 1e-3  # of the best explanation's probability: others do not count
APART = 0.3  # relative noise of a patch that is not believed: it has no say


@dataclass(frozen=True, eq=False)
class Prior:
    """Mean (93,) and covariance (93, 93) of sensitivities, R then G then B, each channel's sum 1."""

    mean: Array
    covariance: Array


@dataclass(frozen=True, eq=False)
class Response:
    """What a camera recorded: `rgb` (N, 3) of N known `stimuli` (N, 31), whose perfect white would be `white` (31,).

    `veiled` says whether stray light may have been added; `doubt` (31, 31) is the covariance of each stimulus about
    its stated value (none: exact); `trusted` (N,) names the patches that count (none: all). `common` and `floor` are
    the noise of a patch's channels together and of a black patch, as parts of the relative noise.
    """

    rgb: Array
    stimuli: Array
    white: Array
    veiled: bool = True
    doubt: Array | None = None
    trusted: Array | None = None
    common: float = COMMON_NOISE
    floor: float = NOISE_FLOOR


@dataclass(frozen=True, eq=False)
class Estimate:
    """Sensitivities (31, 3) with rgb = stimuli @ sensitivities in the first response's exposure, their covariance
    (93, 93; R, G, B one after the other), the veil (responses, 3) in the same unit and each response's exposure.

    `log_evidence` compares explanations of the same data. `left_out` (N, 31, 3) are the sensitivities without patch
    i and `left_out_veil` (N, 3) its veil then; `surprise` (N,) is how far patch i lies from what the others foretell, in
    standard deviations. The patches of all responses follow one another.
    """

    sensitivities: Array
    covariance: Array
    veil: Array
    exposure: Array
    log_evidence: float
    noise: float
    left_out: Array
    left_out_veil: Array
    surprise: Array

    def sd(self) -> Array:
        """The standard deviation (31, 3) of the sensitivities."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0)).reshape(CHANNELS, BANDS).T


def prior_from(sensitivities: Array) -> Prior:
    """The prior of measured cameras (C, 31, 3), each channel scaled to sum 1."""
    unit = sensitivities / sensitivities.sum(1, keepdims=True)
    flat = unit.transpose(0, 2, 1).reshape(len(unit), STATE)
    return Prior(flat.mean(0), np.cov(flat.T))


@cache
def bundled_prior() -> Prior:
    """The prior that comes with the program: 52 measured cameras."""
    return Prior(table("sensor_mean")[0], table("sensor_covariance"))


@cache
def table(name: str) -> Array:
    """The rows of a bundled table without header, read-only."""
    text = (resources.files("twinlens") / "spectra" / f"{name}.csv").read_text("utf-8")
    values = np.array([line.split(",") for line in text.splitlines() if not line.startswith("#")], float)
    values.setflags(write=False)
    return values


def chart_reflectances() -> Array:
    """The reflectances (24, 31) of a ColorChecker."""
    return np.stack(list(spectra_table("colorchecker").values()))


def unit_luminance(light: Array) -> Array:
    """A light's power scaled so that the perfect diffuser has Y = 1: sums with the observer are XYZ."""
    light = np.asarray(light, float)
    return light / float(light @ observer()[:, 1])


def prior_under(prior: Prior, light: Array, residual: float) -> Prior:
    """The prior of sensitivities that record white under `light` as (1, 1, 1), to first order, the residual included.

    `residual` is relative to each channel's peak.
    """
    mean = prior.mean.reshape(CHANNELS, BANDS)
    white = mean @ light
    turn = np.zeros((STATE, STATE))
    scaled = mean / white[:, None]
    for channel in range(CHANNELS):
        block = slice(BANDS * channel, BANDS * (channel + 1))
        turn[block, block] = (np.eye(BANDS) - np.outer(scaled[channel], light)) / white[channel]
    covariance = turn @ prior.covariance @ turn.T
    apart = np.square(WAVELENGTHS_NM[:, None] - WAVELENGTHS_NM)
    near = sum(share * np.exp(-apart / (2 * length**2)) for share, length in RESIDUAL_LENGTHS_NM)
    for channel, curve in enumerate(scaled):
        block = slice(BANDS * channel, BANDS * (channel + 1))
        size = residual * (RESIDUAL_FLOOR * curve.max() + (1 - RESIDUAL_FLOOR) * curve)
        covariance[block, block] += near * np.outer(size, size)
    flat = scaled.ravel()
    return Prior(flat, covariance + SCALE_SD**2 * np.outer(flat, flat))


def estimate(
    responses: Sequence[Response],
    prior: Prior | None = None,
    residuals: Sequence[float] = RESIDUALS,
    noises: Sequence[float] = NOISES,
) -> Estimate:
    """The sensitivities of the camera that recorded `responses`, averaged over the sizes of residual and noise."""
    prior = bundled_prior() if prior is None else prior
    solver = _Solver(tuple(responses))
    priors = [prior_under(prior, responses[0].white, residual) for residual in residuals]
    trials = [solver.explain(one, noise) for one in priors for noise in noises]
    evidence = np.array([one.log_evidence for one in trials])
    share = np.exp(evidence - evidence.max())
    total = float(evidence.max() + np.log(share.mean()))
    kept = share > LEAST_SHARE
    found = [solver.solve(one) for one, keep in zip(trials, kept, strict=True) if keep]
    return _averaged(found, share[kept] / share[kept].sum(), total)


def log_evidence(responses: Sequence[Response], prior: Prior, residual: float, noises: Sequence[float]) -> float:
    """The logarithm of the probability of `responses`, averaged over the noises: compares lights and targets."""
    solver = _Solver(tuple(responses))
    start = prior_under(prior, responses[0].white, residual)
    found = np.array([solver.explain(start, noise).log_evidence for noise in noises])
    return float(found.max() + np.log(np.exp(found - found.max()).mean()))


def _averaged(found: Sequence[Estimate], share: Array, evidence: float) -> Estimate:
    """The mixture of several estimates of the same data."""

    def mean(name: str) -> Any:
        return sum(w * getattr(one, name) for w, one in zip(share, found, strict=True))

    center = mean("sensitivities")
    covariance = np.zeros((STATE, STATE))
    for w, one in zip(share, found, strict=True):
        away = (one.sensitivities - center).T.ravel()
        covariance += w * (one.covariance + np.outer(away, away))
    names = ("veil", "exposure", "noise", "left_out", "left_out_veil", "surprise")
    return Estimate(center, covariance, log_evidence=evidence, **{name: mean(name) for name in names})


@dataclass(frozen=True, eq=False)
class _Trial:
    """One explanation of the data, before its details: what `_Solver.explain` found on its last turn."""

    start: Array
    spread: Array
    covariance: Array
    lower: Array
    away: Array
    gain: Array
    exposure: Array
    noise: float
    log_evidence: float


class _Solver:
    """The linear system of one set of responses: everything that does not depend on the prior's sizes."""

    def __init__(self, responses: tuple[Response, ...]) -> None:
        self.responses = responses
        self.sizes = [len(one.rgb) for one in responses]
        self.rows = sum(self.sizes)
        self.rgb = np.concatenate([one.rgb for one in responses]).astype(float)  # (N, 3)
        self.stimuli = np.concatenate([one.stimuli for one in responses])
        self.picture = np.repeat(np.arange(len(responses)), self.sizes)  # which response a row belongs to
        self.design = self._design()  # (N, 3, unknowns)
        self.veil = self._veil()

    def _design(self) -> Array:
        pictures = len(self.responses)
        design = np.zeros((self.rows, CHANNELS, STATE + CHANNELS * pictures))
        for channel in range(CHANNELS):
            design[:, channel, BANDS * channel : BANDS * (channel + 1)] = self.stimuli
            for picture, one in enumerate(self.responses):
                if one.veiled:
                    design[self.picture == picture, channel, STATE + CHANNELS * picture + channel] = 1
        return design

    def _veil(self) -> Array:
        one = VEIL_SD**2 * ((1 - VEIL_CORRELATION) * np.eye(CHANNELS) + VEIL_CORRELATION)
        return np.kron(np.eye(len(self.responses)), one)

    def explain(self, prior: Prior, noise: float) -> _Trial:
        """Set the scale, and weigh how well this prior and this noise explain the data."""
        start = np.concatenate([prior.mean, np.zeros(len(self.veil))])
        spread = np.zeros((start.size, start.size))
        spread[:STATE, :STATE], spread[STATE:, STATE:] = prior.covariance, self.veil
        flat = self.design.reshape(-1, start.size)
        cross = spread @ flat.T
        foretold, expected = flat @ cross, flat @ start
        gain, exposure = self._first_scale(prior)
        for turn in range(SCALE_PASSES):
            values = self.rgb / (exposure[self.picture, None] * gain)
            covariance = foretold + self._noise(values, prior, noise)
            lower = np.linalg.cholesky(covariance)
            away = values.ravel() - expected
            half = np.linalg.solve(lower, away)
            if turn < SCALE_PASSES - 1:
                state = start + cross @ np.linalg.solve(lower.T, half)
                gain, exposure = self._next_scale(state, gain, exposure, values)
        log_scale = (np.log(gain).sum() + CHANNELS * np.log(exposure))[self.picture].sum()
        evidence = float(-half @ half / 2 - np.log(np.diag(lower)).sum() - log_scale)
        return _Trial(start, spread, covariance, lower, away, gain, exposure, noise, evidence)

    def solve(self, trial: _Trial) -> Estimate:
        """The estimate of one explanation, in the unit of the first picture."""
        gain, exposure = trial.gain, trial.exposure
        flat = self.design.reshape(-1, trial.start.size)
        cross = trial.spread @ flat.T
        inverse = np.linalg.inv(trial.covariance)
        solved = inverse @ trial.away
        state = trial.start + cross @ solved
        posterior = trial.spread - cross @ inverse @ cross.T
        scale = np.repeat(gain, BANDS)
        veil = state[STATE:].reshape(-1, CHANNELS) * gain * exposure[:, None]
        return Estimate(
            _curves(state, gain), posterior[:STATE, :STATE] * np.outer(scale, scale), veil, exposure,
            trial.log_evidence, trial.noise, *self._left_out(inverse, solved, cross, state, gain, exposure),
        )  # fmt: skip

    def _first_scale(self, prior: Prior) -> tuple[Array, Array]:
        """Each channel's gain from the first response, each further response's exposure from all channels."""
        expected = self.stimuli @ prior.mean.reshape(CHANNELS, BANDS).T
        power = [expected[self.picture == p] for p in range(len(self.sizes))]
        given = [self.rgb[self.picture == p] for p in range(len(self.sizes))]
        gain = np.abs((power[0] * given[0]).sum(0) / np.square(power[0]).sum(0)) + 1e-12
        exposure = [abs(float((e * gain * g).sum() / np.square(e * gain).sum())) + 1e-12
                    for e, g in zip(power, given, strict=True)]  # fmt: skip
        return gain, np.array([1.0, *exposure[1:]])

    def _next_scale(self, state: Array, gain: Array, exposure: Array, values: Array) -> tuple[Array, Array]:
        """The scale at which white is recorded as 1 and every picture agrees with the first."""
        after = self.design @ state
        steps = [1.0]
        for picture in range(1, len(self.sizes)):
            rows = self.picture == picture
            steps.append(float((after[rows] * values[rows]).sum() / np.square(after[rows]).sum()))
        white = state[:STATE].reshape(CHANNELS, BANDS) @ self.responses[0].white
        return gain * np.abs(white), exposure * np.abs(steps)

    def _noise(self, values: Array, prior: Prior, noise: float) -> Array:
        """The covariance (3N, 3N) of what was recorded, patches in blocks of three channels."""
        size = np.abs(values)
        own, blocks = np.square(noise * size), size[:, :, None] * size[:, None, :]
        curves = prior.mean.reshape(CHANNELS, BANDS)
        start = 0
        for one, count in zip(self.responses, self.sizes, strict=True):
            rows = slice(start, start + count)
            own[rows] += (one.floor * noise) ** 2
            blocks[rows] *= (one.common * noise) ** 2
            if one.doubt is not None:
                blocks[rows] += curves @ one.doubt @ curves.T
            if one.trusted is not None:
                own[rows] += np.where(one.trusted, 0.0, APART**2)[:, None] * np.square(size[rows] + 0.1)
            start += count
        blocks[:, np.arange(CHANNELS), np.arange(CHANNELS)] += own
        full = np.zeros((self.rows, CHANNELS, self.rows, CHANNELS))
        full[np.arange(self.rows), :, np.arange(self.rows), :] = blocks
        for picture in range(1, len(self.sizes)):
            recorded = np.where(self.picture[:, None] == picture, values, 0)
            full += EXPOSURE_SD**2 * recorded[:, :, None, None] * recorded
        return full.reshape(self.rows * CHANNELS, -1)

    def _left_out(
        self, inverse: Array, solved: Array, cross: Array, state: Array, gain: Array, exposure: Array
    ) -> tuple[Array, Array, Array]:
        """Rasmussen & Williams, section 5.4.2, for blocks of three: the estimate without each patch, and how
        unexpected that patch is then."""
        weights = solved.reshape(self.rows, CHANNELS)
        by_patch = inverse.reshape(self.rows, CHANNELS, self.rows, CHANNELS)
        own = np.linalg.inv(by_patch[np.arange(self.rows), :, np.arange(self.rows), :])  # covariance of the prediction
        error = np.einsum("nij,nj->ni", own, weights)
        surprise = np.sqrt(np.maximum(np.einsum("ni,ni->n", weights, error) / CHANNELS, 0))
        columns = inverse.reshape(-1, self.rows, CHANNELS)
        states = state[None] - np.einsum("um,mnj,nj->nu", cross, columns, error, optimize=True)
        pictures = states[:, STATE:].reshape(self.rows, -1, CHANNELS)
        veil = pictures[np.arange(self.rows), self.picture] * gain * exposure[self.picture, None]
        curves = states[:, :STATE].reshape(self.rows, CHANNELS, BANDS) * gain[:, None]
        return curves.transpose(0, 2, 1), veil, surprise


def _curves(state: Array, gain: Array) -> Array:
    """Sensitivities (31, 3) in camera units of a state vector."""
    return (state[:STATE].reshape(CHANNELS, BANDS) * gain[:, None]).T


def from_color_matrices(
    matrices: Sequence[Array],
    lights: Sequence[Array],
    prior: Prior | None = None,
    noises: Sequence[float] = MATRIX_NOISES,
) -> Estimate:
    """The sensitivities of a camera of which only DNG color matrices (camera_from_xyz, 3x3) are known, one for each
    light (31,).

    A color matrix is taken as the least-squares map from the XYZ of a chart to the camera's RGB, exact for white: it
    is linear in the sensitivities. `noises` are how far, relative to its colors, a real matrix may lie from that.
    """
    responses = [_matrix_response(np.asarray(one, float), light) for one, light in zip(matrices, lights, strict=True)]
    return estimate(responses, prior, MATRIX_RESIDUALS, noises)


def _matrix_response(camera_from_xyz: Array, light: Array) -> Response:
    """What a matrix says about three colors that together vary as a chart's do."""
    unit = unit_luminance(light)
    stimuli = np.vstack([chart_reflectances() * unit, unit])
    xyz = stimuli @ observer()
    weight = np.ones(len(xyz))
    weight[-1] = WHITE_WEIGHT
    moment = (xyz * weight[:, None]).T @ xyz
    learned = np.linalg.solve(moment, (xyz * weight[:, None]).T) @ stimuli  # (3, 31): spectra that X, Y, Z stand for
    values, vectors = np.linalg.eigh(xyz[:-1].T @ xyz[:-1] / (len(xyz) - 1))
    colors = np.vstack([xyz[-1], (vectors * np.sqrt(values)).T[:2]])  # white, and the two smaller ways to differ
    return Response(
        colors @ camera_from_xyz.T, colors @ learned, unit, veiled=False, common=MATRIX_COMMON, floor=MATRIX_FLOOR
    )
