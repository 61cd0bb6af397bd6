"""Color calibration: one or several charts, measured sensitivities or a file's matrices become a color model, with
its errors on colors that it has not seen.

The model is an estimate of the sensor (`numerics/sensitivity.py`) from which the map of any light follows
(`numerics/color_model.py`). It is compared with the plain 3x3 matrix on patches that neither has seen, and gives way
to it where it is not better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.calibrate.color_errors import ErrorSummary, HueError, delta_e, foretold, left_out_model, left_out_plain
from twinlens.calibrate.color_input import ChartShot, as_list, chart_shot, light_of
from twinlens.calibrate.light_evidence import (
    SCREENING_NOISES,
    SCREENING_RESIDUAL,
    by_edition,
    evidence_of_lights,
    light_note,
    most_probable_light,
)
from twinlens.core.errors import ParameterError
from twinlens.core.fit import Fit
from twinlens.core.record import record
from twinlens.numerics.color_model import ColorModel
from twinlens.numerics.sensitivity import Estimate, estimate, from_color_matrices
from twinlens.numerics.sensitivity_solver import Response
from twinlens.numerics.sensor_prior import Prior, bundled_prior, unit_luminance
from twinlens.numerics.spectra import BANDS, LARGEST_RELATIVE, relative_note, resampled

Array = npt.NDArray[Any]

OUTLYING = 6.0  # x the median surprise of the patches ...
SURPRISING = 4.0  # ... and as many standard deviations: a patch that is not what it should be
SMALL_VEIL = 0.005  # of white, that is not worth a note
UNEVEN, STRAY = 0.025, 0.008  # common noise, and stray light in parts of white, that is worth a note
MATRIX_NOTE = "a 3x3 matrix is used"
MOST_OUTLIERS = 0.25  # of the patches


@record(eq=False)
class ColorFit(Fit[ColorModel]):
    """A color model with its errors, all CIEDE2000 under the fit's light, white = perfect diffuser.

    `residual` and `held_out` are the means of `patches` (on the patches used) and `left_out` (each patch by a model
    made without it). `plain_left_out` is a 3x3 by least squares on the same terms; `predicted` is what is to be
    expected on natural surfaces, with what is not known about the sensor; `by_hue` says where. `lights` are
    the stated and other lights with the log evidence of each; `trusted` (N,) the patches that counted; `notes` say
    what to know.
    """

    patches: ErrorSummary | None = None
    left_out: ErrorSummary | None = None
    plain_left_out: ErrorSummary | None = None
    predicted: ErrorSummary | None = None
    by_hue: tuple[HueError, ...] = ()
    lights: tuple[tuple[str, float], ...] = ()
    veil: Array | None = None
    trusted: Array | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def is_plain(self) -> bool:
        """Whether a 3x3 matrix is used under the fit's light because it was better on left-out patches."""
        return self.value.plain_matrix is not None


