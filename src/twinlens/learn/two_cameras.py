"""Two cameras: photographs of the same scenes by both, handheld, become pairs.

Which belong together, their content says; the time of capture decides where two would do. The reference's finished
picture is learned from; its raw is used only where its camera's profile was given (see `from_folders`).
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens import files
from twinlens.core.errors import FileError, ParameterError
from twinlens.core.profile import CameraProfile
from twinlens.core.record import record
from twinlens.learn import aligning
from twinlens.learn.folder import Photograph, photographs
from twinlens.learn.maker_picture import MakerPicture, of_photograph
from twinlens.learn.pairs import (
    LeftOut,
    Outcome,
    OwnPicture,
    ProfileFor,
    Progress,
    each,
    paired,
    profile_for,
    refused,
    told,
)  # fmt: skip
from twinlens.measure.registration import Features, describe, match
from twinlens.measure.registration.matching import MATCH_POINTS, MATCH_PX
from twinlens.pipeline.scene import scene_light

Array = npt.NDArray[Any]

LOOKING = 0.4  # share of the time that finding the pairs takes
MOST_KEPT = 40  # reference pictures, 9 MB each, that are kept from finding the pairs to looking at them


@record(eq=False)
class _Seen:
    """A photograph as matching sees it, and when it was taken (s; None where it does not say); the rendering where it
    is kept."""

    photograph: Photograph
    features: Features
    taken: float | None
    rendering: MakerPicture | None = None


def from_folders(
    source: Path, reference: Path, *, source_profile: Path | CameraProfile | None = None,
    reference_profile: Path | CameraProfile | None = None, keep_edited: bool = False, progress: Progress | None = None,
) -> list[Outcome]:  # fmt: skip
    """A pair for each scene that both cameras saw. Raises FileError for a folder that holds nothing.

    The source is a raw where there is one, else the finished picture; the reference is the finished picture. With a
    `reference_profile` the reference's own raws, developed by it to the same scene light, are pairs of their own beside
    the handheld ones: they lie exactly on their pictures.
    """
    if source.exists() and reference.exists() and source.samefile(reference):
        raise ParameterError(f"{source} is both --source and --reference: two folders are wanted")
    items = [photographs(source), photographs(reference)]
    looked = _looked(items, (source, reference), keep_edited, _part(progress, 0, LOOKING))
    seen = [[one for one in side if isinstance(one, _Seen)] for side in looked]
    out: list[Outcome] = [one for side in looked for one in side if isinstance(one, LeftOut)]
    first, second = seen
    found = match(
        [one.features for one in first], [one.features for one in second],
        times=([one.taken for one in first], [one.taken for one in second]),
    )  # fmt: skip
    chosen = [(first[one.one].photograph, second[one.other]) for one in found]
    work = _Handheld(profile_for(source_profile), source)
    share = _part(progress, LOOKING, 1 - LOOKING)
    pairs = each(work, chosen, share, lambda one: told(one[0].path, source))
    out += _unmatched(first, {one.one for one in found}, source, "reference")
    out += _unmatched(second, {one.other for one in found}, reference, "source")
    raws = [one for one in items[1] if one.raw is not None]
    if reference_profile is not None and raws:
        own = OwnPicture(profile_for(reference_profile), keep_edited, reference)
        pairs += each(own, raws, None, lambda one: told(one.path, reference))
    return [*pairs, *out]


def _part(progress: Progress | None, start: float, share: float) -> Progress | None:
    return None if progress is None else lambda done, name: progress(start + share * done, name)


def _unmatched(seen: list[_Seen], taken: set[int], folder: Path, other: str) -> list[LeftOut]:
    reason = f"no picture of the {other} surely shows this scene"
    return [LeftOut(told(one.photograph.path, folder), reason) for i, one in enumerate(seen) if i not in taken]


def _looked(
    items: list[list[Photograph]], folders: tuple[Path, Path], keep_edited: bool, progress: Progress | None
) -> list[list[Any]]:
    """What matching needs of every file, or why it is left out."""
    jobs = [(side, one) for side in (0, 1) for one in items[side]]
    keep = len(items[1]) <= MOST_KEPT

    def look(job: tuple[int, Photograph]) -> Any:
        side, one = job
        return _look_at_source(one) if side == 0 else _look_at_reference(one, folders[1], keep_edited, keep)

    found = each(look, jobs, progress, lambda job: told(job[1].path, folders[job[0]]))
    return [[result for (side, _), result in zip(jobs, found, strict=True) if side == wanted] for wanted in (0, 1)]


def _look_at_source(one: Photograph) -> Any:
    image = files.read(one.path)
    seen = aligning.visible(scene_light(image, long_edge=MATCH_PX))
    return _Seen(one, describe(seen, MATCH_PX, MATCH_POINTS), _seconds(image.shot.taken))


def _look_at_reference(one: Photograph, folder: Path, keep_edited: bool, keep: bool) -> Any:
    rendering = of_photograph(one)
    if why := refused(rendering, keep_edited):
        return LeftOut(told(one.path, folder), why)
    features = describe(rendering.codes.astype(np.float32), MATCH_PX, MATCH_POINTS)
    return _Seen(one, features, _seconds(rendering.taken), rendering if keep else None)


def _seconds(taken: str) -> float | None:
    """Seconds of a time in ISO 8601, as the camera's clock shows it."""
    try:
        return datetime.fromisoformat(taken[:19]).timestamp() if taken else None
    except ValueError:
        return None


@record(eq=False)
class _Handheld:
    """The work on one pair."""

    profile_for: ProfileFor
    folder: Path

    def __call__(self, both: tuple[Photograph, _Seen]) -> Outcome:
        source, reference = both
        name = told(source.path, self.folder)
        image = files.read(source.path)
        scene = scene_light(image, profile=self.profile_for(image.shot))
        rendering = reference.rendering or of_photograph(reference.photograph)
        registration = aligning.handheld(scene, rendering)
        if registration is None:
            raise FileError(f"it cannot be laid on {rendering.name}: they may show the same scene, but not surely")
        return paired(f"{name} / {rendering.name}", scene, rendering, registration, own_radius=False)
