"""Pairs: photographs become evidence: a maker's own raw and picture, or two cameras at the same scenes.

Every file ends as evidence or in the list of what was left out, with the reason in one sentence.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from pathlib import Path
from typing import Any

import numpy.typing as npt

from twinlens import files
from twinlens.core.errors import TwinlensError
from twinlens.core.image import SENSOR
from twinlens.core.profile import CameraProfile
from twinlens.core.record import record
from twinlens.learn import aligning, blocks, detail
from twinlens.learn.blocks import Blocks
from twinlens.learn.evidence import Source
from twinlens.learn.folder import Photograph, photographs
from twinlens.learn.maker_picture import MakerPicture, of_photograph
from twinlens.learn.view import View, view_of
from twinlens.measure.registration import Registration
from twinlens.pipeline import profile as profiles
from twinlens.pipeline.scene import SceneLight, scene_light

Array = npt.NDArray[Any]
Progress = Callable[[float, str], None]
ProfileFor = Callable[[Any], CameraProfile | None]

THREADS = 2
FEWEST_BLOCKS = 40  # of a pair
LEAST_SURE = 0.03  # share of the blocks that show the same thing


@record(kw_only=True, eq=False)
class Pair:
    """What one pair of files gives."""

    source: Source
    blocks: Blocks
    space: str = "srgb"
    view: View | None = None
    acutance: float | None = None  # the rendering's fine contrast against the source's, 1: alike
    facts: dict[str, Any] = field(default_factory=dict)


@record(eq=False)
class LeftOut:
    """A file that says nothing, and why."""

    name: str
    reason: str


Outcome = Pair | LeftOut


def from_raws(
    folder: Path, *, profile: Path | CameraProfile | None = None, keep_edited: bool = False,
    progress: Progress | None = None,
) -> list[Outcome]:  # fmt: skip
    """A pair for each raw in a folder that has its maker's picture: beside it or inside it. Raises FileError."""
    found = photographs(folder)
    items = [one for one in found if one.raw is not None]
    without = [
        LeftOut(told(one.path, folder), "it has no raw file of the same name") for one in found if one.raw is None
    ]
    work = OwnPicture(profile_for(profile), keep_edited, folder)
    return [*each(work, items, progress, lambda one: told(one.path, folder)), *without]


def told(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder))


def profile_for(profile: Path | CameraProfile | None) -> ProfileFor:
    """The profile for a shot: the one, or of a folder the one made for its camera."""
    if profile is None or isinstance(profile, CameraProfile):
        return lambda shot: profile
    if not profile.is_dir():
        loaded = profiles.load(profile)
        return lambda shot: loaded
    return lambda shot: profiles.load(profiles.choose(profile, shot))


@record(eq=False)
class OwnPicture:
    """The work on one raw with its maker's picture."""

    profile_for: ProfileFor
    keep_edited: bool
    folder: Path

    def __call__(self, one: Photograph) -> Outcome:
        assert one.raw is not None
        name = told(one.path, self.folder)
        image = files.read(one.raw)
        if image.state is not SENSOR:
            return LeftOut(name, "it is a finished picture with the name of a raw file")
        rendering = of_photograph(one, image.shot)
        if why := refused(rendering, self.keep_edited):
            return LeftOut(name, why)
        scene = scene_light(image, profile=self.profile_for(image.shot))
        registration = aligning.own(scene, rendering)
        if registration is None:
            return LeftOut(name, f"{rendering.name} does not show what the raw shows")
        return paired(name, scene, rendering, registration, own_radius=True)


def refused(rendering: MakerPicture, keep_edited: bool) -> str:
    """Why nothing is to be learned from a rendering as it is; "" where nothing speaks against it."""
    if rendering.edited_by and not keep_edited:
        return f"the picture was edited ({rendering.edited_by}): it is not the camera's own rendering"
    return ""


def paired(
    name: str, scene: SceneLight, rendering: MakerPicture, registration: Registration, *, own_radius: bool
) -> Outcome:
    """The pair, or why it is none."""
    found = blocks.measured(scene, rendering, registration, own_radius=own_radius)
    if found.is_monochrome:
        return LeftOut(name, "the picture is monochrome, the scene is not: it tells nothing of color")
    if found.found["sure"] < LEAST_SURE * found.found["blocks"]:
        share = found.found["sure"] / max(found.found["blocks"], 1)
        return LeftOut(name, f"only {share:.0%} of {rendering.name} surely shows the same as the source")
    if len(found.source) < FEWEST_BLOCKS:
        return LeftOut(name, f"only {len(found.source)} flat places, not clipped in either picture, were found")
    residual = registration.residual_px * rendering.cell_px if not own_radius else 0.0
    source = Source(name=name, cct=scene.cct, shift=float(residual), notes=rendering.notes)
    return Pair(
        source=source, blocks=blocks.thinned(found), space=rendering.space,
        view=view_of(scene, rendering, registration),
        acutance=detail.acutance_ratio(scene, rendering, registration) if own_radius else None,
        facts={"inliers": registration.inliers, "overlap": registration.overlap, **found.found},
    )  # fmt: skip


def each(
    work: Callable[[Any], Outcome], items: Sequence[Any], progress: Progress | None, name: Callable[[Any], str]
) -> list[Outcome]:
    """The outcomes of all items, in their order; a fault of one leaves out that one."""
    done, lock = [0], threading.Lock()

    def one(item: Any) -> Outcome:
        try:
            outcome = work(item)
        except TwinlensError as error:
            outcome = LeftOut(name(item), str(error))
        with lock:
            done[0] += 1
            if progress is not None:
                progress(done[0] / len(items), name(item))
        return outcome

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, items))


def split(outcomes: Iterable[Outcome]) -> tuple[list[Pair], list[LeftOut]]:
    """Pairs, and what was left out."""
    both: tuple[list[Pair], list[LeftOut]] = ([], [])
    for one in outcomes:
        if isinstance(one, Pair):
            both[0].append(one)
        else:
            both[1].append(one)
    return both