def fit_color(camera_rgb: Any, target: Any, light: Any = None, *, prior: Prior | None = None) -> ColorFit:
    """Fit the color of the camera that recorded a chart.

    `camera_rgb` (N, 3) are linear patch means, black subtracted, N >= 18. `target` is a chart's name ("colorchecker":
    of two editions the one that explains the patches), `(wavelengths_nm, reflectances (N, W))`, or XYZ (N, 3) with the
    perfect white at Y = 1. `light` is a name, or `(wavelengths_nm, power (W,))`; none: the most probable of the usual
    ones. For several shots each argument is a list (target and light may be one for all); the fit's light and unit are
    those of the first. Raises ParameterError for what cannot be a chart. `fit.value.to_xyz(rgb)` is then relative XYZ,
    in the unit of the first `camera_rgb`.
    """
    prior = bundled_prior() if prior is None else prior
    charts, told = _shots(camera_rgb, target, light, prior)
    first, trusted = charts[0], _believed(charts, prior)
    responses = [_with_trust(one, keep) for one, keep in zip(charts, trusted, strict=True)]
    found, keep = estimate(responses, prior), trusted[0]
    errors = left_out_model(first, found)[keep]
    plain_errors, plain = left_out_plain(first, keep)
    is_plain = bool(plain_errors.mean() < errors.mean())
    lights = evidence_of_lights(first, prior)
    notes = [*told, *_notes(charts, trusted, found), *light_note(lights)]
    if is_plain:
        notes.append(matrix_note(plain_errors.mean(), errors.mean()))
    curves = found.sensitivities, found.covariance
    model = ColorModel(*curves, first.light, first.light_name, plain if is_plain else None)
    seen = first.rgb if is_plain else first.rgb - found.veil[0]
    on_patches = delta_e(model.to_xyz(seen), first.xyz, first.light)[keep]
    expected, by_hue = foretold(found, first.light)
    held_out = float(min(plain_errors.mean(), errors.mean()))
    return ColorFit(
        model, float(on_patches.mean()), "Delta E 2000", int(keep.sum()), held_out,
        patches=ErrorSummary.of(on_patches), left_out=ErrorSummary.of(errors),
        plain_left_out=ErrorSummary.of(plain_errors), predicted=expected, by_hue=by_hue, lights=lights,
        veil=found.veil[0], trusted=keep, notes=tuple(notes),
    )  # fmt: skip


def matrix_note(plain: float, model: float) -> str:
    """That a matrix is used, with the mean errors of left-out patches by it and by the sensor model."""
    return (
        f"{MATRIX_NOTE} under this light: left-out patches are {plain:.2f} off with it, {model:.2f} with the sensor "
        "model; target, light or RGB may not be what was stated"
    )


def fit_color_from_sensitivities(wavelengths_nm: Any, sensitivities: Any, light: Any = "D65") -> ColorFit:
    """The color of a camera whose sensitivities (W, 3) were measured; the largest channel of white under `light` is 1.

    `samples` is the number of wavelengths. Raises ParameterError for wavelengths in another unit, other shapes and
    channels without response.
    """
    values = np.asarray(sensitivities, float)
    if values.ndim != 2 or values.shape[1] != 3:
        raise ParameterError(
            f"sensitivities: expected (W, 3), one column each for red, green, blue, got {values.shape}"
        )
    curves, beyond = resampled(np.asarray(wavelengths_nm, float), values.T, what="the sensitivities")
    if (curves.max(1) <= 0).any() or (curves.min(1) < -0.1 * curves.max(1)).any():
        raise ParameterError("sensitivities: a channel has no response, or strongly negative values")
    power, name = light_of(light)
    curves = curves.T / float((unit_luminance(power) @ curves.T).max())
    notes = (f"{beyond:g} nm at the ends were not measured and hold the nearest value",) if beyond else ()
    if (largest := float(values.max())) > LARGEST_RELATIVE:
        notes += (relative_note(largest),)
    model = ColorModel(curves, np.zeros((3 * BANDS, 3 * BANDS)), power, name)
    expected, by_hue = foretold(model, power)
    return ColorFit(model, expected.mean, "Delta E 2000", len(values), predicted=expected, by_hue=by_hue, notes=notes)


def fit_color_from_matrices(
    matrices: Sequence[Array], lights: Sequence[Any], light: Any = None, *, prior: Prior | None = None
) -> ColorFit:
    """The color of a camera of which only DNG color matrices (camera_from_xyz, 3x3) and their lights are known.

    `light` is that of the fit (none: the last of `lights`). What makers put into these matrices differs, so this is a
    guess with wide limits: `predicted` says how wide.
    """
    powers = [light_of(one)[0] for one in lights]
    found = from_color_matrices(matrices, powers, prior)
    power, name = light_of(lights[-1] if light is None else light)
    curves, covariance = found.sensitivities, found.covariance
    scale = 1 / float((unit_luminance(power) @ curves).max())
    model = ColorModel(curves * scale, covariance * scale**2, power, name)
    expected, by_hue = foretold(model, power)
    note = "estimated from color matrices alone: one chart gives about half of this error"
    return ColorFit(
        model, expected.mean, "Delta E 2000", len(matrices), predicted=expected, by_hue=by_hue, notes=(note,)
    )


