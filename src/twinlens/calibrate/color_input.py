"""Color input: what a color calibration is given, checked and brought onto the program's own wavelengths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.numerics import spectra
from twinlens.numerics.sensitivity import Response
from twinlens.numerics.sensor_prior import chart_reflectances, table, unit_luminance

Array = npt.NDArray[Any]

FEWEST_PATCHES = 18
CHARTS = (  # of 24 patches, ISO 17321-1, annex C
    "colorchecker",
    "classic",
    "mini",
    "passport",
    "colorchecker classic",
    "colorchecker mini",
)
BLACKEST = 1e-6  # of a channel's largest value
CLIPPED = 1e-5  # relative difference below which two patches stand at one largest value ...
DIFFERENT = 0.01  # ... although their XYZ differ by more than this
SPECTRAL_DOUBT = 1e-6  # variance added where reflectances are guessed from XYZ


@dataclass(frozen=True, eq=False)
class ChartShot:
    """One picture of a chart: `rgb` (N, 3), the patches' XYZ (N, 3) with white at Y = 1, the light (31,) and what is
    known of the patches' spectra, as a `Response`; `clipped` (N,) names patches that stand at the sensor's limit."""

    rgb: Array
    xyz: Array
    light: Array
    light_name: str
    response: Response
    reflectances: Array  # (N, 31), guessed where `is_spectral` is false
    is_spectral: bool
    clipped: Array


def chart_shot(camera_rgb: Any, target: Any, light: Any) -> ChartShot:
    """One shot from the arguments of `fit_color`; ParameterError says what is wrong with them."""
    rgb = checked_rgb(camera_rgb)
    power, name = light_of(light)
    unit = unit_luminance(power)
    reflectances, xyz = target_of(target, len(rgb))
    doubt = None
    if reflectances is None:
        xyz = _relative(xyz, spectra.white_xyz(power))
        reflectances, doubt = reflectances_from_xyz(xyz, power)
        doubt = doubt * np.outer(unit, unit)
    else:
        xyz = (reflectances * unit) @ spectra.observer()
    clipped = _at_the_limit(rgb, xyz)
    if (~clipped).sum() < FEWEST_PATCHES * 2 // 3:
        raise ParameterError(
            f"{int(clipped.sum())} of {len(rgb)} patches are clipped: expose the chart less and shoot it again"
        )
    response = Response(rgb, reflectances * unit, unit, doubt=doubt, trusted=~clipped)
    return ChartShot(rgb, xyz, power, name, response, reflectances, doubt is None, clipped)


def _relative(xyz: Any, white: Array) -> Array:
    if np.max(xyz / white) > 1.5:
        raise ParameterError(
            f"the target's XYZ reach {np.max(xyz):g}: expected relative XYZ, the perfect white at Y = 1 "
            "(divide by 100, or by the white's Y), seen under the light of the shot"
        )
    return xyz


def checked_rgb(camera_rgb: Any) -> Array:
    """Linear camera RGB (N, 3) as float64, N at least 18; a copy, so that the caller's stays as it is."""
    try:
        rgb = np.array(camera_rgb, float)
    except (TypeError, ValueError):
        raise ParameterError("camera_rgb: expected an array (N, 3) of numbers") from None
    if rgb.ndim != 2 or rgb.shape[1] != 3:
        raise ParameterError(f"camera_rgb: expected (N, 3), one row for each patch, got {rgb.shape}")
    if len(rgb) < FEWEST_PATCHES:
        raise ParameterError(f"camera_rgb has {len(rgb)} patches: a color calibration needs {FEWEST_PATCHES} or more")
    if not np.isfinite(rgb).all():
        bad = np.flatnonzero(~np.isfinite(rgb).all(1))
        raise ParameterError(f"camera_rgb: patch {bad[0] + 1} is not a finite number; leave such patches out")
    for channel, name in enumerate(("red", "green", "blue")):
        values = rgb[:, channel]
        if values.max() <= 0 or np.ptp(values) <= BLACKEST * np.abs(values).max():
            raise ParameterError(
                f"camera_rgb: the {name} channel is {'black' if values.max() <= 0 else 'the same'} on every patch: "
                "expected linear values of a chart that is lit and not clipped"
            )
    return rgb


