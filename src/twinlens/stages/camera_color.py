"""Camera color: takes white-balanced camera RGB to linear Rec. 2020, as the file, a profile or a DCP says.

One 3x3 matrix for the picture's light (Digital Negative Specification 1.7.1, chapter 6) and, where the profile has
one, its hue/saturation table, which is applied in linear ProPhoto RGB. A calibrated profile has a root-polynomial
instead, for the light that the white balance tells of or for a light that is named: exact under any exposure, and
greys stay grey. BaselineExposure and its offset belong to the exposure stage.
"""

from __future__ import annotations

import logging
from dataclasses import field, replace
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt

from twinlens.core.camera_color import CameraColor as ColorTags
from twinlens.core.camera_color import HueSatTable
from twinlens.core.errors import ParameterError
from twinlens.core.image import BALANCED, SCENE, Image
from twinlens.core.noise import NoiseModel
from twinlens.core.profile import color_in_use
from twinlens.core.record import record
from twinlens.core.sensor_color import SensorColor
from twinlens.core.stage import Facts, Stage, param
from twinlens.kernels.hue_sat import hue_sat
from twinlens.kernels.matrix import matrix
from twinlens.kernels.root_polynomial import root_polynomial
from twinlens.numerics.color import D50_XYZ, REC2020_FROM_XYZ_D50, adaptation, rgb_from_rgb
from twinlens.numerics.dng_color import Light, lights_from, rec2020_from_balanced, weights, xy_from_neutral
from twinlens.numerics.root_polynomial import TERMS, at_grey
from twinlens.numerics.sensor_white import interpolated, temperature_of
from twinlens.numerics.spectra import illuminant, white_xyz

Array = npt.NDArray[Any]
_log = logging.getLogger("twinlens")

PROPHOTO_FROM_REC2020 = rgb_from_rgb("prophoto", "rec2020")
REC2020_FROM_PROPHOTO = np.linalg.inv(PROPHOTO_FROM_REC2020)


@record(kw_only=True)
class CameraColor(Stage):
    """A recipe keeps `matrix` and the fingerprint of the table; the table itself comes again from the file or
    profile."""

    accepts: ClassVar = BALANCED
    returns: ClassVar = SCENE

    source: Literal["auto", "file", "dcp", "profile", "none"] = param(
        "auto",
        doc="whose color: auto takes the profile or DCP when there is one, else the file; none leaves the channels",
    )
    tables: bool = param(True, doc="apply the profile's hue and saturation table, or its root-polynomial")
    light: str = param("", doc="name of the light (FL11, LED-B3), for a calibrated profile; empty: by the white")
    matrix: tuple[float, float, float, float, float, float, float, float, float] | None = param(
        None, doc="rec2020_from_balanced, row by row", expert=True
    )
    polynomial: tuple[float, ...] | None = param(
        None, doc="rec2020 from the 13 root-polynomial terms of balanced RGB, term by term", expert=True
    )
    table_hash: str = param(
        "", doc="fingerprint of the hue and saturation table that belongs to the matrix", expert=True
    )
    hue_sat: HueSatTable | None = field(
        default=None, compare=False, repr=False, metadata={"doc": "the table for this light", "transient": True}
    )

    def resolve(self, facts: Facts) -> Self:
        if self.source == "none":
            return replace(self, matrix=tuple(np.eye(3).ravel()), polynomial=None, table_hash="", hue_sat=None)
        if self.source in ("dcp", "profile"):
            origin = facts.profile.color.origin if facts.profile is not None else ""
            if not (facts.profile and facts.profile.color.is_known) or (self.source == "dcp") != (origin == "dcp"):
                raise ParameterError(f"CameraColor.source = {self.source!r}, but no {self.source} with color was given")
        color = color_in_use(facts.shot, facts.profile, "file" if self.source == "file" else "auto")
        lights = lights_from(color.calibrations)
        neutral = _neutral(facts)
        if color.sensor is not None and self.tables and self.matrix is None:
            polynomial = rec2020_polynomial(color.sensor, neutral, self.light)
            numbers = tuple(at_grey(polynomial).ravel().tolist())
            return replace(self, matrix=numbers, polynomial=tuple(polynomial.ravel().tolist()), hue_sat=None)
        if self.polynomial is not None:
            if len(self.polynomial) != 3 * TERMS:
                raise ParameterError(
                    f"CameraColor.polynomial: {3 * TERMS} values are wanted, got {len(self.polynomial)}"
                )
            return self
        if self.light:
            raise ParameterError(
                f"CameraColor.light = {self.light!r} needs a profile made by `twinlens calibrate color`, with tables on"
            )
        numbers = self.matrix
        if numbers is None:
            numbers = tuple(float(one) for one in _matrix(facts, lights, neutral, color.analog_balance).ravel())
        white = xy_from_neutral(lights, neutral, color.analog_balance) if lights else None
        table = table_for(color, lights, white) if self.tables and white is not None else None
        found = fingerprint(table)
        if self.table_hash and self.table_hash != found:
            raise ParameterError(
                f"the recipe was made with hue and saturation table {self.table_hash}, the color given now has "
                f"{found or 'none'}: give the same profile or DCP again, or set CameraColor.tables = false"
            )
        return replace(self, matrix=numbers, table_hash=found, hue_sat=table)

    @property
    def rec2020_from_balanced(self) -> Array:
        """The matrix (3, 3) as it acts."""
        return np.eye(3) if self.matrix is None else np.reshape(self.matrix, (3, 3))

    @property
    def mixing(self) -> Array | None:
        return self.rec2020_from_balanced if self.hue_sat is None and self.polynomial is None else None

    def relabelled(self, image: Image) -> Image:
        noise = image.noise and _mixed(image.noise, self.rec2020_from_balanced)
        return image.with_pixels(image.pixels, state=SCENE, primaries="rec2020", noise=noise)

    def __call__(self, image: Image) -> Image:
        acting = self.rec2020_from_balanced
        if self.polynomial is not None:
            pixels = root_polynomial(image.pixels, np.reshape(self.polynomial, (TERMS, 3)))
        elif self.hue_sat is None:
            pixels = matrix(image.pixels, acting)
        else:
            before, after = PROPHOTO_FROM_REC2020 @ acting, REC2020_FROM_PROPHOTO
            pixels = hue_sat(image.pixels, self.hue_sat.values, self.hue_sat.encoding == "srgb", before, after)
        return self.relabelled(image.with_pixels(pixels))


