"""Calibrate: photographs of targets, spectra or a file's own tags become what a camera is, in numbers."""

from __future__ import annotations

import importlib
from typing import Any

_HOME = {
    "find_charts": "chart",
    "fit_color_in_uneven_light": "uneven",
    "fit_distortion": "lens",
    "fit_noise": "noise",
    "lens_from_charts": "chart_picture",
    "noise_from_charts": "chart_picture",
    "tone_from_chart": "chart_picture",
    "fit_shading": "shading",
    "fit_tone": "tone",
    "fit_color": "color",
    "fit_color_from_matrices": "color",
    "fit_color_from_sensitivities": "color",
    "ColorFit": "color",
    "match": "camera_match",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'twinlens.calibrate' has no attribute {name!r}")
    return getattr(importlib.import_module(f"twinlens.calibrate.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