def _at_the_limit(rgb: Array, xyz: Array) -> Array:
    """Which patches (N,) share a channel's largest value with another patch that is of another color: clipped ones."""
    clipped = np.zeros(len(rgb), bool)
    for channel in range(3):
        top = rgb[:, channel] >= rgb[:, channel].max() * (1 - CLIPPED)
        if (np.ptp(xyz[top], axis=0) > DIFFERENT * xyz[top].max(0)).any():
            clipped |= top
    return clipped


def light_of(light: Any) -> tuple[Array, str]:
    """Power (31,) and name of a light given as a name or `(wavelengths_nm, power)`."""
    if isinstance(light, str):
        return spectra.illuminant(light), light.strip()
    return spectra.light_power(light), ""


def target_of(target: Any, patches: int) -> tuple[Array | None, Array | None]:
    """The reflectances (N, 31) of a target, or none and its XYZ (N, 3)."""
    if isinstance(target, str):
        reflectances = _named_chart(target)
    elif isinstance(target, tuple | list) and len(target) == 2 and np.ndim(target[0]) == 1:
        reflectances = _spectral_target(*target)
    else:
        xyz = np.asarray(target, float)
        if xyz.shape != (patches, 3):
            raise ParameterError(
                f"target: expected a chart's name, (wavelengths_nm, reflectances (N, W)) or XYZ ({patches}, 3), "
                f"got an array of shape {xyz.shape}"
            )
        if not np.isfinite(xyz).all() or (xyz < -1e-6).any():
            raise ParameterError("target: XYZ must be finite and not negative")
        return None, xyz
    if len(reflectances) != patches:
        raise ParameterError(
            f"the target has {len(reflectances)} patches and camera_rgb {patches}: expected one row for each patch, "
            "in the chart's reading order"
        )
    return reflectances, None


def _named_chart(name: str) -> Array:
    plain = name.strip().lower()
    if plain in CHARTS:
        return chart_reflectances()
    if "sg" in plain.split() or plain.endswith("sg"):
        raise ParameterError(
            "the reflectances of a ColorChecker SG are not built in: give (wavelengths_nm, reflectances) of your chart"
        )
    raise ParameterError(f"the chart {name!r} is not known: expected one of {', '.join(CHARTS)}, or its reflectances")


def _spectral_target(wavelengths_nm: Any, values: Any) -> Array:
    values = np.asarray(values, float)
    if values.ndim != 2:
        raise ParameterError(f"target: expected reflectances (N, W), one row for each patch, got shape {values.shape}")
    reflectances = spectra.resampled(np.asarray(wavelengths_nm, float), values, what="the target's reflectance")[0]
    if reflectances.max() > 2:
        raise ParameterError(
            f"the target's reflectances reach {reflectances.max():g}: expected 0 to 1, these look like percent"
        )
    if reflectances.min() < -0.05 or reflectances.max() <= 0:
        raise ParameterError("the target's reflectances are negative or all zero: expected 0 to 1")
    return np.maximum(reflectances, 0)


def reflectances_from_xyz(xyz: Array, light: Array) -> tuple[Array, Array]:
    """The most probable reflectances (N, 31) of surfaces with these XYZ under a light, and their covariance (31, 31).

    The bundled surfaces are the population: mean and covariance of their reflectances, conditioned on XYZ.
    """
    known = table("reflectances")
    mean, covariance = known.mean(0), np.cov(known.T) + SPECTRAL_DOUBT * np.eye(spectra.BANDS)
    sees = unit_luminance(light)[:, None] * spectra.observer()  # (31, 3)
    gain = np.linalg.solve(sees.T @ covariance @ sees, sees.T @ covariance)  # (3, 31)
    return mean + (xyz - mean @ sees) @ gain, covariance - covariance @ sees @ gain


def as_list(value: Any, count: int, is_one: bool, what: str) -> list[Any]:
    """`value` for each of `count` shots: repeated where it is one."""
    if is_one:
        return [value] * count
    if not isinstance(value, Sequence) or len(value) != count:
        raise ParameterError(f"{what}: expected one, or a list of {count}, one for each shot")
    return list(value)
