"""Camera: invented or measured cameras as documents (`format = "camera/1"`), shipped ones in `twinlens/cameras`."""

from __future__ import annotations

import difflib
from functools import lru_cache
from pathlib import Path

import twinlens
from twinlens.core.errors import DocumentError
from twinlens.simulate.camera.lens import Lens
from twinlens.simulate.camera.model import Camera, Module, Spread, Stated
from twinlens.simulate.camera.sensor import Sensor
from twinlens.simulate.camera.text import loads, read

__all__ = ["Camera", "Lens", "Module", "Sensor", "Spread", "Stated", "load", "loads", "read", "shipped"]

FOLDER = Path(twinlens.__file__).parent / "cameras"
SUFFIX = ".toml"


def shipped() -> list[str]:
    """The names of the cameras that come with the program."""
    return sorted(path.stem for path in FOLDER.glob(f"*{SUFFIX}"))


def load(name: str | Path) -> Camera:
    """The shipped camera of this name, or the camera in a .toml file; DocumentError says what is wrong with it."""
    path = Path(name)
    if path.suffix == SUFFIX:
        return read(path)
    if str(name) in shipped():
        return _shipped(str(name))
    close = difflib.get_close_matches(str(name), shipped(), 1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise DocumentError(f"unknown camera {str(name)!r}: expected {', '.join(shipped())} or a {SUFFIX} file{hint}")


@lru_cache
def _shipped(name: str) -> Camera:
    return read(FOLDER / f"{name}{SUFFIX}")
