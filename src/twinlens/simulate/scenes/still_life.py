"""Still life: fruit, vessels, boxes, leaves and skin on a table before a wall; each seed is another arrangement.

Everything is drawn: what stands there, where, its colors and spectra (`materials`), texture, the wall, the table, where
the light comes from. Shading, cast shadows and gloss are those of simple solids, so the pictures have smooth and steep
parts, texture, dark shadows and speculars above white. One thing can move: `moment`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.simulate.scene import Scene
from twinlens.simulate.scenes import solids
from twinlens.simulate.scenes.canvas import Canvas, Noise, Part
from twinlens.simulate.scenes.lighting import Light, lighting
from twinlens.simulate.scenes.materials import leaf, plausible, skin

Array = npt.NDArray[Any]

_SMALLEST_PX = 64
_MOVE = 0.06  # of the frame's width at moment 1
_WALL_M, _NEAR_M = 4.0, 1.2
_FRUIT = np.array(  # L*, a*, b* of two ends of a fruit's color
    [
        [(38, 55, 32), (62, 30, 48)],  # apple
        [(64, 36, 62), (70, 28, 68)],  # orange
        [(84, -2, 74), (78, 4, 66)],  # lemon
        [(66, -34, 52), (76, -18, 58)],  # green apple
        [(44, 56, 44), (50, 52, 50)],  # tomato
        [(26, 22, -12), (36, 24, 2)],  # plum
        [(22, 12, -9), (30, 12, -6)],  # aubergine
        [(78, 12, 60), (70, 30, 52)],  # apricot
        [(48, -22, 28), (60, -12, 44)],  # pear
    ],
    float,
)
_PROFILES = (
    np.array([0.3, 0.3, 0.28, 0.28, 0.4, 0.8, 1, 1, 1, 1, 1, 0.97]),  # bottle
    np.array([0.75, 0.6, 0.55, 0.7, 0.9, 1, 1, 0.92, 0.8, 0.65, 0.55]),  # vase
    np.array([1, 0.99, 0.98, 0.96, 0.93, 0.88, 0.8, 0.7]),  # cup
    np.array([0.5, 0.75, 0.9, 0.98, 1, 0.98, 0.93, 0.85, 0.75]),  # jar
)


def still_life(
    height: int,
    width: int,
    *,
    light: Light = "D65",
    seed: int = 0,
    objects: int = 12,
    moment: float = 0.0,
) -> Scene:
    """A table with so many `objects` (1 to 60); at another `moment` one of them stands elsewhere (1: by 6 % of the
    width), everything else is the same.

    `facts`: "depth_m" (H, W) float32, "moved_px" (how far the moving object is from its place) and "things" (name,
    (x, y) of its foot, size in px).
    """
    if min(height, width) < _SMALLEST_PX or not 1 <= objects <= 60:
        raise ParameterError(
            f"a still life needs {_SMALLEST_PX} x {_SMALLEST_PX} px or more and 1 to 60 objects, got {width} x {height}"
            f" and {objects}"
        )
    rng = np.random.default_rng([seed, 11])
    canvas, lamp = Canvas(height, width), _lamp(rng)
    horizon = int(height * rng.uniform(0.34, 0.5))
    _wall(canvas, horizon, rng, lamp)
    _table(canvas, horizon, rng, lamp)
    things = _arranged(canvas.shape, horizon, objects, rng)
    moving = int(len(things) * 0.7)
    moved_px = moment * _MOVE * width
    for index, (kind, x, foot, size) in enumerate(things):
        own = np.random.default_rng([seed, 13, index])
        place = (x + moved_px if index == moving else x, foot)
        _KINDS[kind](canvas, place, size, _depth(foot, horizon, height), lamp, own)
    known = [(kind, (x, foot), size) for kind, x, foot, size in things]
    lit = lighting(light, height, width, seed)
    facts = {"depth_m": canvas.depth_m, "moved_px": moved_px, "things": known}
    return lit.scene("still-life", lit.on(*canvas.surfaces()), canvas.shape, facts=facts)


def _lamp(rng: np.random.Generator) -> solids.Lamp:
    toward = np.array([rng.choice([-1, 1]) * rng.uniform(0.3, 0.8), rng.uniform(0.45, 0.8), rng.uniform(0.35, 0.7)])
    return solids.Lamp(toward / np.linalg.norm(toward), rng.uniform(0.15, 0.4))


def _color(rng: np.random.Generator, *, vivid: float = 1.0) -> Array:
    """L*, a*, b* (3,) of anything: every hue, lightness 15 to 92; one in six is a near grey."""
    hue, chroma = rng.uniform(0, 2 * np.pi), vivid * rng.uniform(10, 85)
    if rng.uniform() < 1 / 6:
        chroma = rng.uniform(0, 6)
    return np.array([rng.uniform(15, 92), chroma * np.cos(hue), chroma * np.sin(hue)])


def _two_tone(rng: np.random.Generator, lab: Array, spread: float) -> Array:
    """Two reflectances (2, 31) around a color."""
    return plausible(np.stack([lab, lab + rng.normal(0, spread, 3) * (1, 0.7, 0.7)]), rng)


def _depth(foot: float, horizon: float, height: int) -> float:
    """Metres of what stands at row `foot` of the table: nearness is linear in rows."""
    share = (foot - horizon) / (height - horizon)
    return 1 / (1 / _WALL_M + share * (1 / _NEAR_M - 1 / _WALL_M))


def _wall(canvas: Canvas, horizon: int, rng: np.random.Generator, lamp: solids.Lamp) -> None:
    height, width = canvas.shape
    y, x = np.mgrid[0:horizon, 0:width].astype(np.float32) / height
    material = canvas.material(*_two_tone(rng, _color(rng, vivid=0.6), 14))
    pattern = solids.striped(rng, both=False) if rng.uniform() < 0.3 else solids.mottled(rng, rng.uniform(0.4, 2))
    fall = 1 - rng.uniform(0.3, 0.7) * np.abs(x * height / width - (0.5 + 0.4 * np.sign(lamp.toward[0])))
    canvas.fill(slice(0, horizon), material, pattern(y, x), 0.75 * fall, _WALL_M)


def _table(canvas: Canvas, horizon: int, rng: np.random.Generator, lamp: solids.Lamp) -> None:
    """Wood or cloth, in perspective; cloth has folds."""
    height, width = canvas.shape
    rows = np.arange(horizon, height, dtype=np.float32)[:, None]
    depth = np.array([[_depth(row, horizon, height)] for row in rows[:, 0]], np.float32)
    across = (np.arange(width, dtype=np.float32)[None, :] - width / 2) / height * depth
    away = np.broadcast_to(depth, across.shape)
    light = np.broadcast_to(np.float32(lamp.shade(np.array([0, 1.0, 0.2]) / 1.02)), across.shape)
    if rng.uniform() < 0.45:
        wood = np.array([rng.uniform(28, 68), rng.uniform(6, 18), rng.uniform(14, 32)])
        material, pattern = canvas.material(*_two_tone(rng, wood, 8)), solids.grained(rng)
    else:
        material = canvas.material(plausible(_color(rng)[None], rng)[0], plausible(_color(rng)[None], rng)[0])
        pattern = solids.striped(rng, both=rng.uniform() < 0.6)
        light = light * (0.72 + 0.5 * Noise(rng, octaves=3)(across + 9, away + 9, 4.0))
    canvas.fill(slice(horizon, height), material, pattern(across, away), light, depth)


def _arranged(frame: tuple[int, int], horizon: int, count: int, rng: np.random.Generator) -> list:
    """(kind, x, foot, size in px) from far to near, spread over the width."""
    height, width = frame
    feet = np.sort(rng.uniform(horizon + 0.08 * (height - horizon), height * 0.97, count))
    places = (rng.permutation(count) + rng.uniform(0.1, 0.9, count)) / count * width
    kinds = rng.choice(list(_KINDS), count, p=[0.4, 0.25, 0.15, 0.1, 0.1])
    scale = [0.085 * height * _WALL_M**0.5 / _depth(foot, horizon, height) ** 0.5 for foot in feet]
    sizes = scale * rng.uniform(0.7, 1.3, count)
    return [(str(one[0]), *map(float, one[1:])) for one in zip(kinds, places, feet, sizes, strict=True)]


def _put(canvas: Canvas, part: Part | None, material: int) -> None:
    if part is not None:
        canvas.paint(part, material)


def _shadow(canvas: Canvas, place: tuple[float, float], size: float, lamp: solids.Lamp, *, long: float = 1.0) -> None:
    """A soft shadow on the table, away from the light, darkest where the thing stands."""
    height, width = canvas.shape
    shift = -lamp.toward[0] / max(lamp.toward[1], 0.2) * size * 0.7 * long
    reach = (size * (1.3 + long) + abs(shift), size * 0.9)
    left, right = max(int(place[0] - reach[0]), 0), min(int(place[0] + reach[0]), width)
    top, bottom = max(int(place[1] - reach[1]), 0), min(int(place[1] + reach[1]), height)
    if left >= right or top >= bottom:
        return
    y, x = np.mgrid[top:bottom, left:right].astype(np.float32)
    u, v = x - place[0], y - place[1]
    along = np.clip(u * np.sign(shift) / (abs(shift) + size), 0, 1)
    cast = ((u - shift / 2) / (size + abs(shift) / 2)) ** 2 + (v / (0.34 * size * (1 + 0.3 * along))) ** 2
    contact = (u / size) ** 2 + (v / (0.22 * size)) ** 2
    dark = 0.55 * (1 - lamp.ambient) * np.exp(-(cast**2) / (1 + along)) + 0.35 * np.exp(-contact)
    canvas.darken(top, left, (1 - np.clip(dark, 0, 0.9)).astype(np.float32))


def _fruit(canvas: Canvas, place, size, depth_m, lamp, rng) -> None:
    one, other = _FRUIT[rng.integers(len(_FRUIT))] + rng.normal(0, 4, (2, 3))
    material = canvas.material(*plausible(np.stack([one, other]), rng))
    radii = (size * rng.uniform(0.9, 1.1), size * rng.uniform(0.82, 1.12))
    look = solids.Look(solids.mottled(rng), rng.uniform(0.1, 0.9), rng.uniform(15, 90), rng.uniform(0, 1.5))
    _shadow(canvas, place, size, lamp)
    center = (place[0], place[1] - radii[1] * 0.92)
    _put(canvas, solids.ellipsoid(canvas.shape, center, radii, look, lamp, depth_m), material)


def _vessel(canvas: Canvas, place, size, depth_m, lamp, rng) -> None:
    material = canvas.material(*_two_tone(rng, _color(rng), 16))
    profile = _PROFILES[rng.integers(len(_PROFILES))]
    pattern = solids.striped(rng, both=False) if rng.uniform() < 0.4 else solids.mottled(rng, 4.0)
    look = solids.Look(pattern, rng.choice([0.0, 0.6, 2.5]), rng.uniform(30, 250))
    box = (size * rng.uniform(0.55, 0.9), size * rng.uniform(1.6, 3.0))
    _shadow(canvas, place, box[0] * 1.1, lamp, long=1.8)
    _put(canvas, solids.turned(canvas.shape, place, box, profile, look, lamp, depth_m), material)


def _box(canvas: Canvas, place, size, depth_m, lamp, rng) -> None:
    wide, high, lean = size * rng.uniform(0.8, 1.5), size * rng.uniform(0.6, 2.0), size * rng.uniform(-0.5, 0.5)
    pattern = solids.striped(rng, both=rng.uniform() < 0.3) if rng.uniform() < 0.6 else solids.mottled(rng, 1.0)
    material = canvas.material(*plausible(np.stack([_color(rng), _color(rng)]), rng))
    (x, foot), back = place, size * 0.35
    front = np.array([(x - wide, foot - high), (x + wide, foot - high), (x + wide, foot), (x - wide, foot)])
    shift = np.array([lean, -back])
    lid = np.array([front[0] + shift, front[1] + shift, front[1], front[0]])
    _shadow(canvas, place, wide * 1.1, lamp, long=1.5)
    look = solids.Look(pattern, rng.choice([0.0, 0.25]), 12)
    _put(canvas, solids.slab(canvas.shape, lid, (0, 1, 0.15), look, lamp, depth_m), material)
    _put(canvas, solids.slab(canvas.shape, front, (0, 0, 1), look, lamp, depth_m), material)


def _sprig(canvas: Canvas, place, size, depth_m, lamp, rng) -> None:
    """Leaves in a bunch."""
    green = leaf(rng.uniform(0.3, 1.8, 2), rng.uniform(0, 0.5, 2))
    material = canvas.material(*green)
    _shadow(canvas, place, size * 0.8, lamp)
    for _ in range(int(rng.integers(7, 16))):
        angle, reach = rng.uniform(-0.2, np.pi + 0.2), size * rng.uniform(0.3, 1.3)
        center = (place[0] + reach * np.cos(angle), place[1] - size * 0.4 - reach * np.sin(angle))
        radii = (size * rng.uniform(0.2, 0.5), size * rng.uniform(0.12, 0.3))
        look = solids.Look(solids.mottled(rng, 1.2), 0.15, 20, 1.0)
        _put(canvas, solids.ellipsoid(canvas.shape, center, radii, look, lamp, depth_m), material)


def _bust(canvas: Canvas, place, size, depth_m, lamp, rng) -> None:
    """A smooth head of skin on a neck, with hair."""
    melanin, blood = np.exp(rng.uniform(np.log(0.15), np.log(3.2))), rng.uniform(0.25, 0.8)
    material = canvas.material(*skin(melanin * np.array([1.0, 1.12]), blood * np.array([1.0, 1.5])))
    hair = canvas.material(*plausible(np.array([[rng.uniform(8, 45), 6, 12], [rng.uniform(20, 60), 8, 18]]), rng))
    (x, foot), look = place, solids.Look(solids.mottled(rng, 1.5), 0.12, 10, 0.3)
    _shadow(canvas, place, size * 0.8, lamp, long=1.5)
    neck = solids.turned(canvas.shape, place, (size * 0.55, size * 1.2), _PROFILES[1][::-1], look, lamp, depth_m)
    head = (x, foot - size * 1.9)
    mop = solids.Look(solids.grained(rng), 0.3, 14, 2.0)
    _put(
        canvas, solids.ellipsoid(canvas.shape, (x, head[1] - size * 0.25), (size * 0.9, size), mop, lamp, depth_m), hair
    )
    _put(canvas, neck, material)
    _put(canvas, solids.ellipsoid(canvas.shape, head, (size * 0.75, size), look, lamp, depth_m), material)


_KINDS = {"fruit": _fruit, "vessel": _vessel, "box": _box, "leaves": _sprig, "bust": _bust}
