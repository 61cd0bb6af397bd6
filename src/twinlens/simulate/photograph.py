"""Photograph: a simulated camera takes one picture of a scene, and says what is true of it.

Light stays spectral until the sensor's sensitivities integrate it. Exposure is relative: at 1 a perfect white in the
scene's main light just saturates the nominal unit's most sensitive channel at the chosen ISO, before shading. The chain
is scene - geometry - spread - glare - shading - color filters - electrons - noise - counts; its equations are in
`docs/simulate-cameras.md`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.core.image import SENSOR, Image, empty_rgb
from twinlens.core.shot import Cfa
from twinlens.kernels.memory import keep_freed_memory
from twinlens.simulate import camera as cameras
from twinlens.simulate import tags, truth
from twinlens.simulate.camera import Camera, Module, counts, optics
from twinlens.simulate.camera.view import Pose, View, view
from twinlens.simulate.scene import Scene

Array = npt.NDArray[Any]

METER_SHARE, METER_LEVEL = 0.995, 0.9  # automatic exposure: this share of the picture stays below this level of white
_METER_ROWS = 48
LEAST_RESOLUTION = 0.5  # scene pixels a picture pixel

__all__ = ["Photograph", "Pose", "photograph"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Photograph:
    """`image` (state SENSOR, uint16) with its Shot; `truth` plain numbers; `view` the geometry as functions; `light`
    (h, w, 3) (or (h, w)) float32 what falls on the active area's pixels, 1 = saturation, where it was asked for."""

    image: Image
    truth: dict[str, Any]
    view: View
    light: Array | None = None

    def write(self, path: str | os.PathLike[str], *, preview: Array | None = None, overwrite: bool = False) -> None:
        """Write the DNG; `preview` (h, w, 3) uint8 sRGB is put into it, turned as the raw picture is."""
        from twinlens.files import dng

        dng.write(path, self.image.pixels, self.image.shot, preview=preview, overwrite=overwrite)


def photograph(
    scene: Scene,
    camera: Camera | str,
    *,
    height: int | None = None,
    width: int | None = None,
    iso: float | None = None,
    exposure_time_s: float = 0.01,
    exposure: float | None = None,
    pose: Pose | None = None,
    neutral_error: tuple[float, float, float] = (1.0, 1.0, 1.0),
    white_xy: tuple[float, float] | None = None,
    module: int = 0,
    seed: int = 0,
    taken: str = "2026-01-01T12:00:00",
    orientation: int = 1,
    noisy: bool = True,
    keep_light: bool = False,
    least_resolution: float = LEAST_RESOLUTION,
) -> Photograph:
    """Take a picture.

    `height` x `width` is the active area as stored (default: the sensor's own); a smaller one has the same field of
    view on fewer pixels of the same kind. `exposure` multiplies the light (see the module), metered when not given.
    `exposure_time_s` is stated and counts for dark current. `neutral_error` multiplies AsShotNeutral (red, green,
    blue); `white_xy` states a white by chromaticity instead. `module` is the unit (0: nominal), `seed` the noise;
    without `noisy` there is neither noise nor fixed pattern nor defect.
    Raises ParameterError: an ISO or size that cannot be, a scene with fewer than `least_resolution` pixels a picture
    pixel.
    """
    keep_freed_memory()
    camera = cameras.load(camera) if isinstance(camera, str) else camera
    sensor, pose = camera.sensor, pose or Pose()
    unit = camera.module(module)
    iso = sensor.base_iso if iso is None else iso
    active = _active(camera, height, width)
    _check_shot(orientation, exposure_time_s, exposure, module, seed)
    seen_from = view(camera.lens, pose, active, (scene.height, scene.width), unit.center, orientation)
    _check_resolution(seen_from, least_resolution)
    if exposure is None:
        exposure = metered(scene, camera)
    response = unit.sensitivities * (exposure / white_of(scene, camera))
    parallax = optics.parallax_of(scene, seen_from, camera, pose, orientation)
    planes = optics.light_planes(scene, response, camera, seen_from, orientation, parallax)
    mosaic, light = _collect(planes, sensor.pattern, active, keep_light)
    pixels = counts.expose(mosaic, camera, unit, iso=iso, exposure_time_s=exposure_time_s, seed=seed, noisy=noisy)
    white = _white(scene, unit, neutral_error, white_xy)
    shot = tags.shot(
        camera, unit, active, iso=iso, time_s=exposure_time_s, taken=taken, orientation=orientation, **white
    )
    facts = {"exposure": exposure, "iso": iso, "exposure_time_s": exposure_time_s, "seed": seed, "noisy": noisy}
    facts["neutral_error"] = list(neutral_error)
    known = truth.of(scene, camera, unit, seen_from, response, shot, facts)
    image = Image(pixels=pixels, state=SENSOR, shot=shot, cfa=shot.cfa)
    return Photograph(image=image, truth=known, view=seen_from, light=light)


