"""Resolve: every automatic value of a recipe becomes a number, before any pixel is developed."""

from __future__ import annotations

import dataclasses
import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import cache
from itertools import count
from typing import Any

from twinlens.core.image import Image
from twinlens.core.profile import CameraProfile
from twinlens.core.stage import Facts, Stage
from twinlens.pipeline.recipe import Recipe
from twinlens.pipeline.reduced import behind_mosaic, reduced
from twinlens.stages.demosaic import Demosaic
from twinlens.stages.white_balance import WhiteBalance

MEASURE_LONG_EDGE = 480
MOST_IMAGES, MOST_STAGES = 24, 500  # that are kept between renderings
WITHOUT_EFFECT_WHEN_SMALL = frozenset(
    {"resize", "sharpen", "acutance", "grain", "remosaic", "denoise", "defects", "demosaic", "color_noise"}
)


class Recent(OrderedDict[Any, Any]):
    """The `most` values that were used last: a preview that is kept open does not grow with every change."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def recall(self, key: Any) -> Any:
        """The value of this key, or None."""
        if key in self:
            self.move_to_end(key)
        return self.get(key)

    def keep(self, key: Any, value: Any) -> Any:
        """Keep a value, and return it; the one that was not used for longest may go."""
        self[key] = value
        self.move_to_end(key)
        if len(self) > self.most:
            self.popitem(last=False)
        return value


class Scans:
    """The reduced picture as it arrives at each stage, made once each, with the stages before it as resolved."""

    def __init__(self, source: Image) -> None:
        self._source = source
        self._lock = threading.Lock()  # stages are also prepared in a thread beside the first tiles
        self.resolved = Recent(MOST_STAGES)  # by stage as asked for, chain of the stages before it, profile
        self._chains, self._numbers = Recent(MOST_STAGES), count(1)
        self._kept = Recent(MOST_IMAGES)  # by size and the stages that it went through
        self._works = Recent(MOST_IMAGES)  # of stages that look at the whole picture: by size, stages before, stage

    def arriving(self, stages: tuple[Stage, ...], index: int, long_edge: int = MEASURE_LONG_EDGE) -> Image:
        """What arrives at `stages[index]`; the stages before it must be resolved."""
        with self._lock:
            return self._arriving(stages, index, long_edge)

    def _arriving(self, stages: tuple[Stage, ...], index: int, long_edge: int) -> Image:
        start, ready = self._start(stages, long_edge)
        image = start
        for end in range(index, ready, -1):
            if (kept := self._kept.recall((long_edge, _acting(stages[:end])))) is not None:
                image, ready = kept, end
                break
        for step in range(ready, index):
            stage = stages[step]
            if not (stage.is_identity and stage.accepts is stage.returns):
                work = stage.bind(image) if stage.needs_scan else stage
                image = image if stage.name() in WITHOUT_EFFECT_WHEN_SMALL else work(image)
            self._kept.keep((long_edge, _acting(stages[: step + 1])), image)
        return image

    def chain(self, before: int, stage: Stage) -> int:
        """A number for a chain of resolved stages: for `stage` behind the chain `before` (0: none)."""
        return self._chains.recall((before, stage)) or self._chains.keep((before, stage), next(self._numbers))

    def bound(self, stages: tuple[Stage, ...], index: int) -> Callable[[Image], Image]:
        """`stages[index]`, which `needs_scan`, prepared with what arrives at it, at its `scan_long_edge` when it names
        one; kept, so that another look or exposure behind it costs nothing here."""
        stage, long_edge = stages[index], getattr(stages[index], "scan_long_edge", MEASURE_LONG_EDGE)
        key = (long_edge, _acting(stages[:index]), stage)
        with self._lock:
            work = self._works.recall(key)
        if work is None:
            work = stage.bind(self.arriving(stages, index, long_edge))
            with self._lock:
                self._works.keep(key, work)
        return work

    def _start(self, stages: tuple[Stage, ...], long_edge: int) -> tuple[Image, int]:
        ready = behind_mosaic(stages)
        key = (long_edge, _acting(stages[:ready]))
        kept = self._kept.recall(key)
        if kept is None:
            kept = self._kept.keep(key, reduced(self._source, stages, long_edge))
        return kept, ready


def _acting(stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
    """The stages that have an effect on a reduced picture."""
    return tuple(stage for stage in stages if stage.name() not in WITHOUT_EFFECT_WHEN_SMALL)


def resolve(recipe: Recipe, source: Image, profile: CameraProfile | None = None, scans: Scans | None = None) -> Recipe:
    """The recipe with numbers in place of every None that the shot, the profile or the picture supplies."""
    done = _resolved(recipe.stages, source, profile, scans or Scans(source))
    return dataclasses.replace(recipe, stages=_guided(recipe.stages, done))


def _resolved(
    stages: tuple[Stage, ...], source: Image, profile: CameraProfile | None, scans: Scans
) -> tuple[Stage, ...]:
    done: list[Stage] = []
    chain = 0
    for stage in stages:
        before = tuple(done)

        @cache
        def arriving(before: tuple[Stage, ...] = before, stage: Stage = stage) -> Image:
            return scans.arriving((*before, stage), len(before))

        key = (stage, chain, id(profile))
        found = scans.resolved.recall(key)
        if found is None:
            found = scans.resolved.keep(key, stage.resolve(Facts(source.shot, source, arriving, profile, before)))
        done.append(found)
        chain = scans.chain(chain, found)
    return tuple(done)


def scan_ahead(first: tuple[Stage, ...], source: Image, profile: CameraProfile | None, scans: Scans) -> None:
    """Make the reduced picture that `resolve` and the stages will ask for, in a thread beside other preparations.

    `first` are the recipe's stages on the mosaic that act on it, as asked for.
    """
    scans.arriving(done := _resolved(first, source, profile, scans), len(done))


def _guided(asked: tuple[Stage, ...], done: tuple[Stage, ...]) -> tuple[Stage, ...]:
    """The resolved stages with the demosaic guided by the white balance that was found, where it was not told one."""
    gains = next((stage.gains for stage in done if isinstance(stage, WhiteBalance)), None)
    return tuple(
        dataclasses.replace(stage, balance=tuple(gain / gains[1] for gain in gains))
        if gains and isinstance(stage, Demosaic) and isinstance(before, Demosaic) and before.balance is None
        else stage
        for before, stage in zip(asked, done, strict=True)
    )
