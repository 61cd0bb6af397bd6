"""Learn: photographs of a reference camera become a look."""

from __future__ import annotations

import importlib
from typing import Any

_HOME = {
    "ColorMap": "color_map",
    "ColorMapFit": "color_map",
    "Evidence": "evidence",
    "Learned": "learning",
    "LookFit": "look_result",
    "Source": "evidence",
    "evidence_of": "learning",
    "fit_color_map": "color_map",
    "fit_look": "look_fit",
    "learn": "learning",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'twinlens.learn' has no attribute {name!r}")
    return getattr(importlib.import_module(f"twinlens.learn.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
