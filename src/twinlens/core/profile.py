"""Camera profile: what one lens-and-sensor module is, in plain numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from twinlens.core.camera_color import CameraColor
from twinlens.core.noise import NoiseModel


@dataclass(frozen=True, kw_only=True, eq=False)
class CameraProfile:
    """Color, noise and where they came from. `noise` by ISO; `provenance` as in the document."""

    name: str
    make: str = ""
    model: str = ""
    unique_camera_model: str = ""
    lens: str = ""
    color: CameraColor = field(default_factory=CameraColor)
    noise: dict[float, NoiseModel] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
