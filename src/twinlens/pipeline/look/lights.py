"""Lights: for which lights there is evidence of a look, and what has to be said of a picture in another one."""

from __future__ import annotations

from twinlens.core.learned import learned_from
from twinlens.pipeline.look.model import Look

FAR_MIRED = 60.0  # from the nearest light that a look was seen under


def lights_of(look: Look) -> tuple[float, ...]:
    """Color temperatures (K) that a look was learned under or has numbers for; none of a look written for any light."""
    found = learned_from(look.provenance)
    return tuple(sorted({*(found.lights if found else ()), *(row[0] for row in look.map.lights)}))


def unseen_light(look: Look, cct: float | None) -> str:
    """What has to be said of a picture whose light has this color temperature (K); "" where there is nothing to say."""
    known = lights_of(look)
    if not known or cct is None or min(abs(1e6 / cct - 1e6 / one) for one in known) <= FAR_MIRED:
        return ""
    told = " and ".join(f"{one:.0f} K" for one in known)
    between = known[0] < cct < known[-1]
    how = "what lies between them is interpolated" if between else "no picture has checked its colors there"
    return f"the light is {cct:.0f} K, the look {look.name!r} was seen under {told}: {how}"
