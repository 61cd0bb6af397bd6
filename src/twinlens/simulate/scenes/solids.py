"""Solids: shapes of things as coverage, normals, texture coordinates; and how light shades them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.simulate.scenes.canvas import Noise, Part

Array = npt.NDArray[Any]
Pattern = Callable[[Array, Array], Array]


@dataclass(frozen=True, eq=False)
class Lamp:
    """Where the light comes from (unit vector: x right, y up, z to the viewer) and how much comes from everywhere."""

    toward: Array
    ambient: float

    def shade(self, normal: Array) -> Array:
        """(h, w) for normals (h, w, 3): a white facing the lamp has about 1."""
        direct = np.clip((normal @ self.toward + 0.15) / 1.15, 0, None)
        sky = 0.6 + 0.4 * normal[..., 1]
        return self.ambient * sky + (1 - self.ambient) * direct

    def gloss(self, normal: Array, amount: float, sharpness: float) -> Array:
        """The mirror image of the lamp, blurred: (h, w)."""
        halfway = self.toward + np.array([0, 0, 1.0])
        facing = np.clip(normal @ (halfway / np.linalg.norm(halfway)), 0, 1)
        rim = (1 - np.clip(normal[..., 2], 0, 1)) ** 4
        return amount * facing**sharpness + 0.02 * amount * rim


@dataclass(frozen=True)
class Look:
    """How a solid's surface looks: its texture and gloss (0: matt; sharpness of the mirror image)."""

    pattern: Pattern
    gloss: float = 0.0
    sharpness: float = 60.0
    bump: float = 0.0


def ellipsoid(
    frame: tuple[int, int],
    center: tuple[float, float],
    radii: tuple[float, float],
    look: Look,
    lamp: Lamp,
    depth_m: float,
) -> Part | None:
    """A ball or egg at `center` (x, y) in px with `radii` across and down."""
    box = _box(frame, center, radii)
    if box is None:
        return None
    top, left, x, y = box
    u, v = (x - center[0]) / radii[0], (y - center[1]) / radii[1]
    radius = np.sqrt(u * u + v * v)
    z = np.sqrt(np.clip(1 - radius**2, 0, 1))
    cover = np.clip((1 - radius) * min(radii) + 0.5, 0, 1)
    normal = _unit(np.stack([u, -v, np.maximum(z, 0.05)], axis=-1))
    return _part(top, left, cover, normal, np.arctan2(u, z + 1e-3), np.arcsin(np.clip(v, -1, 1)), look, lamp, depth_m)


def turned(
    frame: tuple[int, int],
    foot: tuple[float, float],
    size: tuple[float, float],
    profile: Array,
    look: Look,
    lamp: Lamp,
    depth_m: float,
) -> Part | None:
    """A bottle, vase or cup: `size` (half width, height) in px over its `foot` (x, y); `profile` are half widths (0 to
    1) from top to foot.
    """
    box = _box(frame, (foot[0], foot[1] - size[1] / 2), (size[0], size[1] / 2 + 0.18 * size[0]))
    if box is None:
        return None
    top, left, x, y = box
    # seen a little from above: rows bend down in the middle as the round foot does
    bent = y - 0.16 * size[0] * np.sqrt(np.clip(1 - ((x - foot[0]) / size[0]) ** 2, 0, 1))
    down = (bent - (foot[1] - size[1])) / size[1]
    half = np.interp(down, np.linspace(0, 1, len(profile)), profile, left=0, right=0) * size[0]
    slope = (
        np.gradient(np.interp(np.linspace(0, 1, 65), np.linspace(0, 1, len(profile)), profile)) * 64 * size[0] / size[1]
    )
    u = (x - foot[0]) / np.maximum(half, 1e-3)
    z = np.sqrt(np.clip(1 - u * u, 0, 1))
    ends = np.clip(np.minimum(down, 1 - down) * size[1] + 0.5, 0, 1)
    cover = np.clip(half - np.abs(x - foot[0]) + 0.5, 0, 1) * ends * (half > 0)
    up = -np.interp(down, np.linspace(0, 1, 65), slope)
    normal = _unit(np.stack([np.clip(u, -1, 1), -up, np.maximum(z, 0.05)], axis=-1))
    return _part(top, left, cover, normal, np.arcsin(np.clip(u, -1, 1)), down * size[1] / size[0], look, lamp, depth_m)


