"""Camera: a look as a DNG camera profile (DCP) for one camera: its matrices, the look's curve and a look table.

A DCP renders in linear ProPhoto RGB in the order hue/saturation map (by light), exposure, look table, tone curve. The
curve is the look's grey curve; it acts on the largest and the smallest channel and keeps the hue. For any scene color
the color that the curve turns into the look's is therefore known exactly, and the look table holds the way to it in
hue, saturation and value. One stop of room is kept above white (BaselineExposureOffset -1), for colors that the look
shows brighter than greys and for light beyond the sensor's neutral clipping point.
Source: Digital Negative Specification 1.7.1, chapter 6.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.camera_color import Calibration, CameraColor, HueSatTable
from twinlens.core.errors import ParameterError
from twinlens.numerics import color
from twinlens.numerics.color import rgb_from_rgb
from twinlens.numerics.hue_sat import apply_hue_sat, hsv_from_rgb, rgb_from_hsv, sampled_curve
from twinlens.numerics.look import root_terms
from twinlens.numerics.temperature import LIGHT_TEMPERATURE_K, temperature_from_xy
from twinlens.pipeline.export.rendering import display_light
from twinlens.stages.look_map import DAYLIGHT_CCT, LookMap, transform_of

Array = npt.NDArray[Any]

ROOM_STOPS = 1.0  # above white
DIVISIONS = (90, 32, 32)  # hues, saturations, values of the look table; values even in sRGB code
LIGHT_DIVISIONS = (90, 30)  # of the map by light, which does not depend on exposure
CURVE_POINTS = 257  # of the tone curve, even in the square root of light
LEAST = 0.25  # of a division: where the entries for black and for grey are taken from
HIGHEST_SATURATION_SCALE, HIGHEST_VALUE_SCALE, LARGEST_SHIFT_DEG = 8.0, 4.0, 60.0
TINTED = 0.002  # of display code: a grey that is further from neutral is tinted
NO_BLACK_SUBTRACTION = 1  # DefaultBlackRender
REFINEMENTS = 6
_TO_REC2020, _TO_PROPHOTO = rgb_from_rgb("rec2020", "prophoto"), rgb_from_rgb("prophoto", "rec2020")


def camera_profile(look_map: LookMap, camera: CameraColor, name: str, copyright_text: str = "") -> CameraColor:
    """What `files.dcp.write` takes: the camera's matrices with the look in its curve and tables."""
    if not camera.calibrations:
        raise ParameterError("a DCP needs a camera whose color is known: a DNG with a ColorMatrix, a .dcp or a profile")
    base = replace(look_map, cct=DAYLIGHT_CCT) if look_map.lights else look_map
    curve = tone_curve(base)
    table = look_table(base, sampled_curve(curve))
    return CameraColor(
        calibrations=tuple(_calibration(one, look_map) for one in camera.calibrations),
        name=name,
        camera_model=camera.camera_model,
        profile_signature=camera.profile_signature or camera.signature,
        copyright=copyright_text,
        look_table=HueSatTable(table, "srgb"),
        tone_curve=curve,
        baseline_exposure_offset=camera.baseline_exposure_offset - ROOM_STOPS,
        default_black_render=NO_BLACK_SUBTRACTION,
        origin="dcp",
    )


def grey_tint(look_map: LookMap) -> float:
    """How far (display code) the look takes greys from neutral at most: what a DCP cannot show."""
    light = np.repeat(np.linspace(0, 1, 257)[:, None] ** 2, 3, 1)
    return float(np.ptp(color.encode(display_light(look_map, light)), axis=1).max())


def tone_curve(look_map: LookMap) -> Array:
    """The look's grey curve (points, 2) from light with `ROOM_STOPS` of room to display light; it rises."""
    at = np.square(np.linspace(0, 1, CURVE_POINTS))
    grey = display_light(look_map, np.repeat((at * 2**ROOM_STOPS)[:, None], 3, 1))
    shown = np.maximum.accumulate(np.clip(grey @ color.XYZ_FROM_REC2020[1], 0, 1))
    shown[0] = 0.0
    return np.stack([at, shown], 1)


def look_table(look_map: LookMap, curve: Array) -> Array:
    """The table (hues, saturations, values, 3) that, before `curve`, shows scene colors as the look does."""
    hues, saturations, values = DIVISIONS
    hue = np.arange(hues) * 6 / hues
    saturation = np.maximum(np.arange(saturations), LEAST) / (saturations - 1)
    value = color.decode(np.maximum(np.arange(values), LEAST) / (values - 1))
    h, s, v = np.meshgrid(hue, saturation, value, indexing="ij")
    table = _change(look_map, curve, h, s, v)
    table[:, 0, :, 2] = 1.0  # the specification asks it of grey, and the curve is made for it
    return table.astype(np.float32)


