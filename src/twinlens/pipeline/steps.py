"""Steps: the stages of a resolved recipe that change something, with the functions that do their work on parts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy.typing as npt

from twinlens.core.image import Image, Window
from twinlens.core.record import record
from twinlens.core.stage import Stage
from twinlens.stages.look_map import LookMap
from twinlens.stages.vignette import Vignette

Array = npt.NDArray[Any]


@record
class Step:
    """A stage with the function that does its work on parts and the size of the frame that arrives at it."""

    stage: Stage
    work: Callable[[Image], Image]
    arriving: tuple[int, int]

    def is_idle(self, image: Image) -> bool:
        """Whether the step leaves this part as it is, whatever its pixels are."""
        idle = getattr(self.work, "is_idle", None)
        return idle is not None and idle(image)

    def after_mixing(self, mixing: Array) -> Callable[[Image], Image] | None:
        """The function that does a 3x3 matrix and the step in one pass, where there is one."""
        after = getattr(self.work, "after_mixing", None)
        return None if after is None else after(mixing)

    def over(self, image: Image, target: Window) -> Image:
        """The part `target` of the stage's result."""
        if self.work is self.stage:
            return self.stage.over(image, target)
        return self.work(image).cut(target)


def steps(
    stages: tuple[Stage, ...],
    frame: tuple[int, int],
    bound: Callable[[int], Callable[[Image], Image]],
    *,
    start: int = 0,
    leave_out: tuple[str, ...] = (),
) -> tuple[Step, ...]:
    """The stages from `start` on that change something, with their frames; `frame` arrives at the first.

    `bound(i)` is the work of stage i, which `needs_scan`, prepared with the whole picture. Stages named in `leave_out`
    are not run.
    """
    made = []
    for index, stage in enumerate(stages[start:], start):
        if stage.name() in leave_out or (stage.is_identity and stage.accepts is stage.returns):
            continue
        work = Prepared(partial(bound, index)) if stage.needs_scan else stage
        made.append(_joined(made, Step(stage, work, frame)))
        frame = stage.frame(*frame)
    return tuple(made)


class Prepared:
    """The function of a stage that looks at the whole picture first: made once, by who needs it first."""

    def __init__(self, bound: Callable[[], Callable[[Image], Image]]) -> None:
        self._bound = bound
        self._lock = threading.Lock()
        self._work: Callable[[Image], Image] | None = None

    def wait(self) -> Callable[[Image], Image]:
        """The function itself, once it is made; raises what its making raised."""
        with self._lock:
            if self._work is None:
                self._work = self._bound()
            return self._work

    def is_idle(self, image: Image) -> bool:
        """Whether it leaves this part as it is."""
        idle = getattr(self.wait(), "is_idle", None)
        return idle is not None and idle(image)

    def after_mixing(self, mixing: Array) -> Callable[[Image], Image] | None:
        """The function that takes a 3x3 matrix along, where it has one."""
        after = getattr(self.wait(), "after_mixing", None)
        return None if after is None else after(mixing)

    def __call__(self, image: Image) -> Image:
        return self.wait()(image)


def _joined(made: list[Step], step: Step) -> Step:
    """The step, or it and the one before it (taken away) as one: a look takes the vignette before it along."""
    look, before = step.stage, made[-1].stage if made else None
    if not isinstance(look, LookMap) or look.is_neutral or not isinstance(before, Vignette):
        return step
    made.pop()
    return Step(look, look.after_vignette(before.amount), step.arriving)


def prepare(made: tuple[Step, ...]) -> None:
    """Make what the steps see of the whole picture, in their order: later ones are made from what earlier ones saw."""
    for step in made:
        if isinstance(step.work, Prepared):
            step.work.wait()  # what fails is met again by the first tile, and said there
