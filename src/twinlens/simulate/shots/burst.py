"""Burst: frames in quick succession from a hand that trembles, of things that may move, in light that may flicker.

Tremor is a random walk: its steps have the given standard deviations, across and in rotation, so neighbours are close
and the last frame is farther from the first. The truth of each frame holds the 3x3 that takes the first frame's pixels
to it. Light from the mains flickers at twice their frequency.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.simulate.camera import Camera
from twinlens.simulate.photograph import Pose, metered
from twinlens.simulate.scene import Scene
from twinlens.simulate.shots.frame import Frame
from twinlens.simulate.shots.single import as_series, shot
from twinlens.simulate.shots.subject import frame_size, loaded, named, subject, upright_size

Array = npt.NDArray[Any]

_MARGIN = 1.02  # the first frame is seen this much larger, so that the others still look into the scene
FLICKER_HZ = 100.0


def burst(
    scene: Scene | str | Path = "still-life",
    camera: Camera | str | Path = "phone",
    *,
    frames: int = 8,
    tremor_px: float = 2.0,
    rotation_deg: float = 0.02,
    moving: bool = False,
    flicker: float = 0.0,
    interval_s: float = 1 / 30,
    light: str = "D65",
    megapixels: float | None = None,
    seed: int = 0,
    options: dict[str, Any] | None = None,
    exposure: float | None = None,
    before: Callable[[str], None] | None = None,
    **more: Any,
) -> Iterator[Frame]:
    """`frames` shots of a scene.

    `tremor_px` and `rotation_deg` are standard deviations of a step of the hand; `flicker` is the swing of the light
    (0.2: 20 % up and down); with `moving` a thing of the scene moves during the burst (scenes with the option
    `moment`). `more` as in `shot`.
    """
    _check(frames, tremor_px, rotation_deg, flicker, interval_s)
    camera = loaded(camera)
    upright = upright_size(*frame_size(camera, megapixels), more.get("orientation", 1))
    options = dict(options or {})
    names = [f"{named(scene, light)}-{camera.name}-{number + 1:02d}" for number in range(frames)]
    if before is not None:
        for name in names:
            before(name)
    first = subject(scene, upright, light=light, seed=seed, **options)
    middle = metered(first, camera) if exposure is None else exposure
    views: list[Array] = []
    for number, (pose, factor) in enumerate(_moments(frames, tremor_px, rotation_deg, flicker, interval_s, seed)):
        now = options if not moving else {**options, "moment": number / max(frames - 1, 1)}
        seen = first if not (moving and number) else subject(scene, upright, light=light, seed=seed, **now)
        taking = {"exposure": middle * factor, "pose": pose, "name": names[number], **more}
        frame = shot(seen, camera, megapixels=megapixels, seed=seed + number, **taking)
        views.append(frame.view.picture_from_scene)
        known = {
            "this_from_first": (views[-1] @ np.linalg.inv(views[0])).tolist(),
            "light_factor": factor,
            "time_s": number * interval_s,
            "moment": now.get("moment"),
        }
        yield as_series(frame, number + 1, frames, known)


def _moments(
    frames: int, tremor_px: float, rotation_deg: float, flicker: float, interval_s: float, seed: int
) -> list[tuple[Pose, float]]:
    """The pose and the light's factor of each frame; the first has neither tremor nor rotation."""
    rng = np.random.default_rng([seed, 0x68616E64])
    steps = rng.normal(size=(frames, 3)) * (tremor_px, tremor_px, rotation_deg)
    steps[0] = 0
    right, down, turn = np.cumsum(steps, axis=0).T
    swing = 1 + flicker * np.sin(2 * np.pi * (FLICKER_HZ * interval_s * np.arange(frames) + rng.uniform()))
    return [
        (Pose(shift_px=(float(x), float(y)), rotation_deg=float(angle), scale=_MARGIN), float(factor))
        for x, y, angle, factor in zip(right, down, turn, swing, strict=True)
    ]


def _check(frames: int, tremor_px: float, rotation_deg: float, flicker: float, interval_s: float) -> None:
    for name, value, low, high in (
        ("frames", frames, 1, 1000),
        ("tremor_px", tremor_px, 0, 200),
        ("rotation_deg", rotation_deg, 0, 10),
        ("flicker", flicker, 0, 0.95),
        ("interval_s", interval_s, 1e-4, 60),
    ):
        if not low <= value <= high:
            raise ParameterError(f"{name} = {value:g} is outside {low:g} to {high:g}")
