"""Sets, sensors: which sensors took the sets, by profiles that were named or by the raw files among the pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from twinlens.compare.metamerism import variances
from twinlens.compare.model import Role
from twinlens.compare.sets_files import Source, raws
from twinlens.core.errors import TwinlensError
from twinlens.measure.sensors import KnownSensor, of_raw


def sensors_of(sources: Mapping[Role, Source], given: Mapping[Role, KnownSensor]) -> dict[Role, KnownSensor]:
    """The sensor of every set that is known: given, or by the color matrices of the set's first raw file, if it states
    any."""
    found = dict(given)
    if "reference" not in sources:
        return found
    for role, source in sources.items():
        files = raws(source)
        if role in found or not files:
            continue
        try:
            found[role] = of_raw(files[0])
        except TwinlensError:  # a raw file that tells nothing of its sensor leaves the set as it would be without one
            continue
    return found


def metamerism(known: Mapping[Role, KnownSensor]) -> dict[str, Any]:
    """The arguments of `limits.limits` that say what two known sensors cannot help; none where either is not known.

    The sensor beside the reference's is that of after, else that of before.
    """
    own, reference = known.get("after", known.get("before")), known.get("reference")
    if own is None or reference is None:
        return {}
    deviation = np.sqrt(variances(own, reference))
    return {"metamerism": deviation, "origin": f"from {own.origin} and {reference.origin}"}