def slab(
    frame: tuple[int, int],
    corners: Array,
    normal: tuple[float, float, float],
    look: Look,
    lamp: Lamp,
    depth_m: float,
) -> Part | None:
    """A flat face with four `corners` (4, 2) of (x, y) px, clockwise on the screen."""
    low, high = corners.min(axis=0), corners.max(axis=0)
    box = _box(frame, tuple((low + high) / 2), tuple((high - low) / 2))
    if box is None:
        return None
    top, left, x, y = box
    cover = np.ones_like(x)
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        along = (end - start) / np.linalg.norm(end - start)
        cover = np.minimum(cover, np.clip((y - start[1]) * along[0] - (x - start[0]) * along[1] + 0.5, 0, 1))
    across, down = corners[1] - corners[0], corners[3] - corners[0]
    place = (
        np.stack([x - corners[0][0], y - corners[0][1]], axis=-1) @ np.linalg.inv(np.stack([across, down], axis=1)).T
    )
    facing = _unit(np.broadcast_to(np.asarray(normal, float), (*x.shape, 3)))
    return _part(top, left, cover, facing, place[..., 0], place[..., 1], look, lamp, depth_m)


def _part(top: int, left: int, cover: Array, normal: Array, u: Array, v: Array, look: Look, lamp: Lamp, depth_m: float):
    step = look.pattern(u, v)
    if look.bump:
        down, across = np.gradient(step)
        normal = _unit(normal + look.bump * np.stack([-across, down, np.zeros_like(across)], axis=-1))
    gloss = lamp.gloss(normal, look.gloss, look.sharpness) if look.gloss else np.zeros_like(cover)
    cover, step, shade, gloss = (np.asarray(one, np.float32) for one in (cover, step, lamp.shade(normal), gloss))
    return Part(top, left, cover, step, shade, gloss, depth_m)


def _box(
    frame: tuple[int, int], center: tuple[float, ...], half: tuple[float, ...]
) -> tuple[int, int, Array, Array] | None:
    """Top, left and the pixels' x and y of a box, cut to the frame (H, W); None when (nearly) all lies outside."""
    left, right = max(int(center[0] - half[0]) - 2, 0), min(int(center[0] + half[0]) + 3, frame[1])
    top, bottom = max(int(center[1] - half[1]) - 2, 0), min(int(center[1] + half[1]) + 3, frame[0])
    if right - left < 2 or bottom - top < 2:  # slopes of texture need two pixels
        return None
    y, x = np.mgrid[top:bottom, left:right].astype(np.float32)
    return top, left, x, y


def _unit(vectors: Array) -> Array:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def mottled(rng: np.random.Generator, scale: float = 2.5) -> Pattern:
    """Uneven color, as of fruit or clay."""
    noise = Noise(rng)
    return lambda u, v: noise(u + 9, v + 9, scale)


def striped(rng: np.random.Generator, *, both: bool) -> Pattern:
    """Woven stripes, one way or crossed, with a little unevenness."""
    count, width = rng.uniform(2, 6), rng.uniform(0.25, 0.6)
    noise = Noise(rng, octaves=6, roughness=0.8)

    def pattern(u: Array, v: Array) -> Array:
        across = _stripe(v * count, width)
        stripes = (across + _stripe(u * count, width)) / 2 if both else across
        return np.clip(0.08 + 0.75 * stripes + 0.25 * (noise(u + 9, v + 9, 0.8) - 0.5), 0, 1)

    return pattern


def _stripe(at: Array, width: float) -> Array:
    """1 on stripes, 0 between, with soft sides: `at` counts them."""
    return np.clip((width / 2 - np.abs(at % 1 - 0.5)) * 12 + 0.5, 0, 1)


def grained(rng: np.random.Generator) -> Pattern:
    """Wood: rings drawn out along the grain."""
    noise, fine = Noise(rng, octaves=4), Noise(rng, octaves=7, roughness=0.9)

    def pattern(u: Array, v: Array) -> Array:
        rings = 0.5 + 0.5 * np.sin(40 * noise(u * 0.25 + 9, v + 9, 3.0) + 9 * v)
        return np.clip(0.7 * rings + 0.3 * fine(u * 0.15 + 9, v + 9, 0.5), 0, 1)

    return pattern
