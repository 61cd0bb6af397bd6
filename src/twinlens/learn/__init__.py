"""Learn: photographs of a reference camera become a look."""

from __future__ import annotations

import importlib
from typing import Any

_HOME = {
    "ColorMap": "color_map",
    "ColorMapFit": "color_map",
    "Evidence": "evidence",
    "LookFit": "look_result",
    "Source": "evidence",
    "fit_color_map": "color_map",
    "fit_look": "look_fit",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'twinlens.learn' has no attribute {name!r}")
    return getattr(importlib.import_module(f"twinlens.learn.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
