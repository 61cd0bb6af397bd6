"""Resolve: every automatic value of a recipe becomes a number, before any pixel is developed."""

from __future__ import annotations

import dataclasses
from functools import cache

from twinlens.core.image import Image
from twinlens.core.profile import CameraProfile
from twinlens.core.stage import Facts, Stage
from twinlens.pipeline.recipe import Recipe
from twinlens.pipeline.reduced import reduced

MEASURE_LONG_EDGE = 512
WITHOUT_EFFECT_WHEN_SMALL = frozenset({"resize", "sharpen", "acutance", "grain", "denoise", "defects"})


class Scans:
    """The reduced picture as it arrives at each stage, made once each, with the stages before it as resolved."""

    def __init__(self, source: Image) -> None:
        self._source = source
        self.resolved: dict[tuple[Stage, tuple[Stage, ...], int], Stage] = {}
        self._kept: dict[tuple[int, tuple[Stage, ...]], Image] = {}

    def arriving(self, stages: tuple[Stage, ...], index: int, long_edge: int = MEASURE_LONG_EDGE) -> Image:
        """What arrives at `stages[index]`; the stages before it must be resolved."""
        start, ready = self._start(stages, long_edge)
        image = start
        for end in range(index, ready, -1):
            if (kept := self._kept.get((long_edge, stages[:end]))) is not None:
                image, ready = kept, end
                break
        for step in range(ready, index):
            stage = stages[step]
            if not (stage.is_identity and stage.accepts is stage.returns):
                work = stage.bind(image) if stage.needs_scan else stage
                image = image if stage.name() in WITHOUT_EFFECT_WHEN_SMALL else work(image)
            self._kept[long_edge, stages[: step + 1]] = image
        return image

    def for_stage(self, stages: tuple[Stage, ...], index: int) -> Image:
        """What `stages[index]`, which `needs_scan`, is prepared with: at its `scan_long_edge` when it names one."""
        return self.arriving(stages, index, getattr(stages[index], "scan_long_edge", MEASURE_LONG_EDGE))

    def _start(self, stages: tuple[Stage, ...], long_edge: int) -> tuple[Image, int]:
        ready = next((i for i, stage in enumerate(stages) if stage.accepts not in ("sensor", "mosaic")), 0)
        key = (long_edge, stages[:ready])
        if key not in self._kept:
            self._kept[key] = reduced(self._source, stages, long_edge)[0]
        return self._kept[key], ready


def resolve(recipe: Recipe, source: Image, profile: CameraProfile | None = None, scans: Scans | None = None) -> Recipe:
    """The recipe with numbers in place of every None that the shot, the profile or the picture supplies."""
    scans = scans or Scans(source)
    done: list[Stage] = []
    for stage in recipe.stages:
        before = tuple(done)

        @cache
        def arriving(before: tuple[Stage, ...] = before, stage: Stage = stage) -> Image:
            return scans.arriving((*before, stage), len(before))

        key = (stage, before, id(profile))
        if key not in scans.resolved:
            scans.resolved[key] = stage.resolve(Facts(source.shot, source, arriving, profile, before))
        done.append(scans.resolved[key])
    return dataclasses.replace(recipe, stages=tuple(done))
