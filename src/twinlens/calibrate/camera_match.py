"""Camera match: the map from one camera's raw colors to another's, for any light, and what no map can remove.

Both cameras are known by their sensitivities. Known surfaces are recorded by both under a light, and a root-polynomial
takes the first camera's RGB to the second's. Errors are color differences as the second camera sees them: its RGB,
true and mapped, as XYZ by its own 3x3 matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.calibrate.color_errors import FOLDS, ErrorSummary, delta_e, draws
from twinlens.calibrate.color_input import light_of
from twinlens.core.errors import ParameterError
from twinlens.core.fit import Fit
from twinlens.numerics import root_polynomial
from twinlens.numerics.color_model import ColorModel, Surfaces, fitted, surfaces
from twinlens.numerics.sensor_prior import unit_luminance

Array = npt.NDArray[Any]

USUAL_LIGHTS = ("D65", "D50", "A", "FL2", "FL11", "LED-B3", "LED-RGB1")


@dataclass(frozen=True, eq=False)
class LightMatch:
    """One light's map from the first camera's RGB to the second's, and its errors.

    `floor` is what the best root-polynomial leaves when both sensors are known and it is made from the very surfaces
    it is judged on: metamerism. `expected` is for other surfaces, with what is not known about both sensors.
    """

    light: str
    white_rgb: Array  # (3,) of the first camera
    other_white_rgb: Array  # (3,) of the second
    polynomial: Array  # (13, 3), from terms of white-balanced RGB to white-balanced RGB
    floor: ErrorSummary
    expected: ErrorSummary

    def __call__(self, rgb: Array) -> Array:
        """The second camera's RGB (..., 3) of the first's, both in the unit and exposure of their models."""
        terms = root_polynomial.terms(np.asarray(rgb, float) / self.white_rgb)
        return (terms @ self.polynomial) * self.other_white_rgb


@dataclass(frozen=True, eq=False)
class CameraMatch:
    """The maps from one camera to another, one for each light."""

    lights: tuple[LightMatch, ...]

    def under(self, light: str) -> LightMatch:
        """The map for a light that was asked for; ParameterError for another one."""
        found = next((one for one in self.lights if one.light == light), None)
        if found is None:
            known = ", ".join(one.light for one in self.lights)
            raise ParameterError(f"the match has no light {light!r}, only {known}: ask for it when it is made")
        return found


def match(first: ColorModel, second: ColorModel, lights: Sequence[Any] = USUAL_LIGHTS) -> Fit[CameraMatch]:
    """Match the raw colors of the first camera to the second's under each of the lights (names or spectra).

    The fit's `residual` is the mean metamerism floor and its `held_out` the mean expected error over the lights.
    """
    if not lights:
        raise ParameterError("a match needs one light or more")
    found = tuple(light_match(first, second, light) for light in lights)
    floor, expected = (float(np.mean([getattr(one, key).mean for one in found])) for key in ("floor", "expected"))
    return Fit(CameraMatch(found), floor, "Delta E 2000", found[0].floor.count, expected)


def light_match(first: ColorModel, second: ColorModel, light: Any) -> LightMatch:
    """The map for one light."""
    power, name = light_of(light)
    known, unit = surfaces(power), unit_luminance(power)
    from_white, to_white = unit @ first.sensitivities, unit @ second.sensitivities
    seen = fitted(known.stimuli @ second.sensitivities / to_white, known)  # (3, 3): the second camera's XYZ

    def recorded(one: Array, other: Array) -> tuple[Array, Surfaces]:
        xyz = (known.stimuli @ other / to_white) @ seen
        weights = Surfaces(known.stimuli, xyz, known.weight, known.metric, known.white_xyz)
        return root_polynomial.terms(known.stimuli @ one / from_white), weights

    terms, target = recorded(first.sensitivities, second.sensitivities)
    xyz_map = fitted(terms, target)
    floor = ErrorSummary.of(delta_e(terms @ xyz_map, target.xyz, power))
    errors = []
    for fold in range(FOLDS):
        held = np.arange(len(terms)) % FOLDS == fold
        learned = fitted(terms[~held], target.part(~held))
        for one, other in zip(draws(first, 0), draws(second, 1), strict=True):
            given, truth = recorded(one, other)
            errors.append(delta_e(given[held] @ learned, truth.xyz[held], power))
    expected = ErrorSummary.of(np.concatenate(errors))
    return LightMatch(name, from_white, to_white, xyz_map @ np.linalg.inv(seen), floor, expected)
