"""The look as an object: what it does to color and tone, what it asks of the picture, and where it came from."""

from __future__ import annotations

from dataclasses import field, replace
from typing import Any

from twinlens.core.record import record
from twinlens.stages.look_map import LookMap


@record(kw_only=True)
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


@record(kw_only=True)
class Look:
    """A rendering: what `map` does to color and tone, what `finish` does to the picture, where it came from."""

    name: str
    description: str = ""
    reasons: tuple[str, ...] = ()
    map: LookMap = field(default_factory=LookMap)
    finish: Finish = field(default_factory=Finish)
    provenance: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "map", replace(self.map, look=self.name, strength=1.0))

    def map_for(self, strength: float = 1.0) -> LookMap:
        """The stage that renders this look at a strength, unchecked (`at_strength` checks)."""
        return replace(self.map, strength=strength)
