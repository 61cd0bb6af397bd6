"""System: which kernels answer, on what machine, with which libraries."""

from __future__ import annotations

import importlib.metadata
import platform
from typing import Any

import twinlens
from twinlens.kernels import library
from twinlens.pipeline.plan import default_threads

NEEDED = (
    "numpy",
    "tifffile",
    "imagecodecs",
    "rawpy",
    "pillow",
    "pillow-heif",
    "opencv-python-headless",
    "scipy",
    "click",
    "rich",
)
EXTRAS = {"lens": "lensfunpy", "report": "matplotlib", "science": "colour-science"}


def version_of(package: str) -> str | None:
    """The installed version of a package, None when it is not there."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def system_report() -> dict[str, Any]:
    """twinlens, Python, machine, kernels (`implementation` is "halide" or "numpy"), threads, libraries, extras."""
    return {
        "twinlens": twinlens.__version__,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "threads": default_threads(),
        "kernels": library.status(),
        "libraries": {name: version_of(name) for name in NEEDED},
        "extras": {extra: version_of(package) for extra, package in EXTRAS.items()},
    }