def rec2020_polynomial(sensor: SensorColor, neutral: Array, light: str = "") -> Array:
    """The map (13, 3) from terms of balanced RGB to linear Rec. 2020 for a picture whose neutral is this camera RGB, or
    for a light that is named; all terms 1 (a grey of 1) become exactly 1."""
    if light:
        from twinlens.numerics.color_model import color_map  # slow to load, and seldom wanted

        power = illuminant(light)
        found = color_map(sensor.sensitivities, power, keep_grey=True).polynomial
        to_xyz_d50 = found @ adaptation(white_xyz(power), D50_XYZ).T
    else:
        kelvin, _ = temperature_of(sensor.sensitivities, neutral)
        maps = sensor.maps
        to_xyz_d50 = interpolated(
            np.array([one.kelvin for one in maps]), np.stack([one.polynomial for one in maps]), kelvin
        )
    found = to_xyz_d50 @ REC2020_FROM_XYZ_D50.T
    return found / found.sum(0)


def _mixed(noise: NoiseModel, acting: Array) -> NoiseModel:
    """The noise of a grey pixel after the matrix; channels count as independent."""
    power = np.square(acting)
    gain, offset = power @ np.array(noise.gain), power @ np.array(noise.offset)
    return NoiseModel(tuple(gain.tolist()), tuple(offset.tolist()))


def _neutral(facts: Facts) -> Array:
    """The camera RGB (3,) of the white that the picture was balanced to."""
    for stage in facts.before:
        if stage.name() == "white_balance" and getattr(stage, "gains", None) is not None:
            return 1 / np.array(stage.gains)  # type: ignore[attr-defined]
    return np.array(facts.shot.as_shot_neutral or (1.0, 1.0, 1.0), float)


def _matrix(facts: Facts, lights: tuple[Light, ...], neutral: Array, balance: Array | None) -> Array:
    if lights:
        return rec2020_from_balanced(lights, neutral, balance)
    _log.info("%s has no color matrix: its balanced RGB is taken as linear sRGB", facts.shot.source or "the file")
    return rgb_from_rgb("rec2020", "srgb")


def table_for(color: ColorTags, lights: tuple[Light, ...], white_xy: tuple[float, float]) -> HueSatTable | None:
    """The profile's hue/saturation table for this white: interpolated between the lights like the matrices."""
    known = [one.hue_sat for one in color.calibrations if one.hue_sat is not None]
    if not known:
        return None
    if len(known) == len(lights) and all(one.values.shape == known[0].values.shape for one in known):
        share = weights(lights, white_xy)
        values = sum(w * one.values.astype(float) for w, one in zip(share, known, strict=True))
        return HueSatTable(np.ascontiguousarray(values, np.float32), known[0].encoding)
    return HueSatTable(np.ascontiguousarray(known[0].values, np.float32), known[0].encoding)


def fingerprint(table: HueSatTable | None) -> str:
    """Twelve hexadecimal digits that change with the table; "" for none."""
    if table is None:
        return ""
    import hashlib  # slow to load, and most files have no table

    data = np.ascontiguousarray(table.values, np.float32)
    return hashlib.sha256(data.tobytes() + repr((data.shape, table.encoding)).encode()).hexdigest()[:12]


def baseline_offset(color: ColorTags) -> float:
    """The exposure offset (EV) that the color numbers bring along; the exposure stage adds it to BaselineExposure."""
    return color.baseline_exposure_offset
