"""Content: what the page of a comparison shows, in plain records; made by whoever compared, drawn here.

Every set of pictures has a role (before, after, reference), which gives it one color and one mark all over the page.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any, Literal

import numpy.typing as npt

from twinlens.core.record import record

Array = npt.NDArray[Any]
Role = Literal["before", "after", "reference"]
Interval = tuple[float, float]

ROLES: tuple[Role, ...] = ("before", "after", "reference")


@record(kw_only=True)
class SetFacts:
    """One set of pictures: what it was called, which cameras say they made it, how many pictures counted."""

    role: Role
    name: str
    cameras: str = ""
    pictures: int = 0
    scenes: int = 0


@record(kw_only=True)
class Level:
    """A feature's value in one set with its 95 % interval within scenes (None: one scene)."""

    value: float
    interval: Interval | None = None


@record(kw_only=True)
class FeatureRow:
    """One feature: its level in each set, how it changed, and how far that points to the reference.

    `floor` is the smallest difference that matters to an eye. `is_relative`: levels count from *before*. `is_sure`:
    the change is beyond what chance brings, corrected for the number of features.
    """

    label: str
    unit: str
    block: str
    cause: str
    floor: float
    levels: dict[Role, Level]
    is_relative: bool = False
    change: float | None = None
    interval: Interval | None = None
    p_value: float | None = None
    is_sure: bool = False
    moved: float | None = None
    moved_interval: Interval | None = None
    scenes: int = 0
    doc: str = ""


@record(kw_only=True)
class ClaimLine:
    """One claim: what is claimed, whether it holds (None: cannot be said), its p-value and on what it rests."""

    name: str
    text: str
    holds: bool | None
    p_value: float | None = None
    reason: str = ""


@record(kw_only=True, eq=False)
class Series:
    """A line of a plot: x and y (N,), with the ends of its 95 % interval where there are any."""

    role: Role
    x: Array
    y: Array
    low: Array | None = None
    high: Array | None = None


@record(kw_only=True, eq=False)
class Plot:
    """Lines of the sets over one axis; `words` say what is to be seen for those who cannot see it."""

    words: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    caption: str = ""


@record(kw_only=True)
class HueArrow:
    """Where one region of hue lies in each set: (a, b) in a plane of hue and chroma; `label`: "red", "skin"."""

    label: str
    places: dict[Role, tuple[float, float]]


@record(kw_only=True)
class ScenePictures:
    """One scene as each set has it: JPEG bytes by role; `why` it is shown; `is_aligned`: one lies on the other."""

    name: str
    jpegs: dict[Role, bytes]
    why: str = ""
    is_aligned: bool = False


@record(kw_only=True)
class PlainTable:
    """A table with its heading and what to know of it."""

    heading: str
    about: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@record(kw_only=True)
class FileFacts:
    """Where numbers come from: a picture's name, its set and scene, its digest and what it says of itself."""

    role: Role
    name: str
    scene: str
    sha256: str
    facts: str = ""


@record(kw_only=True, eq=False)
class CompareContent:
    """All that the page of a comparison shows; see `compare_page`."""

    title: str
    statement: str
    sets: tuple[SetFacts, ...]
    claims: tuple[ClaimLine, ...]
    rows: tuple[FeatureRow, ...]
    moved: float | None = None
    interval: Interval | None = None
    p_value: float | None = None
    detectable: float | None = None
    scenes: int = 0
    tones: tuple[Plot, ...] = ()
    hues: tuple[HueArrow, ...] = ()
    hue_unit: str = "chroma"
    edges: tuple[Plot, ...] = ()
    pictures: tuple[ScenePictures, ...] = ()
    singles: PlainTable | None = None
    not_measured: tuple[tuple[str, str], ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    methods: tuple[tuple[str, str], ...] = ()
    files: tuple[FileFacts, ...] = ()
    made: dict[str, str] = field(default_factory=dict)
