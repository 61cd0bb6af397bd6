"""Color profile: a color model as what a camera profile holds, and as what other programs read of it.

A DNG profile carries the model as two lights, each with a color matrix, a forward matrix and a hue/saturation table
that holds the difference between the root-polynomial and the forward matrix, on the table's own grid.

Where a plain 3x3 matrix read left-out patches better than the model (`ColorModel.plain_matrix`), every file holds that
matrix, for the light of the fit, and no sensor: nothing that is known to be worse is written.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.calibrate.color import ColorFit
from twinlens.core.camera_color import Calibration, CameraColor, HueSatTable
from twinlens.core.errors import ParameterError
from twinlens.core.profile import CameraProfile
from twinlens.core.sensor_color import LightMap, SensorColor
from twinlens.files import icc_camera
from twinlens.numerics import color, spectra
from twinlens.numerics.color_model import ColorMap, ColorModel, color_map
from twinlens.numerics.hue_sat import hsv_from_rgb, rgb_from_hsv
from twinlens.numerics.root_polynomial import apply
from twinlens.numerics.temperature import temperature_from_xy

Array = npt.NDArray[Any]

STORED_LIGHTS = ("A", "3500K", "D50", "D65", "D75")  # maps of a profile; between them by 1 / temperature
DNG_LIGHTS = {"A": 17, "D65": 21}  # EXIF LightSource codes of the two calibrations
PLAIN_LIGHTS = {
    **DNG_LIGHTS,
    "D55": 20,
    "D75": 22,
    "D50": 23,
}  # that a plain matrix may be for; others are stated as xy
OTHER_LIGHT = 255  # EXIF LightSource
HUES, SATURATIONS = 90, 30  # of the hue/saturation table
STRONGEST_SATURATION = 1.6  # scale of the table: beyond it the grid's corner is not a camera color
PROPHOTO_FROM_XYZ_D50 = np.linalg.inv(color.xyz_from_rgb("prophoto"))


def camera_color(model: ColorModel, name: str = "") -> CameraColor:
    """The color of a profile: calibrations for A and D65, the sensor, and its maps for the usual lights; or the plain
    matrix alone, where that was better."""
    if model.plain_matrix is not None:
        return CameraColor((_plain_calibration(model, model.plain_matrix),), name, origin="profile")
    maps = tuple(_light_map(model, light) for light in STORED_LIGHTS)
    sensor = SensorColor(model.sensitivities, model.sd(), maps)
    return CameraColor(tuple(_calibration(model, one) for one in DNG_LIGHTS), name, sensor=sensor, origin="profile")


def camera_profile(model: ColorModel, name: str, /, **facts: Any) -> CameraProfile:
    """A camera profile with this color; `facts` are its other fields (make, model, lens, provenance, ...)."""
    return CameraProfile(name=name, color=camera_color(model, name), **facts)


def fit_facts(fit: ColorFit) -> dict[str, Any]:
    """What a color fit says of itself, as plain numbers and words: for a profile's provenance and for JSON."""
    errors = {key: getattr(fit, key) for key in ("patches", "left_out", "plain_left_out", "predicted")}
    told = {key: {k: round(v, 4) for k, v in vars(one).items()} for key, one in errors.items() if one is not None}
    return {
        "light": fit.value.light_name or "by its spectrum",
        "unit": fit.unit,
        "patches_used": fit.samples,
        "uses_plain_matrix": fit.is_plain,
        "errors": told,
        "errors_by_hue": {one.hue: {"mean": round(one.mean, 4), "p95": round(one.p95, 4)} for one in fit.by_hue},
        "notes": list(fit.notes),
        "prior": "52 cameras of rawtoaces-data (Apache-2.0)",
    }


def dcp_color(model: ColorModel, name: str, camera_model: str, copyright_text: str = "") -> CameraColor:
    """What `files.dcp.write` takes: two lights, forward matrices, hue/saturation tables; or one plain matrix."""
    if model.plain_matrix is not None:
        plain = (_plain_calibration(model, model.plain_matrix),)
        return CameraColor(plain, name, camera_model, copyright=copyright_text, origin="dcp")
    calibrations = tuple(_calibration(model, light, with_table=True) for light in DNG_LIGHTS)
    return CameraColor(calibrations, name, camera_model, copyright=copyright_text, origin="dcp")


def icc_profiles(model: ColorModel, light: str, description: str) -> tuple[bytes, bytes]:
    """The ICC input profiles (matrix, table) for white-balanced linear RGB of pictures under a named light; of a plain
    matrix under the light of the fit, whatever `light` is."""
    if model.plain_matrix is not None:
        return _plain_icc(_plain_forward(model, model.plain_matrix), description)
    found, white = _grey_keeping(model, spectra.illuminant(light))
    to_d50 = color.adaptation(white, color.D50_XYZ)

    def to_xyz_d50(rgb: Array) -> Array:
        return apply(rgb, found.polynomial) @ to_d50.T

    return icc_camera.matrix_profile(to_d50 @ found.matrix, description), icc_camera.table_profile(
        to_xyz_d50, description
    )


