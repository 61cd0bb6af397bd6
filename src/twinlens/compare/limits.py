"""Limits: what a comparison cannot see past: metamerism of two sensors, and whole sets shot under another condition.

Both are random shifts that all scenes of one set share, so that more scenes do not average them out. Two sensors see
different sets of colors as equal; the part of it that all scenes share moves the reference's colors by a vector e of
expected squared length tr(Sigma), which is taken from squared distances to the reference; it is calculated where both
sensors are known (`metamerism.py`), else a stated prior. A set shot with another module or under another light than the
others is shifted by d ~ N(0, Sigma): the variance of a projection on r grows by r' Sigma r.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare.model import Feature, Role, SensorsFrom
from twinlens.core.errors import ParameterError
from twinlens.core.record import record

Array = npt.NDArray[Any]

# Standard deviations in units of the feature's floor, by block, of what all scenes of a set share. Stated priors,
# measured on the tuning sets of benchmarks/verdict.py: one rendering behind two calibrated sensors (of which only what
# metamerism moves is taken), behind modules of one phone, and under four lights, each balanced. That of modules is
# twice what was measured: three units say little of all, and a unit shifts the features of a block together, which
# independent shifts understate. Of blocks that are not named no shift was measured.
ORIGIN_OF_PRIOR = "a stated prior: one rendering behind two calibrated sensors, on simulated scenes"
METAMERISM = {"white balance": 0.7, "chroma": 1.7, "hue": 2.3}
MODULE = {
    "exposure": 1.7,
    "white balance": 0.2,
    "tone": 0.4,
    "local contrast": 0.2,
    "chroma": 2.3,
    "hue": 2.0,
    "gamut": 2.4,
}
LIGHT = {
    "exposure": 3.9,
    "tone": 0.7,
    "chroma": 3.8,
    "hue": 5.5,
    "gamut": 2.6,
}
CONDITIONS = {"module": MODULE, "light": LIGHT}


@record(kw_only=True, eq=False)
class Limits:
    """Variances (K,), in squared units of the features, of the shift that all scenes of one set share.

    `sensors`: of the reference against the others, by metamerism; `shifts`: of a set that was shot under another
    condition than the others. `kind` and `origin` say what `sensors` comes from, `notes` what a reader should know.
    """

    sensors: Array
    shifts: dict[Role, Array]
    kind: SensorsFrom = "prior"
    origin: str = ""
    notes: tuple[str, ...] = ()

    @property
    def shifted(self) -> bool:
        """Whether some set was shot under another condition than the others."""
        return bool(self.shifts)


def limits(
    features: Iterable[Feature],
    *,
    same_sensor: bool = False,
    differs: dict[Role, str] | None = None,
    metamerism: Array | None = None,
    origin: str = "",
) -> Limits:
    """The limits of sets of these features.

    `same_sensor`: before, after and reference are processings of the same files or of one sensor. `differs` says which
    set was shot with another "module" or under another "light" than the others. `metamerism` (K,): standard deviations
    in the features' units where the sensors are known, instead of the stated prior; `origin` says from what.
    """
    features, notes = tuple(features), []
    if metamerism is not None and np.shape(metamerism) != (len(features),):
        raise ParameterError(f"metamerism: expected {len(features)} values, one a feature, got {np.shape(metamerism)}")
    if same_sensor:
        sensors, kind, told = np.zeros(len(features)), "one sensor", "all sets come from one sensor"
    elif metamerism is not None:
        sensors, kind, told = (
            np.square(np.asarray(metamerism, float)),
            "known sensors",
            origin or "stated by the caller",
        )
        notes.append(f"What two sensors cannot help is calculated: {told}.")
    else:
        sensors, kind, told = _variances(features, METAMERISM), "prior", ORIGIN_OF_PRIOR
        notes.append("What two sensors cannot help is a stated prior; the sensors of these sets are not known.")
    shifts: dict[Role, Array] = {}
    for role, condition in (differs or {}).items():
        if condition not in CONDITIONS:
            raise ParameterError(f"differs[{role!r}]: expected {' or '.join(CONDITIONS)}, found {condition!r}")
        shifts[role] = _variances(features, CONDITIONS[condition])
        notes.append(f"The whole {role} set was shot with another {condition}: intervals are wider by a stated prior.")
    return Limits(sensors=sensors, shifts=shifts, kind=kind, origin=told, notes=tuple(notes))


def _variances(features: tuple[Feature, ...], by_block: dict[str, float]) -> Array:
    return np.array([(by_block.get(one.block, 0.0) * one.floor) ** 2 for one in features])
