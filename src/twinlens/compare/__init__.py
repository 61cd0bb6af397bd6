"""Compare: photographs of two or three devices or processings become a verdict with its evidence."""

from __future__ import annotations

import importlib
from typing import Any

_HOME = {
    "BlindAnswer": "blind",
    "BlindResult": "blind_answers",
    "BlindScore": "blind",
    "Claim": "model",
    "Comparison": "comparison",
    "Feature": "model",
    "FeatureChange": "model",
    "Fingerprints": "model",
    "Verdict": "model",
    "blind_score": "blind",
    "compare": "run",
    "fingerprints": "fingerprint",
    "limits": "limits",
    "score_files": "blind_answers",
    "verdict": "verdict",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'twinlens.compare' has no attribute {name!r}")
    return getattr(importlib.import_module(f"twinlens.compare.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
