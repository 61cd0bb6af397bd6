"""Sets: the photographs that are compared, checked one by one before anything is measured.

Every file is opened once, small: what is broken, a screenshot or edited by hand among others that are not is left out
with the reason; what is read in a way that a reader should know of (no profile, gain maps left out) becomes a note.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare import sets_checks as checks
from twinlens.compare import sets_read as reading
from twinlens.compare.model import Role
from twinlens.compare.sets_files import Source, listed
from twinlens.core.errors import ParameterError, TwinlensError
from twinlens.core.record import record
from twinlens.core.shot import Shot
from twinlens.files import photo_read
from twinlens.measure.registration import Features, describe
from twinlens.numerics.color import decode, encode, oklab_from_rec2020, rgb_from_rgb

Array = npt.NDArray[Any]
Progress = Callable[[int, int, str], None]

SMALL_EDGE, POINTS = 640, 800  # px of the long edge of the pictures in which scenes are recognized; points in them
LEAST_EDGE = 128  # px of the short edge; in less nothing can be measured
_COLOR_STEP = 8  # pixels between those whose color decides whether a picture is monochrome


@record(kw_only=True, eq=False)
class Picture:
    """One photograph: where it is, what it says of itself, and `features`, the picture small and upright
    with points that can be found again.

    `height`, `width` are those of the upright picture in full. `brightness` is the exposure value at ISO 100 (EV) that
    the camera chose, nan where unknown.
    """

    role: Role
    path: str
    name: str
    height: int
    width: int
    features: Features
    space: str
    camera: str = ""
    software: str = ""
    taken: str = ""
    quality: float = float("nan")
    tables: tuple[tuple[int, ...], ...] = ()
    brightness: float = float("nan")
    is_mono: bool = False
    notes: tuple[str, ...] = ()

    @property
    def short_edge(self) -> int:
        """What picture height means for a picture of either orientation."""
        return min(self.height, self.width)


@record(kw_only=True, eq=False)
class Sets:
    """The pictures that can be measured, in order of role and name; the files that cannot, with the reason; notes."""

    roles: tuple[Role, ...]
    pictures: tuple[Picture, ...]
    left_out: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    def of(self, role: Role) -> list[Picture]:
        """The pictures of one set."""
        return [one for one in self.pictures if one.role == role]


def gather(
    before: Source,
    after: Source,
    reference: Source | None = None,
    *,
    keep_edited: bool = False,
    threads: int = 2,
    progress: Progress | None = None,
) -> Sets:
    """Read two or three sets: folders, files or lists of both. Raises FileError where a set holds no picture at all.

    `keep_edited` keeps pictures that name a program for editing, where others of their set do not.
    """
    sources: dict[Role, Source] = {"before": before, "after": after}
    if reference is not None:
        sources["reference"] = reference
    if threads < 1:
        raise ParameterError(f"threads = {threads}: a number of 1 or more is wanted")
    jobs: list[tuple[Role, Path]] = []
    notes: list[str] = []
    for role, source in sources.items():
        paths, told = listed(source)
        jobs.extend((role, path) for path in paths)
        notes += [f"{role}: {one}" for one in told]
    pictures, left_out = _scanned(jobs, threads, progress)
    for role in sources:
        pictures, out = _sound(pictures, role, keep_edited)
        left_out += out
    notes += _told(pictures, left_out)
    return Sets(roles=tuple(sources), pictures=tuple(pictures), left_out=tuple(left_out), notes=tuple(notes))


def _scanned(
    jobs: Sequence[tuple[Role, Path]], threads: int, progress: Progress | None
) -> tuple[list[Picture], list[tuple[str, str]]]:
    pictures, left_out = [], []
    with photo_read.quiet(), ThreadPoolExecutor(threads) as pool:
        for done, (job, found) in enumerate(zip(jobs, pool.map(_scan, jobs), strict=True)):
            if isinstance(found, str):
                left_out.append((str(job[1]), found))
            else:
                pictures.append(found)
            if progress is not None:
                progress(done + 1, len(jobs), job[1].name)
    return pictures, left_out


def _scan(job: tuple[Role, Path]) -> Picture | str:
    """One picture, or why it is left out."""
    role, path = job
    try:
        return scan(path, role)
    except TwinlensError as error:
        return str(error).removeprefix(f"{path}: ").removeprefix(f"{path} ")


def scan(path: Path, role: Role = "before") -> Picture:
    """What one file says of itself, and the picture small. Raises FileError; ParameterError for a screenshot."""
    read, notes = reading.opened(path, edge=SMALL_EDGE)
    shot = read.shot
    height, width = read.pixels.shape[:2]
    full = (shot.height, shot.width) if (shot.height > shot.width) == (height > width) else (shot.width, shot.height)
    if min(full) < LEAST_EDGE:
        raise ParameterError(f"{full[1]} x {full[0]} pixels are too few; {LEAST_EDGE} a side are needed")
    small = _small(read.pixels, read.space)
    coded = coded_small(small)
    grey = coded[..., 1]
    if checks.is_screenshot(path.name, shot, grey):
        raise ParameterError("a screenshot, not a photograph")
    tables = reading.jpeg_tables(path)
    return Picture(
        role=role, path=str(path), name=path.name, height=full[0], width=full[1],
        features=describe(coded, SMALL_EDGE, POINTS), space=read.space,
        camera=_camera(shot.make, shot.model), software=shot.software, taken=shot.taken,
        quality=reading.quality(tables), tables=tables, brightness=_brightness(shot),
        is_mono=checks.is_mono(oklab_from_rec2020(small[::_COLOR_STEP, ::_COLOR_STEP])),
        notes=(*shot.notes, *notes),
    )  # fmt: skip


def _small(codes: Array, space: str) -> Array:
    """Linear Rec. 2020 (h, w, 3) of SMALL_EDGE."""
    import cv2

    scale = min(SMALL_EDGE / max(codes.shape[:2]), 1.0)
    size = max(round(codes.shape[1] * scale), 1), max(round(codes.shape[0] * scale), 1)
    share = np.float32(1 / np.iinfo(codes.dtype).max)
    planes = (np.ascontiguousarray(codes[..., channel]) * share for channel in range(3))
    small = np.stack([cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in planes], axis=-1)
    return (decode(small, space) @ rgb_from_rgb("rec2020", space).T).astype(np.float32)


def coded_small(linear: Array) -> Array:
    """Codes (h, w, 3) uint8 on the curve of sRGB of linear Rec. 2020."""
    return np.rint(255 * np.clip(encode(np.maximum(linear, 0)), 0, 1)).astype(np.uint8)


def _camera(make: str, model: str) -> str:
    """A camera's name, without its make twice."""
    named = make and model.lower().startswith(make.split()[0].lower())
    return model if named else f"{make} {model}".strip()


