"""Sensors: what is known of a camera's sensor, and what two sensors cannot see alike.

Sensitivities are those of a profile that holds them or of a table of measured ones; from the color matrices of a raw
file or a profile they are estimated, with wide limits (`numerics/sensitivity.py`). What two sensors cannot see alike is
what the best map from the RGB of one to that of the other leaves, surface by surface: metamerism.

Source of the map: a root-polynomial (`numerics/root_polynomial.py`); of the surfaces: `spectra/NOTICE.txt`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.camera_color import Calibration, CameraColor
from twinlens.core.errors import FileError, ParameterError
from twinlens.core.image import SENSOR
from twinlens.core.record import record
from twinlens.numerics import root_polynomial, spectra
from twinlens.numerics.color_model import Surfaces, fitted, surfaces
from twinlens.numerics.sensor_prior import STATE, unit_luminance
from twinlens.numerics.temperature import light_xy, temperature_from_xy

Array = npt.NDArray[Any]

D65_CODES = (10, 21)  # EXIF LightSource: cloudy weather, D65


@record(kw_only=True, eq=False)
class KnownSensor:
    """Sensitivities (31, 3), their covariance (93, 93; R, G, B one after the other), what they come from in words, and
    the temperature of the light (K) of the picture that told them, where a picture did."""

    sensitivities: Array
    covariance: Array
    origin: str
    kelvin: float | None = None


def sensor_of(path: str | os.PathLike[str]) -> KnownSensor:
    """The sensor that a camera profile (TOML, DCP), a table of sensitivities (CSV, JSON) or a raw file tells of.

    Raises FileError for what cannot be read, ParameterError for what says nothing of a sensor.
    """
    place = Path(path)
    kind = place.suffix.lower()
    if kind in (".toml", ".dcp"):
        from twinlens.files import dcp
        from twinlens.pipeline import profile

        found = dcp.read(place) if kind == ".dcp" else profile.load(place).color
        return of_color(found, f"the profile {place.name}")
    return of_table(place) if kind in (".csv", ".json") else of_raw(place)


def of_table(path: Path) -> KnownSensor:
    """The sensor of a table with columns red, green and blue."""
    from twinlens.files.spectrum import read_spectra

    nm, columns = read_spectra(path)
    lower = {name.strip().lower(): values for name, values in columns.items()}
    picked = [next((lower[key] for key in (name, name[0]) if key in lower), None) for name in ("red", "green", "blue")]
    if any(one is None for one in picked):
        raise FileError(f"{path}: expected columns red, green and blue, found {', '.join(columns)}")
    curves = spectra.resampled(nm, np.array(picked, float), what=str(path))[0].T
    if (curves.max(0) <= 0).any():
        raise FileError(f"{path}: a channel has no response between 400 and 700 nm")
    return KnownSensor(
        sensitivities=curves / curves.max(),
        covariance=np.zeros((STATE, STATE)),
        origin=f"the sensitivities of {path.name}",
    )


def of_raw(path: Path) -> KnownSensor:
    """The sensor that the color matrices of a raw file tell of, and the light of its picture."""
    from twinlens.files import read

    image = read(path)
    if image.state is not SENSOR:
        raise ParameterError(f"{path} is a finished picture, which says nothing of its sensor: name a profile or a raw")
    found = of_color(image.shot.color, f"the color matrices of {path.name}")
    neutral = image.shot.as_shot_neutral
    if neutral is None:
        return found
    from dataclasses import replace

    from twinlens.numerics.sensor_white import temperature_of

    return replace(found, kelvin=temperature_of(found.sensitivities, np.asarray(neutral, float))[0])


def of_color(color: CameraColor, named: str) -> KnownSensor:
    """The sensor of a camera's color: the one that it holds, else an estimate from its matrices."""
    if color.sensor is not None:
        covariance = np.diag(np.square(color.sensor.sd).T.ravel())
        return KnownSensor(sensitivities=color.sensor.sensitivities, covariance=covariance, origin=named)
    from twinlens.numerics.sensitivity import from_color_matrices

    matrices, lights = matrices_of(color.calibrations, named)
    found = from_color_matrices(matrices, lights)
    return KnownSensor(
        sensitivities=found.sensitivities, covariance=found.covariance, origin=f"{named} (estimated sensitivities)"
    )


def matrices_of(calibrations: Sequence[Calibration], named: str) -> tuple[list[Array], list[Array]]:
    """The color matrices (3, 3) whose lights are known, and these lights (31,). ParameterError where there is none."""
    if not calibrations:
        raise ParameterError(f"{named}: no color matrix is stated, and no sensor")
    lights = [light_of_code(one.light, one.white_xy) for one in calibrations]
    known = [(one.color_matrix, power) for one, power in zip(calibrations, lights, strict=True) if power is not None]
    if not known:
        codes = ", ".join(str(one.light) for one in calibrations)
        raise ParameterError(f"{named}: the lights of its color matrices (EXIF LightSource {codes}) are not known")
    return [one for one, _ in known], [power for _, power in known]


def light_of_code(code: int, white_xy: tuple[float, float] | None) -> Array | None:
    """The spectrum (31,) of a calibration's light: daylight from 4000 K, a black body below; None for unknown codes."""
    xy = white_xy or light_xy(code)
    if xy is None:
        return None
    if code in D65_CODES:
        return spectra.illuminant("D65")
    kelvin = temperature_from_xy(xy)[0]
    return spectra.daylight(kelvin) if kelvin >= spectra.DAYLIGHT_RANGE_K[0] else spectra.black_body(kelvin)


def drawn(sensor: KnownSensor, count: int, rng: np.random.Generator) -> Array:
    """Sensitivities (count, 31, 3) as probable as what is known about a sensor allows."""
    values, vectors = np.linalg.eigh(sensor.covariance)
    noise = rng.standard_normal((count, len(values))) @ (vectors * np.sqrt(np.maximum(values, 0))).T
    return sensor.sensitivities + noise.reshape(count, 3, -1).transpose(0, 2, 1)


def seen_by_both(
    first: KnownSensor, second: KnownSensor, light: Array, draws: int, seed: int
) -> Iterator[tuple[Array, Array]]:
    """XYZ (N, 3) of the bundled surfaces under a light (31,): as the second sensor tells them, and what the best map of
    the first sensor's RGB makes of them; both keep greys. One pair for each of some draws of what is known of the two.
    """
    rng, known = np.random.default_rng(seed), surfaces(light)
    for one, other in zip(drawn(first, draws, rng), drawn(second, draws, rng), strict=True):
        balanced = [(known.stimuli @ curves) / (unit_luminance(light) @ curves) for curves in (one, other)]
        wanted = balanced[1] @ fitted(balanced[1], known, keep_grey=True)
        target = Surfaces(known.stimuli, wanted, known.weight, known.metric, known.white_xyz)
        terms = root_polynomial.terms(balanced[0])
        yield terms @ fitted(terms, target, keep_grey=True), wanted
