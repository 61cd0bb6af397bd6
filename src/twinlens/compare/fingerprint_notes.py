"""Fingerprint, notes: what the sets can and cannot answer, said at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare.fingerprint_scene import Measured
from twinlens.compare.sets import Sets

Array = npt.NDArray[Any]

ONE_SIDED, TWO_SIDED = 5, 6  # scenes that a p-value under 0.05 needs (2^-5 and 2 * 2^-6)
_BRIGHT_EV, _DIM_EV = 10.5, 6.0  # exposure values at ISO 100 of daylight, and of rooms; darker is night
_OTHER_LIGHT_EV = 1.5


def notes(found: Sets, kept: Sequence[Measured]) -> Iterator[str]:
    """Sentences on what follows from the number of scenes and repeats, and from the light."""
    both = [one for one in kept if {"before", "after"} <= {shot.role for shot in one.pictures}]
    if not both:
        yield (
            "before and after share no scene: what each set is can be told, but not what changed between them; "
            "photograph the same scenes with both"
        )
    elif len(both) < TWO_SIDED:
        needed = "no p-value can fall under 0.05" if len(both) < ONE_SIDED else "a two-sided p-value cannot"
        yield f"before and after share {_scenes(len(both))}: {needed} (five are needed one-sided, six two-sided)"
    if "reference" in found.roles and kept:
        count = sum("reference" in {shot.role for shot in one.pictures} for one in both)
        if count < len(both):
            yield f"the reference shows {count} of the {len(both)} scenes that before and after share"
    if kept and not any(_has_repeats(one) for one in kept):
        yield "no scene was photographed twice by a set: the spread from shot to shot is not known"
    yield from _lights(found, both)
    without = [one.name for one in kept if not one.frame.has_grey]
    if without:
        yield (
            f"nothing grey in {', '.join(without)}: white balance is not measured there, and what it does to colors is "
            "not told apart from their rendering"
        )


def _scenes(count: int) -> str:
    return "one scene" if count == 1 else f"{count} scenes"


def _has_repeats(one: Measured) -> bool:
    roles = [shot.role for shot in one.pictures]
    return len(roles) > len(set(roles))


def _lights(found: Sets, both: Sequence[Measured]) -> Iterator[str]:
    """Scenes that were exposed for other amounts of light by before and after."""
    for one in both:
        bright = {role: [shot.brightness for shot in one.pictures if shot.role == role] for role in found.roles}
        means = [float(np.mean(bright[role])) for role in ("before", "after")]
        if abs(means[1] - means[0]) > _OTHER_LIGHT_EV:
            yield (
                f"scene {one.name}: by its exposure, after saw {abs(means[1] - means[0]):.1f} EV "
                f"{'more' if means[1] > means[0] else 'less'} light than before; it may have been lit otherwise"
            )


def lights(kept: Sequence[Measured]) -> Array:
    """Index (N,) of the light of each scene: 0 unknown, 1 daylight, 2 rooms, 3 night, by the cameras' exposure."""
    found = []
    for one in kept:
        known = [shot.brightness for shot in one.pictures if np.isfinite(shot.brightness)]
        middle = float(np.median(known)) if known else float("nan")
        found.append(0 if not known else 1 if middle > _BRIGHT_EV else 2 if middle > _DIM_EV else 3)
    return np.array(found, int)
