"""Order: a residual table is calmed where, in other nodes than it was made for, colors would change their order.

A look is checked at nodes that follow its transform; gains put into the transform move them, and a fold that lay
between two nodes shows. There the table's change is blurred, more and more, until nothing is exchanged.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.look import Table, keep_table, table_of
from twinlens.learn.rendering import display_codes
from twinlens.numerics.lut import identity_table
from twinlens.pipeline.look import problems
from twinlens.pipeline.look.check import broken_places
from twinlens.stages.look_map import LookMap

Array = npt.NDArray[Any]

REACH = 0.1  # code about a place, of what is blurred; the first tries take less
BLUR = 0.06  # code
TRIES, TRIES_TO_REACH = 11, 6


def kept(stage: LookMap) -> LookMap:
    """The look map without folds, under each of its lights: its table calmed where there are any, left out where that
    does not help; without the lights, where it is their whites that nothing helps."""
    first = stage
    for attempt in range(TRIES):
        if not stage.table or not problems(stage):
            return stage
        under = [replace(stage, cct=row[0]) for row in stage.lights] or [stage]
        found = [(one, broken_places(one)) for one in under if problems(one)]
        codes = np.concatenate([display_codes(replace(one, table=""), places) for one, places in found])
        if not len(codes):
            break
        stage = replace(stage, table=keep_table(Table(calmed(table_of(stage.table).values, codes, attempt))))
    if not problems(stage):
        return stage
    plain = replace(first, table="")
    return kept(replace(first, lights=())) if first.lights and problems(plain) else plain


def calmed(values: Array, codes: Array, attempt: int = TRIES_TO_REACH) -> Array:
    """A table (N, N, N, 3) [blue, green, red] whose change is blurred near codes (M, 3), and fades, with each attempt
    more, the first ones nearer."""
    from scipy.ndimage import gaussian_filter

    reach, faded = REACH * min((attempt + 2) / TRIES_TO_REACH, 1), attempt / (TRIES - 1)
    size = len(values)
    plain = identity_table(size)
    change = values - plain
    width = BLUR * (size - 1)
    blurred = gaussian_filter(change, (width, width, width, 0), mode="nearest")
    near = np.zeros((size,) * 3)
    for place in np.unique(np.round(np.clip(codes, 0, 1) * (size - 1)), axis=0) / (size - 1):
        near = np.maximum(near, np.exp(-np.square(plain - place).sum(-1) / (2 * reach**2)))
    return (values + near[..., None] * ((1 - faded) * blurred - change)).astype(np.float32)
