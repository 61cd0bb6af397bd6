"""twinlens: pictures from one camera with the rendering of another.

Everything public is listed here and imported when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "Image": "core.image",
    "Shot": "core.shot",
    "CameraProfile": "core.profile",
    "TwinlensError": "core.errors",
    "read": "files",
    "develop": "pipeline.develop",
    "write": "pipeline.develop",
    "Picture": "pipeline.develop",
    "Preview": "pipeline.preview",
    "Recipe": "pipeline.recipe",
    "Look": "pipeline.look",
    "export": "pipeline.export",
    "inspect": "measure.inspect",
    "repair": "measure.inspect",
}

if TYPE_CHECKING:
    from twinlens.core.errors import TwinlensError
    from twinlens.core.image import Image
    from twinlens.core.profile import CameraProfile
    from twinlens.core.shot import Shot
    from twinlens.files import read
    from twinlens.measure.inspect import inspect, repair
    from twinlens.pipeline.develop import Picture, develop, write
    from twinlens.pipeline.export import export
    from twinlens.pipeline.look import Look
    from twinlens.pipeline.preview import Preview
    from twinlens.pipeline.recipe import Recipe

__all__ = [
    "CameraProfile",
    "Image",
    "Look",
    "Picture",
    "Preview",
    "Recipe",
    "Shot",
    "TwinlensError",
    "__version__",
    "develop",
    "export",
    "inspect",
    "read",
    "repair",
    "write",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'twinlens' has no attribute {name!r}")
    return getattr(importlib.import_module(f"twinlens.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
