"""Frames: raw files as mosaics that a calibration measures on, read one after the other, and how they belong together.

Values are counts above black (DN), cut to the active area; nothing is clipped below black, mended or evened out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import FileError, ParameterError
from twinlens.core.image import SENSOR, Image
from twinlens.core.shot import Shot
from twinlens.core.stage import Facts
from twinlens.numerics.linearize import largest_black
from twinlens.stages.linearize import Linearize

Array = npt.NDArray[Any]
PathLike = str | os.PathLike[str]
Progress = Callable[[float], None]
Exposed = tuple[Path, float | None]  # a file and its exposure: time x area of the aperture, None where it does not say

SAME_EXPOSURE = 0.02  # relative difference of exposure times that count as one exposure


@dataclass(frozen=True, eq=False)
class Frame:
    """A mosaic (H, W) float32 in DN above black, its tile of 0, 1, 2, and where it clips. `knows_black` tells whether
    the file states its black level (else black is still in the counts).
    """

    path: Path
    shot: Shot
    counts: Array
    tile: Array
    white: float
    knows_black: bool


def read(path: PathLike, *, raw_layout: str | None = None) -> Frame:
    """The frame in a raw file. Raises FileError, or ParameterError for a picture that is no Bayer mosaic."""
    from twinlens.files import read as read_image

    image = read_image(path, raw_layout=raw_layout)
    return frame_of(image, Path(path))


def frame_of(image: Image, path: Path = Path("the picture")) -> Frame:
    """The frame of an image in state SENSOR."""
    shot = image.shot
    if image.state is not SENSOR or image.cfa is None or image.pixels.ndim != 2 or not image.cfa.is_bayer:
        raise ParameterError(
            f"{path}: expected a raw file with a Bayer mosaic, found {image.state.value} pixels"
            f"{' without a Bayer pattern' if image.state is SENSOR else ''}; a rendered picture has lost the sensor's "
            "values"
        )
    tagged = (shot.white_level or (float(2**shot.bits - 1),))[0]
    linearize = Linearize(white=tagged).resolve(Facts(shot=shot, source=image, arriving=lambda: image))
    black = largest_black(np.asarray(linearize.black, float), shot.black_delta_h, shot.black_delta_v)
    span = tagged - black
    linear = linearize(image)
    if linear.cfa is None or span <= 0:
        raise ParameterError(f"{path}: white level {tagged:g} is not above black level {black:g}")
    knows = shot.black_level is not None or bool(shot.masked_areas)
    return Frame(path, shot, linear.pixels * np.float32(span), linear.cfa.indices.astype(int), span, knows)


def check_alike(frame: Frame, first: Frame) -> None:
    """ParameterError where a frame is of another camera, size or setting than the first of its series."""
    if frame.counts.shape != first.counts.shape or not np.array_equal(frame.tile, first.tile):
        raise ParameterError(
            f"{frame.path.name} is {frame.counts.shape[1]} x {frame.counts.shape[0]}, {first.path.name} is "
            f"{first.counts.shape[1]} x {first.counts.shape[0]}: one series is of one camera and one size"
        )
    if (one := frame.shot.model) != (other := first.shot.model) and one and other:
        raise ParameterError(
            f"{frame.path.name} is of {one}, {first.path.name} of {other}: one series is of one camera"
        )


def by_iso(paths: Sequence[PathLike], raw_layout: str | None = None) -> dict[float | None, list[Exposed]]:
    """The files by ISO, each with its exposure, in the order of exposure and name; only their tags are kept."""
    from twinlens.files import read as read_image

    if not paths:
        raise ParameterError("no file was given")
    groups: dict[float | None, list[Exposed]] = {}
    for path in map(Path, paths):
        if path.is_dir():
            raise FileError(f"{path} is a folder; name the files in it ({path}/*.dng)")
        shot = read_image(path, raw_layout=raw_layout).shot
        groups.setdefault(shot.iso, []).append((path, exposure(shot)))
    return {iso: sorted(found, key=lambda one: (one[1] or 0.0, one[0].name)) for iso, found in groups.items()}


def pairs(
    files: Sequence[Exposed], raw_layout: str | None = None, left: list[Path] | None = None
) -> Iterator[tuple[Frame, Frame]]:
    """Frames two by two of the same exposure; what stays single is added to `left`. Two frames at a time are held."""
    held: tuple[Frame, float | None] | None = None
    for path, exposure in files:
        frame = read(path, raw_layout=raw_layout)
        if held is not None and _same(held[1], exposure):
            check_alike(frame, held[0])
            yield held[0], frame
            held = None
            continue
        if held is not None and left is not None:
            left.append(held[0].path)
        held = (frame, exposure)
    if held is not None and left is not None:
        left.append(held[0].path)


def exposure(shot: Shot) -> float | None:
    """Exposure time x area of the aperture, relative; None where the file does not say."""
    return shot.exposure_time_s / (shot.f_number or 1.0) ** 2 if shot.exposure_time_s else None


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= SAME_EXPOSURE * max(one, other)


def counted(items: Iterable[Any], total: int, progress: Progress | None) -> Iterator[Any]:
    """The items, telling the finished share to `progress`."""
    for number, item in enumerate(items):
        yield item
        if progress is not None:
            progress((number + 1) / max(total, 1))
