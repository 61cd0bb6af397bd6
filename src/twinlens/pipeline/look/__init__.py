"""Look: a rendering as a document that people read and edit: load, save, blend, and check how far it can be driven.

A look is put into a recipe as stages: `Look.map_for` gives the one that renders color and tone, `Look.finish` the
strengths of what belongs to the picture as a whole. Shipped looks are the documents in `twinlens/looks`.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import twinlens
from twinlens.core.errors import DocumentError
from twinlens.pipeline.look.blend import blend
from twinlens.pipeline.look.check import problems, valid_strength
from twinlens.pipeline.look.lights import unseen_light
from twinlens.pipeline.look.model import Finish, Look
from twinlens.pipeline.look.orientation import Orientation, measure, orient
from twinlens.pipeline.look.tables import read_tables, write_tables
from twinlens.pipeline.look.text import dumps, loads, read, save
from twinlens.stages.look_map import LookMap

__all__ = [
    "Finish", "Look", "Orientation", "at_strength", "blend", "dumps", "load", "loads", "measure", "orient", "problems",
    "read", "read_tables", "save", "shipped", "unseen_light", "valid_strength", "write_tables",
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
    import difflib

    close = difflib.get_close_matches(str(name), shipped(), 1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise DocumentError(f"unknown look {str(name)!r}: expected {', '.join(shipped())} or a {SUFFIX} file{hint}")


@lru_cache
def _shipped(name: str) -> Look:
    return read(FOLDER / f"{name}{SUFFIX}")


def at_strength(look: Look, strength: float) -> tuple[LookMap, str]:
    """The stage for a look at a strength, or at the last valid one below it with a note that says so.

    Shipped looks up to strength 1 are not checked here: the tests do.
    """
    if strength <= 1 and look.name in shipped() and look == _shipped(look.name):
        return look.map_for(strength), ""
    valid, note = valid_strength(look.map, strength)
    return look.map_for(valid), note