def _shots(camera_rgb: Any, target: Any, light: Any, prior: Prior) -> tuple[list[ChartShot], list[str]]:
    """The shots, and sentences on the editions of their charts."""
    several = isinstance(camera_rgb, tuple | list) and len(camera_rgb) > 0 and np.ndim(camera_rgb[0]) == 2
    rgbs = list(camera_rgb) if several else [camera_rgb]
    count = len(rgbs)
    one_target = not (several and isinstance(target, list))
    one_light = not (several and isinstance(light, list))
    targets, lights = as_list(target, count, one_target, "target"), as_list(light, count, one_light, "light")
    shots, told = [], []
    for rgb, wanted, given in zip(rgbs, targets, lights, strict=True):
        known, note = by_edition(rgb, wanted, given, prior)
        name = most_probable_light(rgb, known, prior) if given is None else given
        shots.append(chart_shot(rgb, known, name))
        told += [one for one in note if one not in told]
    return shots, told


def _with_trust(shot: ChartShot, trusted: Array) -> Response:
    return replace(shot.response, trusted=trusted)


def _believed(charts: Sequence[ChartShot], prior: Prior) -> list[Array]:
    """Which patches count: the clipped do not, nor those that the others contradict, the worst first."""
    trusted = [~one.clipped for one in charts]
    for index, chart in enumerate(charts):
        for _ in range(int(MOST_OUTLIERS * len(chart.rgb))):
            found = estimate([_with_trust(chart, trusted[index])], prior, (SCREENING_RESIDUAL,), SCREENING_NOISES)
            surprise = np.where(trusted[index], found.surprise, 0)
            worst = int(surprise.argmax())
            if surprise[worst] < max(SURPRISING, OUTLYING * np.median(surprise[trusted[index]])):
                break
            trusted[index] = trusted[index] & (np.arange(len(surprise)) != worst)
    return trusted


def _notes(charts: Sequence[ChartShot], trusted: Sequence[Array], found: Estimate) -> list[str]:
    notes = []
    for number, (chart, keep) in enumerate(zip(charts, trusted, strict=True), 1):
        where = f" of shot {number}" if len(charts) > 1 else ""
        if chart.clipped.any():
            notes.append(f"patches {_numbers(chart.clipped)}{where} stand at the sensor's limit and are left out")
        if (odd := ~keep & ~chart.clipped).any():
            notes.append(f"patches {_numbers(odd)}{where} are not what the others foretell and are left out")
        veil = found.veil[number - 1] / (unit_luminance(chart.light) @ found.sensitivities) / found.exposure[number - 1]
        if np.abs(veil).max() > SMALL_VEIL:
            notes.append(
                f"glare or a wrong black level adds {', '.join(f'{one:+.1%}' for one in veil)} of white (R, G, B)"
                f"{where}; it is taken off"
            )
    if found.uneven > UNEVEN:
        notes.append(f"patches differ by some {found.uneven:.0%} in brightness from what is stated: uneven light")
    if found.stray > STRAY:
        notes.append(f"stray light differs by some {found.stray:.1%} of white from patch to patch: shade the lens")
    for number, chart in enumerate(charts, 1):
        where = f" of shot {number}" if len(charts) > 1 else ""
        if not chart.is_spectral:
            notes.append(
                f"the target{where} has XYZ only: reflectances are guessed from it, which other lights suffer from"
            )
    return notes


def _numbers(which: Array) -> str:
    return ", ".join(str(index + 1) for index in np.flatnonzero(which))
