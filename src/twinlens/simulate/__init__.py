"""Simulate: pictures whose truth is known.

Scenes are spectral (`scenes`), cameras and makers are documents (`camera`, `maker`), and what is photographed comes as
files with their truth. The names below are those of the commands, and are imported when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

_HOME = {
    "Frame": ("shots.frame", "Frame"),
    "Pair": ("shots.pair", "Pair"),
    "bracket": ("shots.single", "bracket"),
    "burst": ("shots.burst", "burst"),
    "chart": ("shots.single", "chart"),
    "dark": ("shots.single", "dark"),
    "flat": ("shots.single", "flat"),
    "pair": ("shots.pair", "pair"),
    "set": ("shots.experiment", "make_set"),
    "shot": ("shots.single", "shot"),
}

if TYPE_CHECKING:
    from twinlens.simulate.shots.burst import burst
    from twinlens.simulate.shots.experiment import make_set as set
    from twinlens.simulate.shots.frame import Frame
    from twinlens.simulate.shots.pair import Pair, pair
    from twinlens.simulate.shots.single import bracket, chart, dark, flat, shot

__all__ = ["Frame", "Pair", "bracket", "burst", "chart", "dark", "flat", "pair", "set", "shot"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'twinlens.simulate' has no attribute {name!r}")
    module, attribute = _HOME[name]
    return getattr(importlib.import_module(f"twinlens.simulate.{module}"), attribute)
