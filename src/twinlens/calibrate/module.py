"""Module: what files of one lens-and-sensor module say of its noise, shading, tone and lens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.calibrate import frames
from twinlens.calibrate.lens import View, fit_distortion
from twinlens.calibrate.noise import SensorNoise, fit_noise
from twinlens.calibrate.shading import fit_shading
from twinlens.calibrate.tone import ToneResponse, fit_tone
from twinlens.core.errors import ParameterError
from twinlens.core.fit import Fit
from twinlens.core.lens import LensWarp
from twinlens.core.shading import LensShading
from twinlens.core.shot import Shot
from twinlens.measure import target
from twinlens.numerics.spectra import illuminant, white_xyz

Array = npt.NDArray[Any]

CLIPPED_STEP = 0.97  # of white: beyond it noise is cut off


@dataclass(frozen=True, eq=False)
class NoiseReport:
    """Fits by ISO (0 where the files do not say), what was left out, a sentence each, and the camera."""

    fits: dict[float, Fit[SensorNoise]]
    notes: tuple[str, ...]
    shot: Shot


def noise_from(
    flats: Sequence[frames.PathLike],
    darks: Sequence[frames.PathLike] = (),
    *,
    raw_layout: str | None = None,
    progress: frames.Progress | None = None,
) -> NoiseReport:
    """The noise of a module by ISO from raw files: flats (or a still burst) and darks, two frames or more of each
    exposure.

    Frames of one ISO and exposure are paired in the order of their names. Raises ParameterError where an ISO has too
    few levels of light, FileError for files that cannot be read.
    """
    groups, dark_groups = frames.by_iso(flats, raw_layout), frames.by_iso(darks, raw_layout) if darks else {}
    notes: list[str] = []
    fits: dict[float, Fit[SensorNoise]] = {}
    first: frames.Frame | None = None
    for number, (iso, files) in enumerate(sorted(groups.items(), key=lambda one: one[0] or 0.0)):
        left: list[Path] = []
        opening = frames.read(files[0][0], raw_layout=raw_layout)
        if first is not None:
            frames.check_alike(opening, first)
        first = first or opening
        dark_files = dark_groups.get(iso, [])
        if darks and not dark_files:
            notes.append(f"ISO {iso or 0:g} has no dark frames: its read noise comes from the line through the flats")
        told = _share(progress, number, len(groups))
        lit = frames.counted(frames.pairs(files, raw_layout, left), len(files) // 2, told)
        fits[float(iso or 0)] = fit_noise(
            ((one.counts, two.counts) for one, two in lit),
            ((one.counts, two.counts) for one, two in frames.pairs(dark_files, raw_layout, left)),
            tile=opening.tile,
            white=opening.white,
            black=0.0 if opening.knows_black else None,
            iso=iso,
        )
        notes += [f"{path.name} has no second frame of its exposure and was left out" for path in left]
    assert first is not None  # by_iso raises for no files
    return NoiseReport(fits, tuple(notes), first.shot)


def _share(progress: frames.Progress | None, number: int, total: int) -> frames.Progress | None:
    return None if progress is None else lambda share: progress((number + share) / total)


def shading_from(
    flats: Sequence[frames.PathLike],
    *,
    light: str = "",
    raw_layout: str | None = None,
    progress: frames.Progress | None = None,
) -> tuple[Fit[LensShading], Shot]:
    """The shading from raw files of an even surface under one light, named like "D65" or "A" (or by its temperature,
    "4000K"); as the files' own white balance says where it is not named.
    """
    if not flats:
        raise ParameterError("no flat was given; photograph an evenly lit wall out of focus")
    first = frames.read(flats[0], raw_layout=raw_layout)
    kelvin = _kelvin_of_light(light) if light else kelvin_of_shot(first.shot)

    def counts() -> Any:
        for path in frames.counted(flats, len(flats), progress):
            one = frames.read(path, raw_layout=raw_layout)
            frames.check_alike(one, first)
            yield one.counts

    fit = fit_shading(counts(), tile=first.tile, black=0.0, white=first.white, light=light, kelvin=kelvin)
    return fit, first.shot


def _kelvin_of_light(name: str) -> float:
    from twinlens.numerics.color import xy_from_xyz
    from twinlens.numerics.temperature import temperature_from_xy

    return temperature_from_xy(xy_from_xyz(white_xyz(illuminant(name))))[0]


def kelvin_of_shot(shot: Shot) -> float:
    """The color temperature of a shot's as-shot white in K; 0 where the file does not tell it."""
    from twinlens.numerics.dng_color import lights_from, xy_from_neutral
    from twinlens.numerics.temperature import temperature_from_xy

    if shot.as_shot_white_xy is not None:
        return temperature_from_xy(shot.as_shot_white_xy)[0]
    lights = lights_from(shot.color.calibrations)
    if not lights or shot.as_shot_neutral is None:
        return 0.0
    return temperature_from_xy(xy_from_neutral(lights, np.array(shot.as_shot_neutral), shot.color.analog_balance))[0]


