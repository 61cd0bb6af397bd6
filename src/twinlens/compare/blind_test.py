"""Blind test: scenes that two sets share become a page that asks people which is which.

Both pictures of a pair show the same part of the scene, are resampled once to the same size and compressed alike, so
that nothing but the rendering (and what the camera did) tells them apart. Sides, examples and order come from the seed.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from math import ceil
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from twinlens.compare import scenes
from twinlens.compare.blind_pictures import common_part, jpeg, matched, part, stretched
from twinlens.compare.scenes import SceneGroup
from twinlens.compare.sets import Picture, Sets, gather
from twinlens.compare.sets_files import Source
from twinlens.core.errors import ParameterError
from twinlens.files import photo_read
from twinlens.measure.registration import homography
from twinlens.report.blind import BlindContent, Method, Trial, blind_page

Array = npt.NDArray[Any]
Progress = Callable[[int, int, str], None]

EDGE_PX = 1100
MOST_SCENES = 24  # on one page: some 10 MB
FEWEST_FOR_EXAMPLES = 4  # scenes; of fewer, none is left to ask about
SCENES_PER_EXAMPLE, MOST_EXAMPLES = 4, 3
LEAST_TRIALS = 12  # of ABX: 10 of 12 right is beyond chance
MOST_TRIED = 6  # pairs of shots of a scene


def blind_test(
    first: Source,
    second: Source,
    *,
    method: Literal["auto", "two", "abx"] = "auto",
    match_exposure: bool = False,
    seed: int = 0,
    threads: int = 2,
    progress: Progress | None = None,
) -> tuple[str, dict[str, Any]]:
    """The page as HTML text, and what it asks: trials, examples, method, scenes, notes.

    `two` asks which picture of a pair is of the first set, after labeled examples of other scenes; `abx` which of two
    is like a third. Raises ParameterError where the sets share no scene.
    """
    found = gather(first, second, threads=threads)
    groups = _shared(found, scenes.grouped(found.pictures))
    notes = [*found.notes]
    if not groups:
        raise ParameterError("the two sets share no scene: a blind test shows the same scene by both")
    chance = random.Random(seed)
    chance.shuffle(groups)
    if len(groups) > MOST_SCENES:
        notes.append(f"{MOST_SCENES} of {len(groups)} shared scenes are shown")
        groups = groups[:MOST_SCENES]
    if method == "auto":
        method = "two" if len(groups) >= FEWEST_FOR_EXAMPLES else "abx"
    if method == "two" and len(groups) < 2:
        raise ParameterError("method two needs two shared scenes or more, one of them as the example; say abx")
    made = _Album(found, match_exposure)
    content = (_two if method == "two" else _abx)(made, groups, chance, seed, progress)
    told = {
        "method": method,
        "trials": len(content.trials),
        "examples": len(content.examples),
        "scenes": len(groups),
        "left_out": [{"file": name, "why": why} for name, why in found.left_out],
        "notes": [*notes, *made.notes()],
    }
    return blind_page(content), told


def _shared(found: Sets, groups: Sequence[SceneGroup]) -> list[SceneGroup]:
    """The scenes that both sets show."""
    return [one for one in groups if len({found.pictures[index].role for index in one.members}) == 2]


class _Album:
    """The pictures of a page: drawn when they are asked for, each in a place that tells nothing."""

    def __init__(self, found: Sets, match_exposure: bool) -> None:
        self.found, self.match_exposure = found, match_exposure
        self.jpegs: list[bytes] = []
        self.different_frames = False

    def pair(self, group: SceneGroup) -> tuple[int, int]:
        """Indices of a scene's pictures by the first set and by the second."""
        with photo_read.quiet():
            drawn = self._same_part(*self._nearest(group))
        self.jpegs += [jpeg(one) for one in drawn]
        return len(self.jpegs) - 2, len(self.jpegs) - 1

    def _nearest(self, group: SceneGroup) -> tuple[Picture, Picture, Array]:
        """A shot of each set, and the 3x3 from the second's small picture to the first's; the first two that agree."""
        own = [self.found.pictures[index] for index in group.members]
        pairs = [(a, b) for a in own for b in own if (a.role, b.role) == ("before", "after")]
        for first, second in pairs[:MOST_TRIED]:
            agreed = homography.fit(second.features, first.features)
            if agreed is not None:
                return first, second, agreed.matrix
        first, second = pairs[0]
        return first, second, stretched(second, first)

    def _same_part(self, first: Picture, second: Picture, to_first: Array) -> tuple[Array, Array]:
        pictures = [first, second]
        boxes = common_part(first.features.grey.shape, second.features.grey.shape, to_first)
        self.different_frames |= not np.allclose(to_first / to_first[2, 2], stretched(second, first), atol=0.5)
        height, width = boxes[0][1] - boxes[0][0], boxes[0][3] - boxes[0][2]
        scale = EDGE_PX / max(height, width)
        size = max(round(height * scale), 2), max(round(width * scale), 2)
        drawn = [part(one, box, size) for one, box in zip(pictures, boxes, strict=True)]
        if self.match_exposure:
            drawn = matched(drawn)
        return drawn[0], drawn[1]

    def notes(self) -> list[str]:
        told = []
        if self.different_frames:
            told.append("the two sets are not of the same frames: what moved between them may tell a pair apart too")
        if self.match_exposure:
            told.append("the darker picture of each pair was brightened to the mean brightness of the other")
        return told