def unit_calibration(golden: ColorModel, unit: ColorModel, light: Any = "D65") -> Array:
    """The CameraCalibration matrix (3, 3, diagonal) of one unit of a model: its channels relative to the golden
    sample's, for a white under `light` that is equal in green (DNG 1.7.1, CameraCalibration1)."""
    ratio = unit.white_rgb(light) / golden.white_rgb(light)
    return np.diag(ratio / ratio[1])


def _light_map(model: ColorModel, light: str) -> LightMap:
    power = spectra.illuminant(light)
    found, white = _grey_keeping(model, power)
    kelvin = temperature_from_xy(color.xy_from_xyz(white))[0]
    return LightMap(light, kelvin, found.polynomial @ color.adaptation(white, color.D50_XYZ).T)


def _grey_keeping(model: ColorModel, power: Array) -> tuple[ColorMap, Array]:
    return color_map(model.sensitivities, power, keep_grey=True), spectra.white_xyz(power)


def _plain_forward(model: ColorModel, matrix: Array) -> Array:
    """XYZ D50 from white-balanced RGB: the matrix (xyz_from_camera) with the white that it stands for taken to 1."""
    white = spectra.white_xyz(model.light)
    camera_white = np.linalg.pinv(matrix) @ white
    if camera_white.min() <= 0:
        raise ParameterError(
            "neither the sensor model nor a 3x3 matrix fits: the matrix has no white (a channel would be 0 or less); "
            "check target, light and the order of the patches"
        )
    return color.adaptation(white, color.D50_XYZ) @ matrix * camera_white


def _plain_calibration(model: ColorModel, matrix: Array) -> Calibration:
    white = spectra.white_xyz(model.light)
    forward, camera_from_xyz = _plain_forward(model, matrix), np.linalg.inv(matrix)
    code = PLAIN_LIGHTS.get(model.light_name.strip().upper(), OTHER_LIGHT)
    xy = color.xy_from_xyz(white) if code == OTHER_LIGHT else None
    return Calibration(code, camera_from_xyz / (camera_from_xyz @ white).max(), forward, white_xy=xy)


def _plain_icc(forward: Array, description: str) -> tuple[bytes, bytes]:
    table = icc_camera.table_profile(lambda rgb: np.asarray(rgb) @ forward.T, description)
    return icc_camera.matrix_profile(forward, description), table


def _calibration(model: ColorModel, light: str, with_table: bool = False) -> Calibration:
    """Color matrix in the unit in which the light's white has a largest channel of 1."""
    found, white = _grey_keeping(model, spectra.illuminant(light))
    to_d50 = color.adaptation(white, color.D50_XYZ)
    forward = to_d50 @ found.matrix
    camera_from_xyz = np.linalg.inv(found.matrix / found.white_rgb)
    camera_from_xyz = camera_from_xyz / (camera_from_xyz @ white).max()
    table = hue_sat_table(found.polynomial @ to_d50.T, forward) if with_table else None
    return Calibration(DNG_LIGHTS[light], camera_from_xyz, forward, hue_sat=table)


def hue_sat_table(polynomial: Array, forward: Array) -> HueSatTable:
    """The table (90, 30, 1, 3) that, after a forward matrix, does what a root-polynomial does: both take white-balanced
    RGB to XYZ D50, and neither depends on exposure, so one value level is enough."""
    hue = np.broadcast_to(np.arange(HUES)[:, None] * 6 / HUES, (HUES, SATURATIONS))
    saturation = np.broadcast_to(np.linspace(0, 1, SATURATIONS), (HUES, SATURATIONS))
    prophoto = rgb_from_hsv(hue, saturation, np.ones_like(hue))
    balanced = prophoto @ np.linalg.inv(PROPHOTO_FROM_XYZ_D50 @ forward).T
    reached = np.maximum(balanced, 0)
    wanted = apply(reached, polynomial) @ PROPHOTO_FROM_XYZ_D50.T
    linear = reached @ (PROPHOTO_FROM_XYZ_D50 @ forward).T  # where a camera color lies after the matrix
    change = _change(linear, wanted)
    inside = np.all(balanced >= -1e-9, axis=-1)
    return HueSatTable(_continued(change, inside).astype(np.float32)[:, :, None])


def _change(before: Array, after: Array) -> Array:
    """Hue shift in degrees, saturation scale and value scale (..., 3) between ProPhoto colors."""
    h0, s0, v0 = hsv_from_rgb(np.maximum(before, 1e-6))
    h1, s1, v1 = hsv_from_rgb(np.maximum(after, 1e-6))
    shift = (60 * (h1 - h0) + 180) % 360 - 180
    colored = s0 > 1e-6
    scale = np.where(colored, s1 / np.where(colored, s0, 1), 1)
    return np.stack([np.where(colored, shift, 0), np.clip(scale, 0, STRONGEST_SATURATION), v1 / v0], -1)


def _continued(change: Array, inside: Array) -> Array:
    """Along each hue, the change of the most saturated color that the camera can record, beyond it."""
    last = np.maximum(inside.cumsum(1).argmax(1), 1)
    index = np.minimum(np.arange(SATURATIONS), last[:, None])
    found = np.take_along_axis(change, index[..., None], 1)
    found[:, 0] = found[:, 1] * [1, 1, 0] + [0, 0, 1]  # a grey keeps its value; its hue follows its neighbours
    return found
