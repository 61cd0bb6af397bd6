"""Features: the numbers that a processing is described by, each with unit, block, cause and smallest difference.

Values live in the joint frame of their scene (the mean of the sets, each with the same weight), so that the difference
between two sets of one scene has a meaning and a single value has none, but for those named in `ABSOLUTE`. Ratios are
kept as 100 times their natural logarithm, so that they add up; see `Feature.is_ratio`.
"""

from __future__ import annotations

from twinlens.compare.features.catalog import (
    ABSOLUTE,
    FEATURES,
    HUE_CENTERS_DEG,
    HUE_NAMES,
    INDEX,
    KEYS,
    MEMORY_COLORS,
    by_key,
    is_absolute,
)

__all__ = [
    "ABSOLUTE",
    "FEATURES",
    "HUE_CENTERS_DEG",
    "HUE_NAMES",
    "INDEX",
    "KEYS",
    "MEMORY_COLORS",
    "by_key",
    "is_absolute",
]
