"""Pair: phone and reference look at the same scene from slightly different places.

Both are held by hand: each has its own place, distance, tilt, turn and crop, its own exposure, error of white balance,
unit and maker. All of that is drawn from the seed and told in the truth, with the 3x3 between the two pictures. That
holds for a plane at the distance `focus_m`; what is nearer or farther is moved by parallax.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import twinlens
from twinlens.core.errors import ParameterError
from twinlens.simulate import maker as makers
from twinlens.simulate.camera import Camera
from twinlens.simulate.camera.optics import focal_length_px
from twinlens.simulate.maker import Maker
from twinlens.simulate.photograph import Pose, metered
from twinlens.simulate.scene import Scene
from twinlens.simulate.shots.frame import (
    SUFFIXES,
    Frame,
    jpeg_from_active,
    made_folder,
    refuse_existing,
    take,
    write_json,
)
from twinlens.simulate.shots.subject import frame_size, loaded, named, subject

Array = npt.NDArray[Any]

KIND = "pair/1"
_MARGIN = 1.10  # how much larger than the whole scene a picture is at least: room for tilt, turn and shift
_EVERY = 4  # pixel of the depth, for its median
_ISO_STEPS = (1.0, 2.0, 4.0)  # of the base ISO


@dataclass(frozen=True, kw_only=True, eq=False)
class Pair:
    """Two frames of one scene, and what lies between them."""

    name: str
    phone: Frame
    reference: Frame
    truth: dict[str, Any]

    @property
    def notes(self) -> list[str]:
        """What was assumed of cameras and light, each once."""
        return list(dict.fromkeys([*self.phone.notes, *self.reference.notes]))

    def write(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> list[Path]:
        """The files of both frames and NAME-pair.json, which is written last. Raises FileError."""
        path = made_folder(folder) / f"{self.name}-pair.json"
        if not overwrite:
            frames = [path.with_name(f"{one.name}{end}") for one in (self.phone, self.reference) for end in SUFFIXES]
            refuse_existing([path, *frames])
        with ThreadPoolExecutor(2) as pool:
            written = pool.map(lambda frame: frame.write(folder, overwrite=overwrite), (self.phone, self.reference))
            paths = [one for frame in written for one in frame]
        write_json(self.truth, path, overwrite=overwrite)
        return [*paths, path]


def pair(
    scene: Scene | str | Path = "still-life",
    *,
    phone: Camera | str | Path = "phone",
    reference: Camera | str | Path = "reference",
    phone_maker: Maker | str = "smartphone",
    reference_maker: Maker | str = "natural",
    light: str = "D65",
    megapixels: float | None = None,
    difference: float = 1.0,
    modules: tuple[int, int] = (1, 1),
    seed: int = 0,
    options: dict[str, Any] | None = None,
    name: str | None = None,
    taken: str = "2026-01-01T12:00:00",
    before: Callable[[str], None] | None = None,
) -> Pair:
    """A pair of a scene. `difference` scales how far the two are apart in place, crop, exposure and white balance (0:
    not at all, as on a tripod); `modules` are the units of phone and reference; `before` is called with each name
    before anything is computed. Raises ParameterError, DocumentError, FileError."""
    if not 0 <= difference <= 2:
        raise ParameterError(f"difference = {difference:g} is outside 0 to 2")
    cameras = loaded(phone), loaded(reference)
    renderings = [makers.load(one) if isinstance(one, str) else one for one in (phone_maker, reference_maker)]
    sizes = [frame_size(one, megapixels) for one in cameras]
    name = name or named(scene, light)
    if before is not None:
        for one in (name, f"{name}-phone", f"{name}-reference"):
            before(one)
    seen = subject(scene, _scene_size(sizes), light=light, seed=seed, **(options or {}))

    def taken_by(role: str, camera: Camera, size: tuple[int, int], maker: Maker, module: int) -> Frame:
        drawn = _drawn(role, camera, seen, size, difference, seed)
        height, width = size
        own = {"name": f"{name}-{role}", "height": height, "width": width, "module": module, "taken": taken}
        return take(seen, camera, maker, **own, **drawn)

    with ThreadPoolExecutor(2) as pool:
        frames = list(pool.map(taken_by, ("phone", "reference"), cameras, sizes, renderings, modules))
    truth = _between(name, frames[0], frames[1], seed, difference, seen)
    return Pair(name=name, phone=frames[0], reference=frames[1], truth=truth)


def _scene_size(sizes: list[tuple[int, int]]) -> tuple[int, int]:
    """As large as the smaller picture, and as wide as both need."""
    height = min(size[0] for size in sizes)
    aspect = max(width / height for height, width in sizes)
    return height, round(height * aspect / 2) * 2


def _drawn(
    role: str, camera: Camera, scene: Scene, size: tuple[int, int], difference: float, seed: int
) -> dict[str, Any]:
    """What differs from shot to shot, as keywords of `photograph`."""
    rng = np.random.default_rng([seed, *role.encode()])
    is_phone = role == "phone"
    near = difference * (1.0 if is_phone else 0.4)  # the photographer takes more care with the reference
    height, width = size
    tilt = np.radians(near * rng.uniform(-1.5, 1.5, 2)) / focal_length_px(camera, size)
    moved = near * rng.uniform((-30, -20), (30, 20))
    has_depth = "depth_m" in scene.facts
    pose = Pose(
        shift_px=tuple((near * rng.uniform(-0.015, 0.015, 2) * (width, height)).tolist()),
        rotation_deg=float(near * rng.uniform(-1.2, 1.2)),
        scale=float(_MARGIN * (1 + difference * rng.uniform(0, 0.12))),
        homography=_tilted(scene, size, tilt),
        moved_mm=tuple(moved.tolist()) if has_depth else (0.0, 0.0),
        focus_m=float(np.median(scene.facts["depth_m"][::_EVERY, ::_EVERY])) if has_depth else None,
    )
    iso = camera.sensor.base_iso * float(rng.choice(_ISO_STEPS[: 3 if is_phone else 2]))
    white = np.exp(near * rng.normal(0, (0.03, 0.0, 0.03)))
    return {
        "pose": pose,
        "iso": min(iso, float(camera.sensor.highest_iso)),
        "exposure": metered(scene, camera) * 2.0 ** float(near * rng.uniform(-0.4, 0.1)),
        "exposure_time_s": float(rng.choice([1 / 250, 1 / 125, 1 / 60])),
        "neutral_error": tuple(white.tolist()),
        "seed": int(rng.integers(2**31)),
    }


def _tilted(scene: Scene, size: tuple[int, int], tilt: Array) -> Any:
    """Picture from scene: the scene about the picture's middle, covering it, seen at a small angle."""
    height, width = size
    scale = max(width / scene.width, height / scene.height)
    to_middle = np.array([[1.0, 0, -(scene.width - 1) / 2], [0, 1, -(scene.height - 1) / 2], [0, 0, 1]])
    larger = np.diag([scale, scale, 1.0])
    leaning = np.array([[1.0, 0, 0], [0, 1, 0], [tilt[0], tilt[1], 1]])
    back = np.array([[1.0, 0, (width - 1) / 2], [0, 1, (height - 1) / 2], [0, 0, 1]])
    return tuple(map(tuple, (back @ leaning @ larger @ to_middle).tolist()))


def _between(name: str, phone: Frame, reference: Frame, seed: int, difference: float, scene: Scene) -> dict[str, Any]:
    """What lies between two frames. Points are (x, y), pixel centers at whole numbers."""
    active = reference.view.picture_from_scene @ np.linalg.inv(phone.view.picture_from_scene)
    jpeg = jpeg_from_active(reference.image) @ active @ np.linalg.inv(jpeg_from_active(phone.image))
    depth = scene.facts.get("depth_m")
    return {
        "format": KIND,
        "program": f"twinlens {twinlens.__version__}",
        "name": name,
        "scene": scene.name,
        "light": scene.light_name,
        "seed": seed,
        "difference": difference,
        "phone": f"{phone.name}.json",
        "reference": f"{reference.name}.json",
        "reference_from_phone": {
            "active": (active / active[2, 2]).tolist(),
            "jpeg": (jpeg / jpeg[2, 2]).tolist(),
            "holds_for": "ideal lenses (distortion removed), and the plane at the distance focus_m",
        },
        "depth_m": None if depth is None else {"least": float(np.min(depth)), "most": float(np.max(depth))},
    }