def _two(
    album: _Album, groups: list[SceneGroup], chance: random.Random, seed: int, progress: Progress | None
) -> BlindContent:
    pairs = _pairs(album, groups, progress)
    count = min(max(len(pairs) // SCENES_PER_EXAMPLE, 1), MOST_EXAMPLES)
    trials = []
    for number, (first, second) in enumerate(pairs[count:]):
        truth: Literal["a", "b"] = chance.choice(("a", "b"))
        left, right = (first, second) if truth == "a" else (second, first)
        trials.append(Trial(name=f"t{number + 1}", scene=f"s{number + 1}", left=left, right=right, truth=truth))
    return _content("two", album, trials, tuple(pairs[:count]), chance, seed)


def _abx(
    album: _Album, groups: list[SceneGroup], chance: random.Random, seed: int, progress: Progress | None
) -> BlindContent:
    pairs = _pairs(album, groups, progress)
    trials = []
    for number in range(ceil(LEAST_TRIALS / len(pairs)) * len(pairs)):
        first, second = pairs[number % len(pairs)]
        left, right = (first, second) if chance.random() < 0.5 else (second, first)
        truth: Literal["a", "b"] = chance.choice(("a", "b"))
        middle = left if truth == "a" else right
        name, scene = f"t{number + 1}", f"s{number % len(pairs) + 1}"
        trials.append(Trial(name=name, scene=scene, left=left, right=right, truth=truth, middle=middle))
    return _content("abx", album, trials, (), chance, seed)


def _pairs(album: _Album, groups: list[SceneGroup], progress: Progress | None) -> list[tuple[int, int]]:
    found = []
    for number, group in enumerate(groups):
        found.append(album.pair(group))
        if progress is not None:
            progress(number + 1, len(groups), f"scene {number + 1}")
    return found


def _content(
    method: Method, album: _Album, trials: list[Trial], examples: Any, chance: random.Random, seed: int
) -> BlindContent:
    """The page's content with the pictures in an order of chance."""
    order = list(range(len(album.jpegs)))
    chance.shuffle(order)
    place = {old: new for new, old in enumerate(order)}
    moved = tuple(
        Trial(name=one.name, scene=one.scene, left=place[one.left], right=place[one.right], truth=one.truth,
              middle=None if one.middle is None else place[one.middle])
        for one in trials
    )  # fmt: skip
    digest = hashlib.sha256(b"".join(hashlib.sha256(one).digest() for one in album.jpegs) + str(seed).encode())
    return BlindContent(
        title="Which is which?",
        method=method,
        salt=digest.hexdigest()[:24],
        pictures=tuple(album.jpegs[old] for old in order),
        trials=moved,
        examples=tuple((place[first], place[second]) for first, second in examples),
    )
