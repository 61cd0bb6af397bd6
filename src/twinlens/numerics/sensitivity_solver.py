"""Sensitivity solver: the linear system behind `sensitivity.py`, for one size of residual and noise.

Source: Rasmussen & Williams, "Gaussian Processes for Machine Learning" (2006), equations 2.22 to 2.24 and 2.30, section
5.4.2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics.sensor_prior import CHANNELS, STATE, Prior
from twinlens.numerics.spectra import BANDS

Array = npt.NDArray[Any]

VEIL_SD, VEIL_CORRELATION = 0.05, 0.85  # of white; glare is nearly colorless
EXPOSURE_SD = 0.05  # of a further picture's exposure, likewise
SCALE_PASSES = 2  # of the search for the scale ...
APART = 0.3  # relative noise of a patch that is not believed: it has no say


@dataclass(frozen=True)
class Noise:
    """How what was recorded may differ from the model: `relative` for every channel by itself; as multiples of it,
    `floor` (of white) for a black patch, `common` for all channels of a patch together (uneven light, a patch darker
    than stated), `glare` (of white) added to all channels together (stray light that differs from patch to patch)."""

    relative: float
    floor: float = 0.125
    common: float = 2.0
    glare: float = 0.25


SCALE_NOISE = Noise(0.004)  # ... with this noise


@dataclass(frozen=True, eq=False)
class Response:
    """What a camera recorded: `rgb` (N, 3) of N known `stimuli` (N, 31), whose perfect white would be `white` (31,).

    `veiled` says whether stray light may have been added; `doubt` (31, 31) is the covariance of each stimulus about
    its stated value (none: exact); `trusted` (N,) names the patches that count (none: all).
    """

    rgb: Array
    stimuli: Array
    white: Array
    veiled: bool = True
    doubt: Array | None = None
    trusted: Array | None = None


@dataclass(frozen=True, eq=False)
class Estimate:
    """Sensitivities (31, 3) with rgb = stimuli @ sensitivities in the first response's exposure, their covariance
    (93, 93; R, G, B one after the other), the veil (responses, 3) in the same unit and each response's exposure.

    `noise`, `uneven` and `stray` are the sizes of the relative, common and glare noise that explain the data.
    `log_evidence` compares explanations of the same data. `left_out` (N, 31, 3) are the sensitivities without patch
    i and `left_out_veil` (N, 3) its veil then; `surprise` (N,) is how far patch i lies from what the others foretell,
    in standard deviations. The patches of all responses follow one another.
    """

    sensitivities: Array
    covariance: Array
    veil: Array
    exposure: Array
    log_evidence: float
    noise: float
    uneven: float
    stray: float
    left_out: Array
    left_out_veil: Array
    surprise: Array

    def sd(self) -> Array:
        """The standard deviation (31, 3) of the sensitivities."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0)).reshape(CHANNELS, BANDS).T


@dataclass(frozen=True, eq=False)
class Start:
    """One prior before the data: mean `state` (U,) and covariance `spread` of sensitivities and veils, what they
    foretell (`expected`, its covariance `foretold`, and `cross` between both), and the scale of the data."""

    state: Array
    spread: Array
    cross: Array
    foretold: Array
    expected: Array
    gain: Array
    exposure: Array


@dataclass(frozen=True, eq=False)
class Trial:
    """One explanation of the data, before its details."""

    start: Start
    covariance: Array
    away: Array
    noise: Noise
    log_evidence: float


class Solver:
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

    def begin(self, prior: Prior) -> Start:
        """What one prior foretells, and the scale at which it agrees with what was recorded."""
        state = np.concatenate([prior.mean, np.zeros(len(self.veil))])
        spread = np.zeros((state.size, state.size))
        spread[:STATE, :STATE], spread[STATE:, STATE:] = prior.covariance, self.veil
        flat = self.design.reshape(-1, state.size)
        cross = spread @ flat.T
        start = Start(state, spread, cross, flat @ cross, flat @ state, *self._first_scale(prior))
        for _ in range(SCALE_PASSES):
            start = self._rescaled(start, SCALE_NOISE)
        return start

    def explain(self, start: Start, noise: Noise) -> Trial:
        """Weigh how well a prior and this noise explain the data."""
        start = self._rescaled(start, noise)
        covariance, away = self._weighed(start, noise)
        lower = np.linalg.cholesky(covariance)
        half = np.linalg.solve(lower, away)
        log_scale = (np.log(start.gain).sum() + CHANNELS * np.log(start.exposure))[self.picture].sum()
        evidence = float(-half @ half / 2 - np.log(np.diag(lower)).sum() - log_scale)
        return Trial(start, covariance, away, noise, evidence)

    def _weighed(self, start: Start, noise: Noise) -> tuple[Array, Array]:
        """The covariance of what was recorded, in the prior's scale, and how far that is from what was foretold."""
        values = self.rgb / (start.exposure[self.picture, None] * start.gain)
        return start.foretold + self._noise(values, start, noise), values.ravel() - start.expected

    def _rescaled(self, start: Start, noise: Noise) -> Start:
        """The scale at which white is recorded as 1 and every picture agrees with the first."""
        covariance, away = self._weighed(start, noise)
        state = start.state + start.cross @ np.linalg.solve(covariance, away)
        after, values = self.design @ state, (away + start.expected).reshape(-1, CHANNELS)
        steps = [1.0]
        for picture in range(1, len(self.sizes)):
            rows = self.picture == picture
            steps.append(float((after[rows] * values[rows]).sum() / np.square(after[rows]).sum()))
        white = state[:STATE].reshape(CHANNELS, BANDS) @ self.responses[0].white
        return replace(start, gain=start.gain * np.abs(white), exposure=start.exposure * np.abs(steps))

    def solve(self, trial: Trial) -> Estimate:
        """The estimate of one explanation, in the unit of the first picture."""
        start, noise = trial.start, trial.noise
        gain, exposure, cross = start.gain, start.exposure, start.cross
        inverse = np.linalg.inv(trial.covariance)
        solved = inverse @ trial.away
        state = start.state + cross @ solved
        posterior = start.spread - cross @ inverse @ cross.T
        scale = np.repeat(gain, BANDS)
        veil = state[STATE:].reshape(-1, CHANNELS) * gain * exposure[:, None]
        return Estimate(
            _curves(state, gain), posterior[:STATE, :STATE] * np.outer(scale, scale), veil, exposure,
            trial.log_evidence, noise.relative, noise.common * noise.relative, noise.glare * noise.relative,
            *self._left_out(inverse, solved, cross, state, gain, exposure),
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

    def _noise(self, values: Array, start: Start, noise: Noise) -> Array:
        """The covariance (3N, 3N) of what was recorded, patches in blocks of three channels."""
        size = np.abs(values)
        own = np.square(noise.relative * size) + (noise.floor * noise.relative) ** 2
        blocks = (noise.common * noise.relative) ** 2 * size[:, :, None] * size[:, None, :]
        blocks += (noise.glare * noise.relative) ** 2
        curves = start.state[:STATE].reshape(CHANNELS, BANDS)
        first = 0
        for one, count in zip(self.responses, self.sizes, strict=True):
            rows = slice(first, first + count)
            if one.doubt is not None:
                blocks[rows] += curves @ one.doubt @ curves.T
            if one.trusted is not None:
                own[rows] += np.where(one.trusted, 0.0, APART**2)[:, None] * np.square(size[rows] + 0.1)
            first += count
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
