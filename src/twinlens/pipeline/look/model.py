"""The look as an object: what it does to color and tone, what it asks of the picture, and where it came from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from twinlens.numerics.look import root_terms
from twinlens.stages.look_map import IDENTITY, LookMap

DAYLIGHT_CCT = 6504.0


@dataclass(frozen=True)
class Light:
    """A look's white-point bias and color transform for one light: `gains` and `transform` act as in LookMap."""

    cct: float
    gains: tuple[float, ...] = (1.0, 1.0, 1.0)
    transform: tuple[tuple[float, ...], ...] = IDENTITY


@dataclass(frozen=True, kw_only=True)
class Finish:
    """What a look asks of the picture as a whole. All 0: nothing."""

    vignette: float = 0.0  # EV at the corner of the uncropped frame, 0 or darker
    acutance: float = 0.0  # strength of output sharpening, 0 to 1
    grain: float = 0.0  # strength of film grain, 0 to 1
    local_tone: float = 0.0  # strength of local tone mapping, 0 to 1

    def scaled(self, strength: float) -> Finish:
        """This finish at a strength; nothing leaves its range."""
        values = {key: getattr(self, key) * strength for key in FINISH_RANGES}
        return Finish(**{key: min(max(values[key], low), high) for key, (low, high) in FINISH_RANGES.items()})


FINISH_RANGES = {"vignette": (-2.0, 0.0), "acutance": (0.0, 1.0), "grain": (0.0, 1.0), "local_tone": (0.0, 1.0)}


@dataclass(frozen=True, kw_only=True)
class Look:
    """A rendering: what `map` does to color and tone, what `finish` does to the picture, where it came from."""

    name: str
    description: str = ""
    reasons: tuple[str, ...] = ()
    map: LookMap = field(default_factory=LookMap)
    lights: tuple[Light, ...] = ()
    finish: Finish = field(default_factory=Finish)
    provenance: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "map", replace(self.map, look=self.name, strength=1.0))

    def map_for(self, cct: float | None = None, strength: float = 1.0) -> LookMap:
        """The stage that renders this look at a strength, under a light of `cct` kelvin (None: daylight, 6504 K)."""
        stage = replace(self.map, strength=strength)
        if not self.lights:
            return stage
        light = _light_at(self.lights, cct or DAYLIGHT_CCT)
        rows = np.asarray(light.transform)
        rows = rows * root_terms(np.array([light.gains]), rows.shape[1])[0]
        return replace(stage, transform=tuple(map(tuple, rows.tolist())))


def _light_at(lights: tuple[Light, ...], cct: float) -> Light:
    """The light at `cct`, interpolated in 1 / CCT between the neighbours; beyond the ends the last one holds."""
    ordered = sorted(lights, key=lambda one: one.cct)
    mired = 1e6 / float(np.clip(cct, ordered[0].cct, ordered[-1].cct))
    warmer = max((one for one in ordered if 1e6 / one.cct >= mired - 1e-9), key=lambda one: one.cct)
    cooler = min((one for one in ordered if 1e6 / one.cct <= mired + 1e-9), key=lambda one: one.cct)
    span = 1e6 / warmer.cct - 1e6 / cooler.cct
    share = (1e6 / warmer.cct - mired) / span if span else 0.0
    gains = (1 - share) * np.asarray(warmer.gains) + share * np.asarray(cooler.gains)
    rows = mixed_transform(warmer.transform, cooler.transform, share)
    return Light(cct, tuple(gains.tolist()), rows)


def mixed_transform(one: Any, other: Any, share: float) -> tuple[tuple[float, ...], ...]:
    """The root-polynomial rows between two; the shorter one has zeros for the terms that it lacks."""
    columns = max(len(one[0]), len(other[0]))
    wide = [np.pad(np.asarray(rows), ((0, 0), (0, columns - len(rows[0])))) for rows in (one, other)]
    return tuple(map(tuple, ((1 - share) * wide[0] + share * wide[1]).tolist()))
