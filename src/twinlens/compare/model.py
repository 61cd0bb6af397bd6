"""Model: what a comparison is made of, in plain records: features, fingerprints, tests, the verdict."""

from __future__ import annotations

from dataclasses import field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.core.record import record

Array = npt.NDArray[Any]

Cause = Literal["rendering", "hardware", "mixed"]
Role = Literal["before", "after", "reference"]
SensorsFrom = Literal["one sensor", "known sensors", "prior"]


@record(kw_only=True)
class Feature:
    """One number of a processing: its name, unit, block of related features, and what can move it."""

    key: str  # "tone_contrast", "chroma_red": [a-z_0-9]
    label: str  # what a reader sees: "contrast at mid grey"
    unit: str
    block: str  # "exposure", "white balance", "tone", "local contrast", "chroma", "hue", "sharpness", "noise", ...
    cause: Cause
    floor: float  # the smallest difference that matters to an eye, in `unit`; the scale never goes below it
    source: str = ""  # standard or paper
    doc: str = ""
    is_ratio: bool = False  # the value is 100 ln(ratio) in "%": a difference d between sets is a factor exp(d / 100)
    is_derived: bool = False  # says in other words what other features hold: told, but not counted in a distance


@record(kw_only=True, eq=False)
class Fingerprints:
    """Features measured scene by scene: `values` (S sets, N scenes, K features), nan where not measured.

    A value is the mean over the scene's shots of that set, in the scene's joint frame, so that only differences between
    sets of one scene have a meaning unless `absolute` (K,) says otherwise. `repeat_variance` (S, N, K): variance of
    that mean over repeats, nan where there is one shot. `groups` (N,): index of the light (or another block of scenes
    shot under one condition). `curves`: arrays for the report by name. `left_out`: files with the reason.
    """

    features: tuple[Feature, ...]
    sets: tuple[Role, ...]
    scenes: tuple[str, ...]
    values: Array
    repeat_variance: Array
    absolute: Array
    groups: Array
    shots: dict[str, Any] = field(default_factory=dict)
    curves: dict[str, Any] = field(default_factory=dict)
    left_out: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        wanted = len(self.sets), len(self.scenes), len(self.features)
        for name in ("values", "repeat_variance"):
            if np.shape(getattr(self, name)) != wanted:
                raise ParameterError(f"Fingerprints.{name}: expected {wanted}, got {np.shape(getattr(self, name))}")


@record(kw_only=True)
class Claim:
    """One claim with its statistic, p-value and whether it holds."""

    text: str
    statistic: float
    p_value: float | None
    holds: bool
    reason: str = ""  # why there is no p-value, or what it rests on


@record(kw_only=True)
class FeatureChange:
    """How one feature moved from before to after, and where the reference is; `interval` is 95 %."""

    feature: Feature
    change: float
    interval: tuple[float, float]
    p_value: float | None  # corrected for the number of features (Holm)
    distance: float | None  # reference - before
    moved: float | None  # fraction of the way; None where the distance is not surely above zero
    moved_interval: tuple[float, float] | None
    scenes: int


@record(kw_only=True)
class BlockChange:
    """How a block of related features moved: surely *towards* the reference, surely *changed*, surely *unchanged* as
    far as an eye minds, or *unclear*; `p_value` of the projection (Holm), `moved` the fraction of the block's own way.
    """

    block: str
    state: Literal["towards", "changed", "unchanged", "unclear"]
    p_value: float | None = None
    moved: float | None = None
    interval: tuple[float, float] | None = None


@record(kw_only=True)
class TakenAway:
    """What is taken from squared distances between before and reference, as shares of what is left of them.

    `sensors`: expected of the two sensors alone (from `origin`, of this `kind`); `spread`: what the spread from scene
    to scene adds, with all noise of shots; `shots`: of it what the shots of one scene add, None where none was shot
    twice.
    """

    kind: SensorsFrom
    origin: str
    sensors: float
    spread: float
    shots: float | None = None


@record(kw_only=True)
class Verdict:
    """What the data say: numbers, the three claims apart, and one or two sentences."""

    statement: str
    moved: float | None
    interval: tuple[float, float] | None
    p_value: float | None
    detectable: float | None  # the smallest fraction that these data find nine times out of ten
    changed: Claim
    closer: Claim | None
    along: Claim | None
    features: tuple[FeatureChange, ...]
    hardware: tuple[FeatureChange, ...] = ()
    scenes: int = 0
    notes: tuple[str, ...] = ()
    blocks: tuple[BlockChange, ...] = ()
    arrived: Claim | None = None  # that what is left between after and reference is within the limits of the data
    taken: TakenAway | None = None  # None without a reference that is surely apart from before
    paired: bool = True  # False where the sets share no scene and only absolute features were compared