def white_of(scene: Scene, camera: Camera) -> float:
    """What the most sensitive channel of the nominal unit gets of a perfect white in the scene's main light."""
    return float(np.max(truth.response_to(scene, np.ones_like(scene.light), camera.sensitivities)))


def metered(scene: Scene, camera: Camera) -> float:
    """The exposure at which METER_SHARE of the scene (of some of its rows) stays below METER_LEVEL of saturation."""
    response = camera.sensitivities / white_of(scene, camera)
    picked = np.unique(np.linspace(0, scene.height - 1, min(_METER_ROWS, scene.height)).round().astype(int))
    rows = [scene.seen_by(response, slice(row, row + 1)).max(-1) for row in picked.tolist()]
    level = float(np.quantile(np.concatenate(rows, None), METER_SHARE))
    return METER_LEVEL / level if level > 0 else 1.0


def _active(camera: Camera, height: int | None, width: int | None) -> tuple[int, int]:
    """The active area's size, a whole number of tiles of the color filter."""
    active = (camera.sensor.height if height is None else height, camera.sensor.width if width is None else width)
    step = 1 if camera.sensor.pattern is None else len(camera.sensor.pattern.rows)
    if min(active) < max(2 * step, 2 * camera.sensor.crop_margin + 2) or any(size % step for size in active):
        raise ParameterError(
            f"a picture of {active[1]} x {active[0]} px: expected multiples of {step} px that leave something inside "
            f"the crop margin of {camera.sensor.crop_margin} px"
        )
    return active


def _check_shot(orientation: int, exposure_time_s: float, exposure: float | None, module: int, seed: int) -> None:
    if min(module, seed) < 0:
        raise ParameterError(f"module = {module}, seed = {seed}: whole numbers of 0 and more are wanted")
    if not 1 <= orientation <= 8:
        raise ParameterError(f"orientation = {orientation} is outside 1 to 8")
    if not (np.isfinite(exposure_time_s) and exposure_time_s > 0):
        raise ParameterError(f"exposure_time_s = {exposure_time_s:g}: a time above 0 s is wanted")
    if exposure is not None and not (np.isfinite(exposure) and exposure >= 0):
        raise ParameterError(f"exposure = {exposure:g}: a finite multiplier of 0 or more is wanted")


def _check_resolution(seen_from: View, least: float) -> None:
    if seen_from.scale < least:
        height, width = seen_from.scene
        raise ParameterError(
            f"the scene of {width} x {height} px has {seen_from.scale:.2f} pixels a picture pixel; {least:g} or more "
            "are wanted: make the scene larger, the picture smaller, or lower least_resolution"
        )


def _collect(planes: Any, pattern: Cfa | None, active: tuple[int, int], keep: bool) -> tuple[Array, Array | None]:
    """The planes as one mosaic (h, w), and together where they are to be kept."""
    mosaic = np.empty(active, np.float32)
    light = empty_rgb(*active) if keep and pattern is not None else None
    for channel, plane in enumerate(planes):
        if pattern is None:
            return plane, plane.copy() if keep else None
        for color, down, across in counts.sites(pattern):
            if color == channel:
                mosaic[down, across] = plane[down, across]
        if light is not None:
            light[..., channel] = plane
    return mosaic, light


def _white(
    scene: Scene, unit: Module, error: tuple[float, float, float], white_xy: tuple[float, float] | None
) -> dict[str, Any]:
    """The as-shot white: what an automatic white balance without fault finds, times its error; or a chromaticity."""
    if unit.sensitivities.shape[1] == 1:
        return {}
    if white_xy is not None:
        if not (min(white_xy) > 0 and sum(white_xy) < 1):
            raise ParameterError(f"white_xy = {white_xy}: a chromaticity (x, y) above 0 with x + y below 1 is wanted")
        return {"as_shot_white_xy": white_xy}
    factors = np.asarray(error, float)
    if factors.shape != (3,) or not np.isfinite(factors).all() or factors.min() <= 0:
        raise ParameterError(f"neutral_error = {error!r}: three factors above 0 are wanted")
    neutral = truth.response_to(scene, np.ones_like(scene.light), unit.sensitivities) * factors
    return {"as_shot_neutral": tuple((neutral / neutral.max()).tolist())}
