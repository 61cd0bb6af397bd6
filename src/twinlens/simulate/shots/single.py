"""Single: one shot of a scene, a bracket of exposures, and the targets of calibration: charts, flat fields, darks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from twinlens.core.errors import ParameterError
from twinlens.simulate import maker as makers
from twinlens.simulate.camera import Camera
from twinlens.simulate.maker import Maker
from twinlens.simulate.photograph import metered
from twinlens.simulate.scene import Scene
from twinlens.simulate.shots.frame import Frame, take
from twinlens.simulate.shots.subject import frame_size, loaded, named, subject, upright_size

CHARTS = ("colorchecker", "colorchecker-sg", "grey-ramp", "dynamic-range")
_LONGEST_S = 3600.0


def shot(
    scene: Scene | str | Path = "still-life",
    camera: Camera | str | Path = "phone",
    *,
    light: str = "D65",
    maker: Maker | str = "natural",
    megapixels: float | None = None,
    seed: int = 0,
    options: dict[str, Any] | None = None,
    name: str | None = None,
    before: Callable[[str], None] | None = None,
    **taking: Any,
) -> Frame:
    """One shot.

    `scene` is a name, the file of a photograph, or a Scene; `options` are those of the scene; `seed` is of scene and
    noise. `before` is called with its name before anything is computed. `taking` are the keywords of `photograph`: iso,
    exposure, exposure_time_s, pose, neutral_error, module, taken, orientation. Raises ParameterError, DocumentError,
    FileError.
    """
    camera = loaded(camera)
    height, width = frame_size(camera, megapixels)
    name = name or f"{named(scene, light)}-{camera.name}"
    maker = makers.load(maker) if isinstance(maker, str) else maker
    if before is not None:
        before(name)
    seen = subject(
        scene, upright_size(height, width, taking.get("orientation", 1)), light=light, seed=seed, **(options or {})
    )
    return take(seen, camera, maker, name=name, seed=seed, height=height, width=width, **taking)


def bracket(
    scene: Scene | str | Path = "still-life",
    camera: Camera | str | Path = "phone",
    *,
    stops: Sequence[float] = (-2.0, 0.0, 2.0),
    exposure: float | None = None,
    exposure_time_s: float = 0.01,
    light: str = "D65",
    megapixels: float | None = None,
    seed: int = 0,
    options: dict[str, Any] | None = None,
    before: Callable[[str], None] | None = None,
    **more: Any,
) -> Iterator[Frame]:
    """The same scene at several exposures (EV from the metered one), by exposure time. `more` as in `shot`."""
    if not len(stops) or not np.isfinite(stops).all() or max(map(abs, stops)) > 12:
        raise ParameterError(f"stops = {list(stops)}: one or more numbers of EV between -12 and 12 are wanted")
    camera = loaded(camera)
    height, width = frame_size(camera, megapixels)
    names = [f"{named(scene, light)}-{camera.name}-{stop:+g}EV" for stop in stops]
    if before is not None:
        for name in names:
            before(name)
    seen = subject(
        scene, upright_size(height, width, more.get("orientation", 1)), light=light, seed=seed, **(options or {})
    )
    middle = metered(seen, camera) if exposure is None else exposure
    for index, (stop, name) in enumerate(zip(stops, names, strict=True)):
        time_s = min(exposure_time_s * 2.0**stop, _LONGEST_S)
        moment = {"exposure": middle * 2.0**stop, "exposure_time_s": time_s, "name": name, **more}
        yield shot(seen, camera, megapixels=megapixels, seed=seed + index, **moment)


def chart(camera: Camera | str | Path = "phone", *, target: str = "colorchecker", **more: Any) -> Frame:
    """A chart seen straight on, filling the frame. `more` as in `shot`."""
    if target not in CHARTS:
        raise ParameterError(f"chart {target!r}: expected one of {', '.join(CHARTS)}")
    return shot(target, camera, **more)


def flat(
    camera: Camera | str | Path = "phone",
    *,
    levels: Sequence[float] = (0.5,),
    count: int = 2,
    light: str = "D65",
    megapixels: float | None = None,
    seed: int = 0,
    prefix: str | None = None,
    **more: Any,
) -> Iterator[Frame]:
    """Flat fields at `levels` (share of saturation of the most sensitive channel), `count` of each, each with a
    seed of its own."""
    if not len(levels) or not np.isfinite(levels).all() or min(levels) <= 0:
        raise ParameterError(f"levels = {list(levels)}: one or more numbers above 0 are wanted (1 saturates)")
    _check_count(count)
    camera = loaded(camera)
    field = subject("flat", frame_size(camera, megapixels), light=light)
    for index, (level, number) in enumerate((level, number) for level in levels for number in range(count)):
        name = f"{prefix or f'flat-{light}-{camera.name}'}-{100 * level:g}-{number + 1}"
        yield shot(field, camera, megapixels=megapixels, seed=seed + index, exposure=level, name=name, **more)


def dark(
    camera: Camera | str | Path = "phone",
    *,
    count: int = 2,
    light: str = "D65",
    megapixels: float | None = None,
    seed: int = 0,
    prefix: str | None = None,
    **more: Any,
) -> Iterator[Frame]:
    """Pictures with the cap on, `count` of them; `exposure_time_s` counts for the dark current, `light` is
    only what the white balance was set for."""
    _check_count(count)
    camera = loaded(camera)
    cap = subject("dark", frame_size(camera, megapixels), light=light)
    for number in range(count):
        name = f"{prefix or f'dark-{camera.name}'}-{number + 1}"
        yield shot(cap, camera, megapixels=megapixels, seed=seed + number, exposure=1.0, name=name, **more)


def _check_count(count: int) -> None:
    if not 1 <= count <= 1000:
        raise ParameterError(f"count = {count} is outside 1 to 1000")


def as_series(frame: Frame, number: int, of: int, facts: dict[str, Any]) -> Frame:
    """A frame that says its place in a series, and what is known of the series."""
    return replace(frame, truth={**frame.truth, "series": {"number": number, "of": of, **facts}})