def _brightness(shot: Shot) -> float:
    if not (shot.exposure_time_s and shot.f_number and shot.iso):
        return float("nan")
    return float(np.log2(shot.f_number**2 / shot.exposure_time_s * 100 / shot.iso))


def _sound(pictures: list[Picture], role: Role, keep_edited: bool) -> tuple[list[Picture], list[tuple[str, str]]]:
    """All pictures without those of this role that were edited or made smaller, where others of the set were not."""
    own = [one for one in pictures if one.role == role]
    edited = [bool(checks.editor_of(one.software)) for one in own]
    smaller = checks.resized([max(one.height, one.width) for one in own], [one.camera for one in own])
    out: dict[str, str] = {}
    for one, was_edited, is_smaller in zip(own, edited, smaller, strict=True):
        if was_edited and not all(edited) and not keep_edited:
            out[one.path] = f"edited with {one.software}; others of its set were not"
        elif is_smaller:
            out[one.path] = f"made smaller ({one.width} x {one.height}); its camera's other pictures are larger"
    return [one for one in pictures if one.role != role or one.path not in out], list(out.items())


def _told(pictures: Sequence[Picture], left_out: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Notes on the pictures, each once with the number of pictures that it is true of."""
    counts = Counter((one.role, note) for one in pictures for note in one.notes)
    for (role, note), number in counts.items():
        yield f"{role}: {note} ({number} of {sum(one.role == role for one in pictures)} pictures)"
    roles: dict[Role, None] = dict.fromkeys(one.role for one in pictures)
    for role in roles:
        own = [one for one in pictures if one.role == role]
        yield from _told_of_set(role, own)
    if left_out:
        yield "one file was left out" if len(left_out) == 1 else f"{len(left_out)} files were left out"


def _pictures(number: int) -> str:
    return "one picture is" if number == 1 else f"{number} pictures are"


def _told_of_set(role: Role, own: Sequence[Picture]) -> Iterator[str]:
    edited = sorted({one.software for one in own if checks.editor_of(one.software)})
    if edited:
        yield f"{role}: the pictures were edited ({', '.join(edited)}): what is measured is the editing too"
    mono = sum(one.is_mono for one in own)
    if mono:
        yield f"{role}: {_pictures(mono)} monochrome; color is not measured there"
    cameras = sorted({one.camera for one in own if one.camera})
    if len(cameras) > 1:
        yield f"{role}: pictures of several cameras ({', '.join(cameras)})"
    if any(not one.camera for one in own):
        unnamed = sum(not one.camera for one in own)
        yield f"{role}: {_pictures(unnamed)} without the name of a camera, perhaps saved again"
    qualities = sorted({round(one.quality) for one in own if one.tables})
    if len(qualities) > 1:
        yield f"{role}: JPEG qualities from {qualities[0]} to {qualities[-1]}; some may have been saved again"
