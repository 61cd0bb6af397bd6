"""Evidence: corresponding colors of many pictures, what a look is learned from.

Each row is a small flat area (the mean of a block) that both cameras saw, or a patch of a chart seen by both.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.core.record import record
from twinlens.learn.view import View

Array = npt.NDArray[Any]

Kind = Literal["picture", "chart", "samples"]


@record(kw_only=True)
class Source:
    """Where rows of evidence come from: one pair of files, one chart pair, or one table of samples."""

    name: str
    kind: Kind = "picture"
    cct: float | None = None  # K, of the light, as the source camera's white says; None where not known
    shift: float = 0.0  # px, how well the two pictures lie on each other (median of what is left); 0 when aligned
    notes: tuple[str, ...] = ()


@record(kw_only=True, eq=False)
class Evidence:
    """N corresponding colors.

    `source` (N, 3): scene light, linear Rec. 2020, white-balanced as shot, 0.18 = mid grey. `target` (N, 3): display
    light of the reference rendering, linear Rec. 2020, 0 to 1. `picture` (N,): index into `sources`. `radius` (N,):
    place in the reference's uncropped frame, 0 centre, 1 corner; nan where not known. `noise` (N,): standard deviation
    of `target`'s mean in code values of the sRGB curve (0 to 1). `left_out`: files with the reason, for the report.
    `place` (N, 2): row and column of the block in its picture; `views`: the pictures in small, for each of `sources`.
    """

    source: Array
    target: Array
    picture: Array
    radius: Array
    noise: Array
    sources: tuple[Source, ...]
    space: str = "srgb"  # the primaries of the reference's files: those of its tone curve
    left_out: tuple[tuple[str, str], ...] = ()
    place: Array | None = None
    views: tuple[View | None, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)  # of the whole set: local tone, acutance, seconds

    def __post_init__(self) -> None:
        count = len(self.source)
        for name, shape in (("source", (count, 3)), ("target", (count, 3))):
            if np.shape(getattr(self, name)) != shape:
                raise ParameterError(f"Evidence.{name}: expected {shape}, got {np.shape(getattr(self, name))}")
        for name in ("picture", "radius", "noise"):
            if np.shape(getattr(self, name)) != (count,):
                raise ParameterError(f"Evidence.{name}: expected ({count},), got {np.shape(getattr(self, name))}")