def tone_from(
    pictures: Sequence[frames.PathLike], *, raw_layout: str | None = None, progress: frames.Progress | None = None
) -> dict[str, Fit[ToneResponse]]:
    """The tone response by channel from pictures of one evenly lit surface at several exposure times.

    Light is relative to the longest exposure. A raw file gives counts above black relative to white, a rendered picture
    its code values. Means of the middle third of the frame; clipped steps are left out. Raises ParameterError where the
    files do not state their exposures.
    """
    light: list[float] = []
    values: list[Array] = []
    for path in frames.counted(list(map(Path, pictures)), len(pictures), progress):
        exposure, means = _step(path, raw_layout)
        if exposure is None:
            raise ParameterError(f"{path.name} does not state its exposure time: a series needs it")
        light.append(exposure)
        values.append(means)
    if not light:
        raise ParameterError("no picture was given")
    relative, steps = np.array(light) / max(light), np.array(values)
    fits = {}
    for index, name in enumerate(("red", "green", "blue")):
        usable = steps[:, index] < CLIPPED_STEP
        fits[name] = fit_tone(relative[usable], steps[usable, index])
    return fits


def _step(path: Path, raw_layout: str | None) -> tuple[float | None, Array]:
    """The exposure of a picture and the means (3,) of the middle third of its frame."""
    from twinlens.core.image import SENSOR
    from twinlens.files import read as read_image

    image = read_image(path, raw_layout=raw_layout)
    if image.state is SENSOR:
        frame = frames.frame_of(image, path)
        pixels = frame.counts / np.float32(frame.white)
        y, x = np.ogrid[: pixels.shape[0], : pixels.shape[1]]
        colors = frame.tile[y % 2, x % 2]
    else:
        pixels, colors = np.asarray(image.pixels), None
    height, width = pixels.shape[:2]
    middle = np.s_[height // 3 : height - height // 3, width // 3 : width - width // 3]
    part = pixels[middle]
    if colors is None:
        return frames.exposure(image.shot), part.reshape(-1, 3).mean(0, dtype=np.float64)
    return frames.exposure(image.shot), np.array([part[colors[middle] == k].mean(dtype=np.float64) for k in range(3)])


def lens_from(
    pictures: Sequence[frames.PathLike],
    size: tuple[int, int],
    *,
    pattern: target.Pattern = "checkerboard",
    raw_layout: str | None = None,
    progress: frames.Progress | None = None,
) -> tuple[Fit[LensWarp], Shot, tuple[str, ...]]:
    """The lens's warp from pictures of a flat target with `size` (columns, rows) of inner corners or dots.

    Raw files give it for each color (lateral chromatic aberration), rendered pictures for all colors as one. Pictures
    in which the target is not found are left out and named. Raises ParameterError where none is left.
    """
    views, notes, shots, frame = [], [], [], (0, 0)
    for path in frames.counted(list(map(Path, pictures)), len(pictures), progress):
        try:
            recorded, own, shot = _target_points(path, size, pattern, raw_layout)
        except ParameterError as error:
            notes.append(f"{path.name}: {error}")
            continue
        if shots and own != frame:
            raise ParameterError(f"{path.name} is {own[1]} x {own[0]}, the pictures before {frame[1]} x {frame[0]}")
        frame = own
        shots.append(shot)
        views.append(View(target.grid(size), recorded))
    if not views:
        raise ParameterError("; ".join(notes) or "no picture was given")
    return fit_distortion(views, frame), shots[0], tuple(notes)


def _target_points(
    path: Path, size: tuple[int, int], pattern: target.Pattern, raw_layout: str | None
) -> tuple[Array, tuple[int, int], Shot]:
    from twinlens.core.image import SENSOR
    from twinlens.files import read as read_image

    image = read_image(path, raw_layout=raw_layout)
    if image.state is SENSOR:
        frame = frames.frame_of(image, path)
        points = target.points_by_color(frame.counts, frame.tile, size, pattern)
        return points, (frame.counts.shape[0], frame.counts.shape[1]), frame.shot
    grey = np.asarray(image.pixels, np.float32)[..., :3].mean(-1) if image.pixels.ndim == 3 else image.pixels
    return target.points(grey, size, pattern), (grey.shape[0], grey.shape[1]), image.shot
