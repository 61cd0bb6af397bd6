"""Sensor: the color model that a camera profile holds, and one unit of a model beside its golden sample."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from twinlens.calibrate.color_profile import camera_color, unit_calibration
from twinlens.core.errors import ParameterError
from twinlens.core.profile import CameraProfile
from twinlens.numerics import spectra
from twinlens.numerics.color_model import ColorModel


def model_of(profile: CameraProfile) -> ColorModel:
    """The color model of a profile that was made by a color calibration. Raises ParameterError for another one."""
    sensor = profile.color.sensor
    if sensor is None:
        raise ParameterError(
            f"the profile {profile.name!r} has matrices and no sensor: make one with `twinlens calibrate color` from a "
            "chart, or from the file's tags (--from-tags)"
        )
    covariance = np.diag(np.square(sensor.sd).T.ravel())
    return ColorModel(sensor.sensitivities, covariance, spectra.illuminant("D65"), "D65")


def unit_profile(golden: CameraProfile, unit: ColorModel, name: str, light: Any = None, **facts: Any) -> CameraProfile:
    """The profile of one unit: the golden sample's, its channels scaled as this unit's white says.

    `unit` is the color model of one chart shot of that unit; `light` the light of the comparison, the chart's own by
    default. The calibrations carry the CameraCalibration matrix, the sensor's curves are scaled by it.
    """
    sample = model_of(golden)
    calibration = unit_calibration(sample, unit, (spectra.WAVELENGTHS_NM, unit.light) if light is None else light)
    gains = np.diag(calibration)
    scaled = replace(sample, sensitivities=sample.sensitivities * gains, covariance=_scaled(sample.covariance, gains))
    color = camera_color(scaled, name)
    golden_color = {one.light: one for one in golden.color.calibrations}
    calibrations = tuple(
        replace(golden_color.get(one.light, one), camera_calibration=calibration) for one in color.calibrations
    )
    return replace(golden, name=name, color=replace(color, calibrations=calibrations), **facts)


def _scaled(covariance: Any, gains: Any) -> Any:
    factor = np.repeat(gains, spectra.BANDS)
    return covariance * np.outer(factor, factor)
