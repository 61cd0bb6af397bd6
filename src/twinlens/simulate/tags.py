"""Tags: what a simulated camera says of a shot in its DNG, as a maker's firmware would.

ColorMatrix and ForwardMatrix come from the model's sensitivities (`numerics.dng_matrices`), so a unit that differs from
its model is described as well as in life. NoiseProfile and GainMap are those of the sensor and unit.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.camera_color import CameraColor
from twinlens.core.opcodes import GainMap, Opcode, WarpRectilinear
from twinlens.core.shot import Shot
from twinlens.numerics import dng_matrices
from twinlens.simulate.camera import Camera, Module
from twinlens.simulate.camera.counts import frame_size, shading, sites

Array = npt.NDArray[Any]

LIGHT_A, LIGHT_D65 = 17, 21  # EXIF LightSource
GAIN_POINTS = (25, 33)  # rows, columns


@lru_cache(maxsize=16)
def camera_color(camera: Camera) -> CameraColor:
    """Both matrices for A and D65; none for a monochrome sensor."""
    if camera.sensor.channels == 1:
        return CameraColor()
    lights = (LIGHT_A, LIGHT_D65)
    forward = camera.stated.forward_matrix
    made = [dng_matrices.calibration(camera.sensitivities, light, forward=forward) for light in lights]
    return CameraColor(calibrations=tuple(made), origin="dng")


def gain_maps(camera: Camera, module: Module, active: tuple[int, int]) -> tuple[GainMap, ...]:
    """What undoes the unit's shading, one map a site of the filter's tile; the gain is 1 where it is brightest."""
    rows, columns = (np.linspace(0, 1, points) for points in GAIN_POINTS)
    y, x = rows * active[0] - 0.5, columns * active[1] - 0.5
    maps = []
    for channel, down, across in sites(camera.sensor.pattern):
        light = shading(camera.lens, module, y[:, None], x, active, channel)
        maps.append(
            GainMap(
                area=(down.start or 0, across.start or 0, *active),
                row_pitch=down.step or 1,
                column_pitch=across.step or 1,
                gains=(light.max() / light)[..., None].astype(np.float32),
                spacing=(float(rows[1]), float(columns[1])),
                origin=(0.0, 0.0),
            )
        )
    return tuple(maps)


def warp(camera: Camera, module: Module) -> WarpRectilinear:
    """What undoes distortion and lateral chromatic aberration; one plane for all where there is none."""
    lens = camera.lens
    channels = range(3) if any((*lens.lateral_red, *lens.lateral_blue)) and camera.sensor.channels == 3 else (1,)
    rows = np.stack([np.append(lens.radial(channel), (0.0, 0.0)) for channel in channels])
    return WarpRectilinear(coefficients=rows, center=module.center)


def opcodes(camera: Camera, module: Module, active: tuple[int, int]) -> tuple[tuple[Opcode, ...], ...]:
    """The three opcode lists."""
    shaded = camera.lens.shades and camera.stated.gain_map
    moved = camera.lens.moves and camera.stated.warp
    maps = gain_maps(camera, module, active) if shaded else ()
    return (), maps, ((warp(camera, module),) if moved else ())


def shot(camera: Camera, module: Module, active: tuple[int, int], *, iso: float, time_s: float, **facts: Any) -> Shot:
    """The facts of an exposure whose active area is (height, width); `facts` are further fields of Shot."""
    sensor, lens = camera.sensor, camera.lens
    height, width = frame_size(camera, active)
    top, left, bottom, right = sensor.border
    pattern, margin = sensor.pattern, sensor.crop_margin
    model = camera.model or camera.name
    crop = {
        "default_crop_origin": (float(margin), float(margin)),
        "default_crop_size": (float(active[1] - 2 * margin), float(active[0] - 2 * margin)),
    }
    stated: dict[str, Any] = {
        "make": camera.make,
        "model": model,
        "unique_camera_model": f"{camera.make} {model}",
        "lens": lens.name,
        "serial": f"{module.number:06d}",
        "software": "twinlens simulate",
        "exposure_time_s": time_s,
        "f_number": lens.f_number,
        "iso": float(iso),
        "focal_length_mm": lens.focal_length_mm,
        "width": width,
        "height": height,
        "bits": sensor.bits,
        "cfa": None if pattern is None else pattern.shifted(-top, -left),
        "active_area": (top, left, height - bottom, width - right),
        "masked_areas": masked_areas(height, width, sensor.border),
        "black_level": _black_level(camera),
        "white_level": (sensor.white_level,),
        "noise": sensor.noise_model(iso, time_s) if camera.stated.noise else None,
        "opcodes": opcodes(camera, module, active),
        "color": camera_color(camera),
        "baseline_exposure": camera.stated.baseline_exposure,
    }
    return Shot(**{**stated, **(crop if margin else {}), **facts})


def _black_level(camera: Camera) -> Array:
    """(rows, columns, 1) DN of the tile as seen from the active area, one number where all are equal."""
    levels, pattern = camera.sensor.black_levels, camera.sensor.pattern
    if pattern is None or len(set(levels)) == 1:
        return np.full((1, 1, 1), levels[0])
    return np.asarray(levels)[pattern.indices][..., None]


def masked_areas(height: int, width: int, border: tuple[int, int, int, int]) -> tuple[tuple[int, int, int, int], ...]:
    """The border of a frame as rectangles (top, left, bottom, right) that do not overlap; at most four."""
    top, left, bottom, right = border
    areas = (
        (0, 0, top, width),
        (height - bottom, 0, height, width),
        (top, 0, height - bottom, left),
        (top, width - right, height - bottom, width),
    )
    return tuple(one for one in areas if one[0] < one[2] and one[1] < one[3])
