"""Light evidence: which of the usual lights a chart was shot under, and which edition of it, by how well a camera's
sensor explains it.

Lights with lines and tungsten are told apart surely, daylights are not: a smooth change of the light is a smooth change
of the sensor. So a stated daylight is doubted in favor of another one from a larger difference only.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.calibrate.color_input import ChartShot, chart_shot, checked_rgb, light_of, target_of
from twinlens.core.errors import ParameterError
from twinlens.numerics.sensitivity import log_evidence
from twinlens.numerics.sensitivity_solver import Noise
from twinlens.numerics.sensor_prior import STANDARD_EDITION, Prior, chart_editions, unit_luminance
from twinlens.numerics.spectra import WAVELENGTHS_NM

Array = npt.NDArray[Any]

DAYLIGHTS = ("D50", "D55", "D65", "D75")
CANDIDATE_LIGHTS = ("A", *DAYLIGHTS, "FL2", "FL7", "FL11", "LED-B1", "LED-B3", "LED-B5", "LED-RGB1")
CLEARLY, CLEARLY_DAYLIGHT = 25.0, 60.0  # difference of log evidence from which another light is named
ALIKE = 0.995  # correlation of a stated spectrum with a daylight that makes it one
SCREENING_RESIDUAL = 0.04  # of lights and outliers ...
SCREENING_NOISES = (Noise(0.002), Noise(0.008), Noise(0.004, common=10.0))

Lights = tuple[tuple[str, float], ...]


def evidence_of_lights(shot: ChartShot, prior: Prior) -> Lights:
    """The stated light first, then the other candidates, each with its log evidence; none where spectra are guessed."""
    if not shot.is_spectral:
        return ()
    found = [(shot.light_name or _nearest(shot), shot.light)]
    found += [(name, light_of(name)[0]) for name in CANDIDATE_LIGHTS if name != shot.light_name]
    told = []
    for name, power in found:
        white = unit_luminance(power)
        trial = replace(shot.response, stimuli=shot.reflectances * white, white=white)
        told.append((name, log_evidence([trial], prior, SCREENING_RESIDUAL, SCREENING_NOISES)))
    return tuple(told)


def _nearest(shot: ChartShot) -> str:
    """What a spectrum without a name is called: like a daylight, or simply the stated light."""
    near = {name: np.corrcoef(shot.light, light_of(name)[0])[0, 1] for name in DAYLIGHTS}
    best = max(near, key=near.__getitem__)
    return f"the stated light (like {best})" if near[best] > ALIKE else "the stated light"


def most_probable_light(camera_rgb: Any, target: Any, prior: Prior) -> str:
    """The name of the candidate light that explains a chart best."""
    shot = chart_shot(camera_rgb, target, "D65")
    if not shot.is_spectral:
        raise ParameterError("light: XYZ targets belong to a light, which must be given")
    return max(evidence_of_lights(shot, prior), key=lambda one: one[1])[0]


def light_note(lights: Lights) -> list[str]:
    """A sentence when another light explains the chart clearly better than the stated one."""
    if not lights:
        return []
    best, evidence = max(lights, key=lambda one: one[1])
    stated, behind = lights[0][0], evidence - lights[0][1]
    are_daylights = best in DAYLIGHTS and (stated in DAYLIGHTS or "like" in stated)
    if behind < (CLEARLY_DAYLIGHT if are_daylights else CLEARLY):
        return []
    return [f"the chart looks lit by {best} rather than {stated} (log evidence {behind:.0f} higher): check the light"]


def most_probable_edition(camera_rgb: Array, light: Any, prior: Prior, keep: Array | None = None) -> tuple[str, float]:
    """The edition of a ColorChecker (a name of `chart_editions`) that explains these patches, and by how much log
    evidence it is ahead of the standard's: the standard's unless another one is clearly so.

    `camera_rgb` (N, 3) are the patches of the 24 that `keep` (24,) bool names, all by default.
    """
    found = {}
    for name, reflectances in chart_editions().items():
        values = reflectances if keep is None else reflectances[keep]
        shot = chart_shot(camera_rgb, (WAVELENGTHS_NM, values), light)
        found[name] = log_evidence([shot.response], prior, SCREENING_RESIDUAL, SCREENING_NOISES)
    best = max(found, key=found.__getitem__)
    ahead = found[best] - found[STANDARD_EDITION]
    return (best, ahead) if ahead > CLEARLY else (STANDARD_EDITION, 0.0)


def by_edition(camera_rgb: Any, target: Any, light: Any, prior: Prior) -> tuple[Any, list[str]]:
    """A target by name as `(wavelengths_nm, reflectances)` of the edition that explains the patches, and a sentence
    where that is not the standard's; any other target as it is. `light` as for `fit_color`."""
    if not isinstance(target, str) or target_of(target, 24)[0] is not chart_editions()[STANDARD_EDITION]:
        return target, []
    known = most_probable_light(camera_rgb, target, prior) if light is None else light
    edition, ahead = most_probable_edition(checked_rgb(camera_rgb), known, prior)
    return (WAVELENGTHS_NM, chart_editions()[edition]), edition_note(edition, ahead)


def edition_note(edition: str, ahead: float) -> list[str]:
    """A sentence where a chart is not read by the standard's reflectances."""
    if edition == STANDARD_EDITION:
        return []
    return [
        f"the chart is read by the {edition}, which explains it better than {STANDARD_EDITION} (log evidence "
        f"{ahead:.0f} higher); measured reflectances of your own chart (--target) are best"
    ]
