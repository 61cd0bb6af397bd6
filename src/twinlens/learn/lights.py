"""Lights: under which lights a look was seen, and the white that a camera gives to each of them.

Between the lights, and between cameras' profiles, colors of a look hardly differ once white is right (measured:
`benchmarks/learn_lights.py`), so a light has a white of its own and nothing else. Pictures tell it with errors: each
was balanced a little otherwise. How much a light's mean counts against that of all pictures follows from how far the
lights lie apart and how far pictures of one light do (Efron and Morris, "Stein's estimation rule and its competitors",
1973): one picture in other light does not make a cast.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.learn.base import LEAST_SPREAD, WHITE_SPREAD, Base
from twinlens.learn.evidence import Evidence
from twinlens.numerics.root_polynomial import EXPONENTS

Array = npt.NDArray[Any]

LIKE_LIGHTS = 45.0  # mired, between neighbors of a group
PRIOR_PICTURES = 2  # that a first guess of the pictures' errors is worth


def light_groups(evidence: Evidence) -> dict[int, float]:
    """The color temperature of each picture's group of like lights, by picture; pictures of unknown light are left."""
    known = sorted((one.cct, index) for index, one in enumerate(evidence.sources) if one.cct)
    groups: list[list[tuple[float, int]]] = []
    for cct, index in known:
        if groups and 1e6 / groups[-1][-1][0] - 1e6 / cct < LIKE_LIGHTS:
            groups[-1].append((cct, index))
        else:
            groups.append([(cct, index)])
    return {
        index: float(round(1e6 / np.mean([1e6 / cct for cct, _ in group]))) for group in groups for _, index in group
    }


def light_rows(transform: Any, base: Base, groups: dict[int, float], *, handheld: bool) -> tuple[Any, ...]:
    """Rows of LookMap.lights: the transform with each light's own white in it; none where there is only one light."""
    by_light = {cct: [index for index, other in groups.items() if other == cct and index < len(base.whites)]
                for cct in sorted(set(groups.values()))}  # fmt: skip
    by_light = {cct: base.whites[own][:, [0, 2]] for cct, own in by_light.items() if own}
    if len(by_light) < 2:
        return ()
    whites = light_whites(list(by_light.values()), WHITE_SPREAD if handheld else LEAST_SPREAD)
    rows = []
    for cct, (red, blue) in zip(by_light, whites, strict=True):
        factors = np.exp(EXPONENTS @ [red, 0.0, blue])
        rows.append((cct, *(np.asarray(transform) * factors).ravel().tolist()))
    return tuple(rows)


def light_whites(pictures: list[Array], doubt: float) -> Array:
    """The white (lights, 2) of each light, as logarithms of red and blue, from those of its pictures, each (N, 2).

    `doubt` is a first guess of how far the whites of pictures in one light lie apart.
    """
    counts, means = np.array([len(one) for one in pictures]), np.array([one.mean(0) for one in pictures])
    apart = sum(float(np.mean(np.sum((one - one.mean(0)) ** 2, 0))) for one in pictures)
    variance = (apart + PRIOR_PICTURES * doubt**2) / (float(np.sum(counts - 1)) + PRIOR_PICTURES) / counts
    of_lights = max(float(np.mean(np.mean(means**2, 1) - variance)), 0.0)
    return means * (of_lights / (of_lights + variance))[:, None]


def seen_under(groups: dict[int, float]) -> str:
    """In a sentence, for which lights there is evidence; "" where no picture tells its light."""
    lights = sorted(set(groups.values()))
    if not lights:
        return ""
    counts = [sum(one == light for one in groups.values()) for light in lights]
    told = [f"{light:.0f} K ({count} picture{'s' * (count > 1)})" for light, count in zip(lights, counts, strict=True)]
    return f"seen under {' and '.join(told)}; other lights are not measured"