def _change(look_map: LookMap, curve: Array, hue: Array, saturation: Array, value: Array) -> Array:
    """Hue shift (degrees), saturation scale, value scale (in sRGB code) from ProPhoto colors to those wanted."""
    scene = rgb_from_hsv(hue, saturation, value) * 2**ROOM_STOPS
    shown = display_light(look_map, scene.reshape(-1, 3) @ _TO_REC2020.T) @ _TO_PROPHOTO.T
    wanted = before_curve(np.clip(shown, 0, 1), curve).reshape(scene.shape)
    h, s, v = hsv_from_rgb(wanted)
    shift = (60 * (h - hue) + 180) % 360 - 180
    shift = np.where(s > 1e-4, np.clip(shift, -LARGEST_SHIFT_DEG, LARGEST_SHIFT_DEG), 0)
    code = color.encode(v) / color.encode(value)
    return np.stack(
        [shift, np.clip(s / saturation, 0, HIGHEST_SATURATION_SCALE), np.clip(code, 0, HIGHEST_VALUE_SCALE)], -1
    )


def before_curve(shown: Array, curve: Array) -> Array:
    """The colors (N, 3) that the hue-keeping curve (4097 samples, even in square root) turns into `shown`."""
    at = np.linspace(0, 1, len(curve))
    rising = np.maximum.accumulate(curve) + 1e-9 * at  # a flat part has no inverse: its beginning is taken
    low, high = shown.min(-1, keepdims=True), shown.max(-1, keepdims=True)
    ends = [np.square(np.interp(one, rising, at)) for one in (low, high)]
    place = (shown - low) / np.maximum(high - low, 1e-9)
    return ends[0] + (ends[1] - ends[0]) * place


def _calibration(one: Calibration, look_map: LookMap) -> Calibration:
    """The camera's numbers for one light, with the look's own difference for that light in the hue/saturation map."""
    if not look_map.lights:
        return replace(one, camera_calibration=None)
    kelvin = temperature_from_xy(one.white_xy)[0] if one.white_xy else LIGHT_TEMPERATURE_K.get(one.light, DAYLIGHT_CCT)
    return replace(one, camera_calibration=None, hue_sat=HueSatTable(light_table(look_map, kelvin, one.hue_sat)))


def light_table(look_map: LookMap, kelvin: float, camera: HueSatTable | None = None) -> Array:
    """The map (hues, saturations, 1, 3) from scene light to that which the look's daylight renders as it would here."""
    hues, saturations = LIGHT_DIVISIONS
    hue, saturation = np.arange(hues) * 6 / hues, np.maximum(np.arange(saturations), LEAST) / (saturations - 1)
    h, s = np.meshgrid(hue, saturation, indexing="ij")
    scene = rgb_from_hsv(h, s, np.ones_like(h))
    if camera is not None and camera.values.shape[2] == 1:
        scene = apply_hue_sat(scene, np.asarray(camera.values), False, np.eye(3), np.eye(3)).astype(float)
    before = np.maximum(scene @ _TO_REC2020.T, 0)
    own, day = (transform_of(replace(look_map, cct=float(one))) for one in (kelvin, DAYLIGHT_CCT))
    wanted = root_terms(before, own.shape[1]) @ own.T
    moved, back = before, np.linalg.inv(_slope(day))
    for _ in range(REFINEMENTS):
        moved = np.maximum(moved + (wanted - root_terms(moved, day.shape[1]) @ day.T) @ back.T, 0)
    after_h, after_s, after_v = hsv_from_rgb(np.maximum(moved @ _TO_PROPHOTO.T, 0))
    shift = np.clip((60 * (after_h - h) + 180) % 360 - 180, -LARGEST_SHIFT_DEG, LARGEST_SHIFT_DEG)
    table = np.stack([shift, np.clip(after_s / s, 0, HIGHEST_SATURATION_SCALE), after_v], -1)
    table[:, 0, 2] = 1.0
    return table.astype(np.float32)[:, :, None]


def _slope(transform: Array) -> Array:
    """The derivative (3, 3) of a root-polynomial at grey, where all its terms are 1."""
    step = 1e-4
    points = 1 + step * np.eye(3)
    plain = root_terms(np.ones((1, 3)), transform.shape[1]) @ transform.T
    return ((root_terms(points, transform.shape[1]) @ transform.T - plain) / step).T
