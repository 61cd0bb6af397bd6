"""Look: a rendering as a document that people read and edit: load, save, blend, and check how far it can be driven.

A look is put into a recipe as stages: `Look.map_for` gives the one that renders color and tone, `Look.finish` the
strengths of what belongs to the picture as a whole. Shipped looks are the documents in `twinlens/looks`.
"""

from __future__ import annotations

import difflib
from functools import lru_cache
from pathlib import Path

import twinlens
from twinlens.core.errors import DocumentError
from twinlens.pipeline.look.blend import blend
from twinlens.pipeline.look.check import problems, valid_strength
from twinlens.pipeline.look.model import Finish, Light, Look
from twinlens.pipeline.look.text import dumps, loads, read, save

__all__ = [
    "Finish", "Light", "Look", "blend", "dumps", "load", "loads", "problems", "read", "save", "shipped",
    "valid_strength",
]  # fmt: skip

FOLDER = Path(twinlens.__file__).parent / "looks"
SUFFIX = ".toml"


def shipped() -> list[str]:
    """The names of the looks that come with the program, neutral first."""
    names = sorted(path.stem for path in FOLDER.glob(f"*{SUFFIX}"))
    return sorted(names, key=lambda name: name != "neutral")


def load(name: str | Path) -> Look:
    """The shipped look of this name, or the look in a .toml file; DocumentError says what is wrong with it."""
    path = Path(name)
    if path.suffix == SUFFIX:
        return read(path)
    if str(name) in shipped():
        return _shipped(str(name))
    close = difflib.get_close_matches(str(name), shipped(), 1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise DocumentError(f"unknown look {str(name)!r}: expected {', '.join(shipped())} or a {SUFFIX} file{hint}")


@lru_cache
def _shipped(name: str) -> Look:
    return read(FOLDER / f"{name}{SUFFIX}")
