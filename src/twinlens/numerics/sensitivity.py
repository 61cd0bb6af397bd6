"""Sensitivity: estimates a camera's spectral sensitivities from what it recorded of known spectra.

The camera's three channels s are one Gaussian vector (`sensor_prior.py`). What was recorded is linear in it:

    rgb = exposure * (stimuli @ s + veil) + noise

with one veil (glare, stray light, black level) per channel and picture, so the most probable s and its covariance are
a linear solve. How large the residual and the noise are is not known beforehand: every pair of a small grid is solved
and weighs by its evidence, the probability of the data. The evidence also tells one light from another.

Source: Rasmussen & Williams, "Gaussian Processes for Machine Learning" (2006), chapters 2 and 5 (the estimate, the
evidence, leaving one out). The prior: `sensor_prior.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics.sensitivity_solver import Estimate, Noise, Response, Solver
from twinlens.numerics.sensor_prior import (
    STATE,
    Prior,
    bundled_prior,
    chart_reflectances,
    prior_under,
    unit_luminance,
)
from twinlens.numerics.spectra import observer

Array = npt.NDArray[Any]


RESIDUALS = (0.02, 0.04, 0.08, 0.16)  # of a channel's peak: how far a new camera may lie from the measured ones
EVEN = tuple(Noise(one) for one in (0.0002, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032))
UNEVEN = tuple(Noise(one, common=10.0) for one in (0.001, 0.002, 0.004, 0.008, 0.016))
STRAY = tuple(Noise(one, glare=2.0) for one in (0.001, 0.002, 0.004, 0.008, 0.016))
NOISES = EVEN + UNEVEN + STRAY
MATRIX_NOISES = tuple(Noise(one, floor=1.0, common=0.0, glare=0.0) for one in (0.003, 0.006, 0.012))
MATRIX_RESIDUALS = (0.02, 0.08)
WHITE_WEIGHT = 100.0  # patches that white counts as much as
LEAST_SHARE = 1e-3  # of the best explanation's probability: others do not count


def estimate(
    responses: Sequence[Response],
    prior: Prior | None = None,
    residuals: Sequence[float] = RESIDUALS,
    noises: Sequence[Noise] = NOISES,
) -> Estimate:
    """The sensitivities of the camera that recorded `responses`, averaged over the sizes of residual and noise."""
    prior = bundled_prior() if prior is None else prior
    solver = Solver(tuple(responses))
    starts = [solver.begin(prior_under(prior, responses[0].white, residual)) for residual in residuals]
    trials = [solver.explain(one, noise) for one in starts for noise in noises]
    evidence = np.array([one.log_evidence for one in trials])
    share = np.exp(evidence - evidence.max())
    total = float(evidence.max() + np.log(share.mean()))
    kept = share > LEAST_SHARE
    found = [solver.solve(one) for one, keep in zip(trials, kept, strict=True) if keep]
    return _averaged(found, share[kept] / share[kept].sum(), total)


def log_evidence(responses: Sequence[Response], prior: Prior, residual: float, noises: Sequence[Noise]) -> float:
    """The logarithm of the probability of `responses`, averaged over the noises: compares lights and targets."""
    solver = Solver(tuple(responses))
    start = solver.begin(prior_under(prior, responses[0].white, residual))
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
    names = ("veil", "exposure", "noise", "uneven", "stray", "left_out", "left_out_veil", "surprise")
    return Estimate(center, covariance, log_evidence=evidence, **{name: mean(name) for name in names})


def from_color_matrices(
    matrices: Sequence[Array],
    lights: Sequence[Array],
    prior: Prior | None = None,
    noises: Sequence[Noise] = MATRIX_NOISES,
) -> Estimate:
    """The sensitivities of a camera of which only DNG color matrices (camera_from_xyz, 3x3) are known, one for each
    light (31,).

    A color matrix is taken as the least-squares map from the XYZ of a chart to the camera's RGB, exact for white: it
    is linear in the sensitivities. `noises` are how far, relative to white, a real matrix may lie from that.
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
    return Response(colors @ camera_from_xyz.T, colors @ learned, unit, veiled=False)
