"""Maker: an invented maker's rendering of a raw picture, made on purpose in another way than twinlens develops.

It shares no code with the program's own stages, kernels and looks, and is not of the form that `learn` fits, so that
what is learned from it is not learned from itself. `color` is the part that is one map of colors, the truth of a look;
`render` is the whole picture with what cameras do besides. Documents are TOML, `format = "maker/1"`.
"""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import twinlens
from twinlens.core.errors import DocumentError, ParameterError
from twinlens.core.image import Image, upright
from twinlens.simulate.maker.model import Parameters

Array = npt.NDArray[Any]

FOLDER = Path(twinlens.__file__).parent / "makers"
_SUFFIX, _RANDOM = ".toml", "random"


@dataclass(frozen=True)
class Maker:
    """A rendering that is ready for use."""

    parameters: Parameters

    @property
    def name(self) -> str:
        return self.parameters.name

    @property
    def has_local_tone(self) -> bool:
        """Whether the picture depends on more than each place's own color: then `color` is not the whole truth."""
        return self.parameters.local_tone.strength > 0

    def color(self, scene: Array) -> Array:
        """sRGB codes 0 to 1 (..., 3), float64, that scene light is shown as: linear Rec. 2020 (..., 3), 0.18 mid grey.

        Tone, color and the cut at the gamut; nothing that depends on the neighbourhood.
        """
        from twinlens.simulate.maker import table

        scene = np.asarray(scene)
        if scene.shape[-1:] != (3,):
            raise ParameterError(f"scene light has three channels, (..., 3); got {scene.shape}")
        return table.read(scene, self.parameters)

    def render(self, picture: Image | Array, *, upright_view: bool = True) -> Array:
        """The maker's picture (H, W, 3) uint8 sRGB of a raw image (state SENSOR), or of scene light (H, W, 3) in linear
        Rec. 2020.

        A raw image is cut to its default crop, and turned upright unless `upright_view` is False.
        """
        from twinlens.simulate.maker import detail
        from twinlens.simulate.maker import picture as rendering

        if isinstance(picture, Image):
            codes = rendering.of_raw(picture, self.parameters)
        else:
            codes = rendering.of_light(np.ascontiguousarray(picture, np.float32), self.parameters)
        codes = detail.finished(codes, self.parameters.detail)
        if upright_view and isinstance(picture, Image):
            return np.ascontiguousarray(upright(codes, picture.shot.orientation))
        return codes


def names() -> list[str]:
    """The makers that come with the program."""
    return sorted(path.stem for path in FOLDER.glob(f"*{_SUFFIX}"))


def load(name: str | os.PathLike[str]) -> Maker:
    """The maker of this name, of a .toml file, or "random:7" for the random one of seed 7."""
    from twinlens.simulate.maker import text

    told = os.fspath(name)
    if told.endswith(_SUFFIX):
        return Maker(text.read(Path(told)))
    family, _, seed = told.partition(":")
    if family == _RANDOM and seed.isdecimal():
        return random(int(seed))
    if told in names():
        return _bundled(told)
    close = difflib.get_close_matches(told, names(), 1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise DocumentError(
        f"unknown maker {told!r}: expected {', '.join(names())}, {_RANDOM}:SEED or a {_SUFFIX} file{hint}"
    )


@lru_cache
def _bundled(name: str) -> Maker:
    from twinlens.simulate.maker import text

    return Maker(text.read(FOLDER / f"{name}{_SUFFIX}"))


def random(seed: int, strength: float = 1.0) -> Maker:
    """A rendering drawn by chance: 0 leaves little but a plain curve, 1 is as strong as makers are."""
    from twinlens.simulate.maker.chance import parameters

    return Maker(parameters(seed, strength))
