"""Stage: frozen parameters plus the maths that turns one image into the next."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar, Self

from twinlens.core.errors import DocumentError
from twinlens.core.image import Array, Image, State, Window
from twinlens.core.parameters import Parameters
from twinlens.core.parameters import param as param
from twinlens.core.profile import CameraProfile
from twinlens.core.record import record
from twinlens.core.shot import Shot


@record
class Facts:
    """What a stage may look at when its automatic values become numbers, before any pixel is developed.

    `source` is the whole image as read. `arriving()` is the picture at reduced size (some 500 pixels) as it will arrive
    at this stage, made with the stages before it as resolved; it is made at the first call.
    `before` are the stages ahead of this one, resolved.
    """

    shot: Shot
    source: Image
    arriving: Callable[[], Image]
    profile: CameraProfile | None = None
    before: tuple[Stage, ...] = ()


@record(kw_only=True)
class Stage(Parameters):
    """One step of the development. Subclasses are frozen dataclasses whose fields are made with `param`.

    A stage does not look at files, profiles or clocks. `__call__` must work on a part of a frame (`image.window`):
    it returns as many pixels as it got, and those nearer than `margin` to an edge that is not the frame's own edge may
    be wrong. At the frame's own edges it continues the picture by reflection (no repeat of the edge pixel, which keeps
    a mosaic's phase).
    """

    accepts: ClassVar[State]
    returns: ClassVar[State]
    version: ClassVar[int] = 1
    needs_scan: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "accepts" in cls.__dict__:
            registry[cls.name()] = cls

    @classmethod
    @cache
    def name(cls) -> str:
        """The name in recipes and on the command line: `WhiteBalance` is `white_balance`."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()

    @property
    def margin(self) -> int:
        """How many pixels around a place its result depends on, in pixels of the arriving image."""
        return 0

    @property
    def is_identity(self) -> bool:
        """Whether the stage leaves every image as it is (the plan leaves it out)."""
        return False

    @property
    def mixing(self) -> Array | None:
        """The 3x3 matrix that is all this stage does to pixels, or None. The plan joins such neighbours into one
        pass.
        """
        return None

    def relabelled(self, image: Image) -> Image:
        """For a stage with `mixing`: the image as the stage leaves it, its pixels apart (state, primaries, noise)."""
        return image

    def prepare(self) -> None:
        """Make what the stage keeps from picture to picture (a table, say), ahead of the first pixel."""

    def after_mixing(self, mixing: Array) -> Callable[[Image], Image] | None:
        """For a stage whose kernel takes a 3x3 matrix along: the function that mixes the channels and does the
        stage.
        """
        return None

    def resolve(self, facts: Facts) -> Self:
        """This stage with every automatic value (None, "auto") replaced by a number."""
        return self

    def bind(self, scan: Image) -> Callable[[Image], Image]:
        """For a stage with `needs_scan`: the function to run on parts, prepared from the whole picture at reduced
        size.
        """
        return self

    def __call__(self, image: Image) -> Image:
        raise NotImplementedError(f"{type(self).__name__} has no maths")

    def frame(self, height: int, width: int) -> tuple[int, int]:
        """The size (height, width) of the result's frame for an arriving frame of this size."""
        return height, width

    def source_window(self, target: Window, height: int, width: int) -> Window:
        """Which part of the arriving frame (height, width) is needed for the part `target` of the result."""
        return target.grown(self.margin)

    def over(self, image: Image, target: Window) -> Image:
        """The part `target` of the result; `image` is at least `source_window(target)` of the arriving frame."""
        return self(image).cut(target)

    @classmethod
    def upgrade(cls, version: int, values: dict[str, Any]) -> dict[str, Any]:
        """Values written by an older `version`, in today's meaning."""
        return values


registry: dict[str, type[Stage]] = {}


def stage_from(name: str, values: dict[str, Any], version: int | None = None) -> Stage:
    """The stage called `name` with these values; unknown names and keys are errors."""
    if name not in registry:
        raise DocumentError(f"unknown stage {name!r}; known are {', '.join(sorted(registry))}")
    cls = registry[name]
    if version is not None and version > cls.version:
        raise DocumentError(
            f"stage {name} version {version} is newer than this program's {cls.version}: update twinlens"
        )
    if version is not None and version < cls.version:
        values = cls.upgrade(version, values)
    known = {item.name for item in dataclasses.fields(cls)}
    if unknown := set(values) - known:
        raise DocumentError(f"stage {name} has no {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}")
    return cls(**values)
