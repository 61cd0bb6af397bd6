"""Optics: a scene's light as it falls on the pixels, one plane a channel.

The scene is resampled once: its pixels are averaged over areas until a picture's pixel has one sample a side (two or
three where the scene is fine enough), then a cubic filter (Keys 1981, a = -1/2) looks up the places of the `View`;
spread, glare and the average over the pixel follow. Radiance is kept: a flat scene stays as bright, a point's light is
as much as before times the change of scale.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.core.image import stored
from twinlens.kernels.warp import warp_plane
from twinlens.numerics.lens import GRID
from twinlens.simulate.camera import blur
from twinlens.simulate.camera.model import Camera
from twinlens.simulate.camera.view import View, upright_from_stored
from twinlens.simulate.scene import Scene

Array = npt.NDArray[Any]

_SAME_SCALE = 1.02  # areas are not averaged for less
_STILL_PX = 2e-3  # moves below count as none
_STRIP = 128  # rows at once; a multiple of GRID
_THREADS = 2
_PASSES = 4  # of finding where parallax looks
_BEND_PX = 0.1  # of parallax between places of the warp's grid: more is looked up pixel by pixel


@dataclass(frozen=True, kw_only=True, eq=False)
class Parallax:
    """`depth_m` (H, W) of the stored scene; `shift` (x, y): scene pixels times m that nearer things move."""

    depth_m: Array
    shift: tuple[float, float]
    focus_m: float
    seen: dict[int, Array] = field(default_factory=dict)  # by samples a pixel: one nearness for all channels
    smooth: dict[float, bool] = field(default_factory=dict)  # by step

    @cached_property
    def nearness(self) -> Array:
        """How much nearer (1/m) each place of the scene is than the plane of focus, (H, W) float32."""
        return 1 / self.depth_m - np.float32(1 / self.focus_m)

    def is_smooth(self, step: float) -> bool:
        """Whether parallax is as good as linear over `step` scene pixels, across and down."""
        if step not in self.smooth:
            self.smooth[step] = self._is_smooth(step)
        return self.smooth[step]

    def _is_smooth(self, step: float) -> bool:
        reach, half = float(np.hypot(*self.shift)), max(round(step / 2), 1)
        for lines in (self.nearness[::half], self.nearness[:, ::half].T):
            bend = lines[:, half:-half] - (lines[:, : -2 * half] + lines[:, 2 * half :]) / 2
            if np.abs(bend).max(initial=0) * reach > _BEND_PX:
                return False
        return True

    def seen_from(self, x: Array, y: Array, *, between: bool = False) -> Array:
        """The nearness, float32, of what rays meet that would meet the plane of focus at (x, y), float32: that of the
        nearest pixel, or `between` pixels."""
        import cv2

        near, how = np.zeros_like(x), cv2.INTER_LINEAR if between else cv2.INTER_NEAREST
        for _ in range(_PASSES):
            near = cv2.remap(self.nearness, *self.moved(x, y, near), how, borderMode=cv2.BORDER_REPLICATE)
        return near

    def displaced(self, points: Array) -> Array:
        """Points (h, w, 2) of (x, y) in the plane of focus, moved to what is seen there; for a smooth depth."""
        x, y = (np.ascontiguousarray(points[..., axis], np.float32) for axis in (0, 1))
        return points + self.seen_from(x, y, between=True)[..., None] * np.array(self.shift)

    def moved(self, x: Array, y: Array, near: Array) -> tuple[Array, Array]:
        """Where they meet it."""
        import cv2

        return cv2.scaleAdd(near, self.shift[0], x), cv2.scaleAdd(near, self.shift[1], y)


def seen_planes(scene: Scene, sensitivities: Array, orientation: int = 1) -> Array:
    """What sensitivities (31, C) see of the scene, as stored with this orientation: (C, H, W) float32."""
    import cv2

    channels = sensitivities.shape[1]
    planes = np.empty((channels, scene.height, scene.width), np.float32)

    def strip(top: int) -> None:
        rows = slice(top, min(top + _STRIP, scene.height))
        seen = np.ascontiguousarray(scene.seen_by(sensitivities, rows))
        for channel in range(channels):
            cv2.extractChannel(seen, channel, planes[channel, rows])

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(strip, range(0, scene.height, _STRIP)))
    if orientation == 1:
        return planes
    return np.ascontiguousarray(stored(planes.transpose(1, 2, 0), orientation).transpose(2, 0, 1))


def light_planes(
    scene: Scene, sensitivities: Array, camera: Camera, view: View, orientation: int, parallax: Parallax | None
) -> Iterator[Array]:
    """The light on the pixels, plane by plane (H, W) float32: after distortion, spread and glare, before shading."""
    import cv2

    planes = seen_planes(scene, sensitivities, orientation)
    for channel, plane in zip(camera.sensor.optical_channels, planes, strict=True):
        plane, samples = resampled(plane, view, channel, parallax)
        plane = blur.spread_by(plane, blur.kernel(camera, channel, samples), samples)
        plane = _binned(plane, samples)
        cv2.threshold(plane, 0, 0, cv2.THRESH_TOZERO, dst=plane)  # the cubic filter and the spread may undershoot
        yield _veiled(plane, camera)


def resampled(plane: Array, view: View, channel: int, parallax: Parallax | None = None) -> tuple[Array, int]:
    """The scene's plane (h, w) at the picture's places, and how many samples a pixel and side: 1 to 3."""
    samples = blur.samples_for(view.scale)
    source, shrink = _averaged(plane, view.scale / samples)
    shape = (view.frame[0] * samples, view.frame[1] * samples)
    if parallax is not None and not parallax.is_smooth(GRID * view.scale / samples):
        return _looked_up(source, shrink, view, channel, samples, parallax), samples
    y = np.arange((shape[0] - 2) // GRID + 2)[:, None] * float(GRID)
    x = np.arange((shape[1] - 2) // GRID + 2) * float(GRID)
    fine = np.stack(np.broadcast_arrays(x, y), -1)
    moves = _source_points(fine, shrink, view, channel, samples, parallax)[..., ::-1] - fine[..., ::-1]
    if source.shape == shape and np.abs(moves).max() < _STILL_PX:
        return source, samples
    return warp_plane(source, moves, shape), samples


def _source_points(
    fine: Array, shrink: tuple[float, float], view: View, channel: int, samples: int, parallax: Parallax | None
) -> Array:
    """Where samples (x, y) of the picture look in the averaged scene."""
    scene = view.scene_from_picture((fine + 0.5) / samples - 0.5, channel)
    if parallax is not None:
        scene = parallax.displaced(scene)
    return (scene + 0.5) / shrink - 0.5


def _averaged(plane: Array, step: float) -> tuple[Array, tuple[float, float]]:
    """The plane averaged over areas of `step` pixels a side, and the exact steps (x, y)."""
    height, width = plane.shape
    if step < _SAME_SCALE:
        return plane, (1.0, 1.0)
    import cv2

    size = (max(round(width / step), 1), max(round(height / step), 1))
    return cv2.resize(plane, size, interpolation=cv2.INTER_AREA), (width / size[0], height / size[1])


def _looked_up(
    source: Array, shrink: tuple[float, float], view: View, channel: int, samples: int, parallax: Parallax
) -> Array:
    """As the warp, at places that change from pixel to pixel: what is near hides what is far, holes are stretched."""
    import cv2

    height, width = view.frame[0] * samples, view.frame[1] * samples
    rows, columns = (np.arange(-1, -(-size // GRID) + 1 + _STRIP // GRID) for size in (height, width))
    x, y = (columns + 0.5) * GRID - 0.5, (rows + 0.5) * GRID - 0.5
    fine = np.stack(np.broadcast_arrays(x, y[:, None]), -1)
    ideal = cv2.split(view.scene_from_picture((fine + 0.5) / samples - 0.5, channel).astype(np.float32))
    out, is_first = np.empty((height, width), np.float32), samples not in parallax.seen
    near = parallax.seen.setdefault(samples, np.empty((height, width), np.float32))

    def strip(top: int) -> None:
        first, count = top // GRID, _STRIP // GRID + 2  # a step more above and below
        size, bottom = (columns.size * GRID, count * GRID), min(top + _STRIP, height)
        part = np.s_[GRID : GRID + bottom - top, GRID : GRID + width]
        smooth = (cv2.resize(one[first : first + count], size, interpolation=cv2.INTER_LINEAR)[part] for one in ideal)
        x, y = smooth
        if is_first:
            near[top:bottom] = parallax.seen_from(x, y)
        at_x, at_y = parallax.moved(x, y, near[top:bottom])
        across, down = (at_x + 0.5) / np.float32(shrink[0]) - 0.5, (at_y + 0.5) / np.float32(shrink[1]) - 0.5
        out[top:bottom] = cv2.remap(source, across, down, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE)

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(strip, range(0, height, _STRIP)))
    return out


def _binned(plane: Array, samples: int) -> Array:
    """The average over each pixel's samples."""
    if samples == 1:
        return plane
    import cv2

    height, width = plane.shape
    return cv2.resize(plane, (width // samples, height // samples), interpolation=cv2.INTER_AREA)


def _veiled(plane: Array, camera: Camera) -> Array:
    """Plus the light that the lens scatters: evenly, and broadly around its source. The sum stays."""
    lens = camera.lens
    if not lens.glare and not lens.halo:
        return plane
    import cv2

    even = lens.glare * cv2.mean(plane)[0]
    kept = 1 - lens.glare - lens.halo
    if not lens.halo:
        return cv2.addWeighted(plane, kept, plane, 0, even, dst=plane)
    wide = blur.blurred(plane, lens.halo_radius * float(np.hypot(*plane.shape)))
    return cv2.addWeighted(plane, kept, wide, lens.halo, even, dst=wide)


def parallax_of(scene: Scene, view: View, camera: Camera, pose: Any, orientation: int) -> Parallax | None:
    """The parallax of a camera that was moved sideways; None where it was not. Needs `facts["depth_m"]` (H, W)."""
    if not any(pose.moved_mm):
        return None
    depth = np.asarray(scene.facts.get("depth_m", 0.0), np.float32)
    if depth.shape != (scene.height, scene.width) or not np.isfinite(depth).all() or depth.min() <= 0:
        raise ParameterError(
            f"Pose.moved_mm wants the scene's depth: facts['depth_m'] of ({scene.height}, {scene.width}) m above 0, "
            f"found {depth.shape}"
        )
    focus_m = pose.focus_m or float(np.median(depth))
    # a thing at depth d moves by focal length / pitch * moved / d picture pixels, against the camera
    pixels_m = focal_length_px(camera, view.frame) * np.array(pose.moved_mm) / 1000 * view.scale
    x, y = upright_from_stored(view.scene, orientation)[:2, :2].T @ pixels_m  # a direction, as the scene is stored
    depth = np.ascontiguousarray(stored(depth, orientation))
    return Parallax(depth_m=depth, shift=(float(x), float(y)), focus_m=focus_m)


def focal_length_px(camera: Camera, frame: tuple[int, int]) -> float:
    """In pixels of a picture of this size, which is the same lens' picture on a sensor of that many pixels."""
    full = camera.lens.focal_length_mm * 1000 / camera.sensor.pixel_um
    return full * float(np.hypot(*frame) / np.hypot(camera.sensor.height, camera.sensor.width))
