"""Stages: the steps of the development, a file each. A new file here is a new stage everywhere."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from twinlens.core.stage import Stage, registry


@cache
def load() -> dict[str, type[Stage]]:
    """Every stage by name; the files of this folder are imported at the first call."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return registry
