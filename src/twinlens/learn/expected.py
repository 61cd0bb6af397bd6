"""Expected: what bases usually leave over, as fields over display codes: they go on where no color was seen.

Learned from a collection of invented makers (`tools/make_expected.py`): what a base that was fitted to a few pictures
leaves over all colors, reduced to its principal fields. Each is scaled by how much of it is expected.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

DATA = Path(__file__).with_name("expected.npz")


@lru_cache(maxsize=1)
def on_lattice() -> Array:
    """The fields as coefficients (3, SIZE^3, F) of the spline of `field`, in units of what is expected of them."""
    with np.load(DATA) as stored:
        return np.ascontiguousarray(stored["fields"].astype(float).transpose(2, 1, 0))
