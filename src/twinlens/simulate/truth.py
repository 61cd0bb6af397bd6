"""Truth: what is known of a simulated shot, in plain numbers that a JSON file holds.

Patches are read from the scene itself, in a few rows about each patch's middle, so shading and mixed light in the scene
count. Their camera RGB is that of the noiseless light before the lens' shading and glare, 1 = saturation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.shot import Shot
from twinlens.numerics import color, spectra
from twinlens.simulate.camera import Camera, Module, blur, counts
from twinlens.simulate.camera.view import View, project, upright_from_stored
from twinlens.simulate.scene import Patch, Scene, radiance

Array = npt.NDArray[Any]

MTF_FREQUENCIES = np.arange(0, 0.51, 0.05)  # cycles a pixel
_PATCH_ROWS = 5  # about a patch's middle
_PATCH_SHARE = 0.5  # of a patch's width


def of(
    scene: Scene, camera: Camera, unit: Module, seen_from: View, response: Array, shot: Shot, facts: dict[str, Any]
) -> dict[str, Any]:
    """Everything that is true of a shot; `response` (31, channels) is what the pixels saw of the scene."""
    sensor = camera.sensor
    known = counts.defects(camera, unit, (shot.height, shot.width))
    return {
        "scene": scene.name,
        "camera": camera.name,
        "module": unit.number,
        **facts,
        "illuminant": _illuminant(scene),
        "neutral": _plain(response_to(scene, np.ones_like(scene.light), response)),
        "patches": _patches(scene, seen_from, response, shot.orientation),
        "geometry": _geometry(seen_from),
        "sensor": {
            "gain_dn_per_e": sensor.gain_dn_per_e(facts["iso"]),
            "saturation_e": sensor.saturation_e(facts["iso"]),
            "full_well_e": sensor.full_well_e,
            "read_noise_e": sensor.read_noise_at(facts["iso"]),
            "dark_current_e_s": sensor.dark_current_e_s,
            "prnu": sensor.prnu,
            "dsnu_e": sensor.dsnu_e,
            "row_noise_e": sensor.row_noise_e,
            "black": _plain(sensor.black_levels),
            "white": sensor.white_level,
            "dead": _plain(known.dead),
            "hot": _plain(known.hot),
        },
        "noise": _noise(sensor.noise_model(facts["iso"], facts["exposure_time_s"])),
        "shading": {
            "center": _plain(unit.center),
            "strength": _plain(unit.shading),
            "vignetting": _plain(camera.lens.vignetting),
            "red": _plain(camera.lens.shading_red),
            "blue": _plain(camera.lens.shading_blue),
        },
        "mtf": _mtf(camera, seen_from),
        "glare": {"even": camera.lens.glare, "halo": camera.lens.halo, "halo_radius": camera.lens.halo_radius},
        "sensitivities": {"wavelengths_nm": _plain(spectra.WAVELENGTHS_NM), "values": _plain(unit.sensitivities.T)},
        "notes": [*camera.notes, *_light_notes(scene)],
    }


def response_to(scene: Scene, reflectance: Array, sensitivities: Array) -> Array:
    """What sensitivities (31, channels) see of a reflectance (31,) in the scene's main light: (channels,)."""
    return radiance(reflectance, scene.light) @ sensitivities


def _illuminant(scene: Scene) -> dict[str, Any]:
    white = spectra.white_xyz(scene.light)
    return {"name": scene.light_name, "white_xyz": _plain(white), "white_xy": _plain(color.xy_from_xyz(white))}


def _light_notes(scene: Scene) -> list[str]:
    return [
        f"the spectrum of the light {name} lacks {nm:g} nm of 400 to 700 nm at its ends; its last value goes on there"
        for name, nm in scene.facts.get("beyond_nm", {}).items()
    ]


def _patches(scene: Scene, seen_from: View, response: Array, orientation: int) -> list[dict[str, Any]]:
    stored_from_upright = np.linalg.inv(upright_from_stored(seen_from.scene, orientation))
    both = np.column_stack([spectra.observer(), response])
    strips: dict[tuple[int, int], Array] = {}  # patches of a row share theirs
    told = []
    for patch in scene.patches:
        top, bottom, left, right = _inside(patch, scene)
        if (top, bottom) not in strips:
            strips[top, bottom] = scene.seen_by(both, slice(top, bottom))
        mean = strips[top, bottom][:, left:right].reshape(-1, both.shape[1]).mean(0, dtype=np.float64)
        corners = seen_from.picture_from_scene_points(project(stored_from_upright, patch.corners))
        told.append(
            {"name": patch.name, "xyz": _plain(mean[:3]), "rgb": _plain(mean[3:]), "corners": _plain(corners)}
        )  # corners in the active area as stored
    return told


def _inside(patch: Patch, scene: Scene) -> tuple[int, int, int, int]:
    """A few rows (top, bottom) about the middle of a patch, and the columns (left, right) of its inner part."""
    corners = np.asarray(patch.corners, float)
    middle, half = corners.mean(0), np.ptp(corners, axis=0) / 2 * _PATCH_SHARE
    above, row = min(_PATCH_ROWS // 2, int(half[1])), min(max(round(middle[1]), 0), scene.height - 1)
    left, right = max(round(middle[0] - half[0]), 0), min(round(middle[0] + half[0]) + 1, scene.width)
    return max(row - above, 0), min(row + above + 1, scene.height), left, right


def _geometry(seen_from: View) -> dict[str, Any]:
    return {
        "frame": _plain(seen_from.frame),
        "scene": _plain(seen_from.scene),
        "picture_from_scene": _plain(seen_from.picture_from_scene),
        "radial": _plain(seen_from.radial),
        "center": _plain(seen_from.center),
        "scene_pixels_per_pixel": seen_from.scale,
    }


def _noise(model: Any) -> dict[str, Any]:
    return {"gain": _plain(model.gain), "offset": _plain(model.offset)}


def _mtf(camera: Camera, seen_from: View) -> dict[str, Any]:
    """Of lens and pixel together, along a row; the pixel's aperture is a square of its pitch."""
    samples = blur.samples_for(seen_from.scale)
    aperture = np.sinc(MTF_FREQUENCIES)
    kernels = [blur.kernel(camera, channel, samples) for channel in camera.sensor.optical_channels]
    spreads = [blur.kernel_mtf(one, MTF_FREQUENCIES, samples) for one in kernels]
    return {"cycles_per_px": _plain(MTF_FREQUENCIES), "values": _plain(np.stack(spreads) * aperture)}


def _plain(values: Any) -> Any:
    return np.asarray(values).tolist()
