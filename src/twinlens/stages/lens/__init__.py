"""Lens: distortion, lateral chromatic aberration and vignetting undone, by the file, a profile or a lens data base.

Source: Digital Negative Specification 1.7.1, chapter 7 (OpcodeList3; the warps and trims of OpcodeList2 are done
here as well); lensfun's models (lensfun.github.io/manual) by `lensfun.py`. What the file or the data base says is
turned into one kind of numbers when the recipe is resolved, so a recipe replays without either.
"""

from __future__ import annotations

from dataclasses import replace
from math import hypot
from typing import Any, ClassVar, Literal

from twinlens.core.errors import ParameterError
from twinlens.core.image import CAMERA_RGB, Array, Image, Window
from twinlens.core.lens import LensWarp
from twinlens.core.opcodes import AreaOpcode, FixVignetteRadial, Opcode
from twinlens.core.record import record
from twinlens.core.shot import Shot
from twinlens.core.stage import Facts, Stage, param
from twinlens.kernels.gain_map import apply_opcodes, radial_gain
from twinlens.kernels.warp import warp, warp_mask
from twinlens.numerics import lens
from twinlens.numerics.opcode_lists import linear_area, reduced
from twinlens.stages.lens import lensfun

Moves = tuple[lens.Step, ...]
SAME_SHAPE = 0.01  # relative difference of the aspect ratios up to which two frames show the same part of a sensor


@record(kw_only=True)
class Lens(Stage):
    accepts: ClassVar = CAMERA_RGB
    returns: ClassVar = CAMERA_RGB

    correction: Literal["auto", "file", "profile", "lensfun", "none"] = param(
        "auto",
        doc="what corrects the lens: the file, the profile, lensfun's data base, nothing; auto: what is known",
    )
    amount: float = param(1.0, low=0, high=1, doc="how much of the distortion and vignetting is undone")
    chromatic: bool = param(True, doc="undo lateral chromatic aberration (colored edges towards the corners)")
    vignetting: bool = param(True, doc="undo the darkening towards the corners")
    model: str | None = param(
        None, doc="name of the lens in lensfun's data base; none: as the file names it", expert=True
    )
    geometry: tuple[tuple[tuple[float, ...], ...], ...] | None = param(
        None,
        doc="the steps: a warp is 1 or 3 rows (center x, y, k0 to k14, two tangential, valid radii), a trim one row",
        expert=True,
    )
    falloff: tuple[float, ...] | None = param(
        None, doc="lensfun's vignetting: k1, k2, k3, center x, y, radius 1 in half diagonals", expert=True
    )

    @property
    def is_identity(self) -> bool:
        return self.correction == "none"

    def resolve(self, facts: Facts) -> Lens:
        if self.correction == "none" or self.geometry is not None:
            return self
        shot = facts.shot
        measured = facts.profile.warp if facts.profile is not None else None
        if measured is not None and self.correction in ("auto", "profile"):
            step = lens.step_from(_fitting(measured, _full_frame(shot)), _full_frame(shot))
            return replace(self, correction="profile", geometry=(step,) if step else ())
        if self.correction == "profile":
            raise ParameterError("Lens.correction = 'profile', but no profile with a measured lens was given")
        if self.correction in ("auto", "file"):
            steps = _steps(shot, _full_frame(shot))
            if steps or _pointwise(shot):
                return replace(self, correction="file", geometry=tuple(steps))
            if self.correction == "file":
                return replace(self, correction="none")
        found = lensfun.find(shot, self.model, exactly=self.correction == "auto")
        if isinstance(found, str):
            if self.correction == "auto":
                return replace(self, correction="none")
            raise ParameterError(found)
        geometry = () if found.warp is None else (found.warp,)
        return replace(self, correction="lensfun", model=found.name, geometry=geometry, falloff=found.falloff)

    def frame(self, height: int, width: int) -> tuple[int, int]:
        size = (height, width)
        for step in self._geometry:
            size = lens.step_frame(step, size)
        return size

    def source_window(self, target: Window, height: int, width: int) -> Window:
        frames = [(height, width)]
        for step in self._geometry:
            frames.append(lens.step_frame(step, frames[-1]))
        for step, size in zip(reversed(self._geometry), reversed(frames[:-1]), strict=True):
            target = lens.step_window(step, target, size)
        return target

    @property
    def _geometry(self) -> Moves:
        steps = self.geometry or ()
        return tuple(lens.softened(step, self.amount, self.chromatic) for step in steps)

    def __call__(self, image: Image) -> Image:
        if self.is_identity:
            return image
        if self.geometry is None:
            return self._alone(image)
        whole = image.window == Window.whole(*image.window.frame)
        size = self.frame(*image.window.frame)
        if not whole and size != image.window.frame:
            raise ParameterError("the lens stage trims the frame; ask it for a part of the result by `over`")
        return self.over(image, Window.whole(*size) if whole else image.window)

    def _alone(self, image: Image) -> Image:
        return self.resolve(Facts(shot=image.shot, source=image, arriving=lambda: image))(image)

    def over(self, image: Image, target: Window) -> Image:
        parts = self._parts(image)
        frames = [image.window.frame]
        for part in parts:
            frames.append(lens.step_frame(part, frames[-1]) if isinstance(part, tuple) else frames[-1])
        goals = [target]
        for part, size in zip(reversed(parts), reversed(frames[:-1]), strict=True):
            goals.append(lens.step_window(part, goals[-1], size) if isinstance(part, tuple) else goals[-1])
        pixels, mask, window = image.pixels, image.clipped, image.window
        for part, goal in zip(parts, reversed(goals[:-1]), strict=True):
            if isinstance(part, tuple):
                pixels, mask = _moved(part, pixels, mask, window, goal)
                window = goal
            else:
                pixels = part(pixels, window)
        return image.with_pixels(pixels, clipped=mask, window=window).cut(target)

    def _parts(self, image: Image) -> list[_Points | _Falloff | lens.Step]:
        """The steps in their order: warps and trims as resolved, between them the opcodes that change values."""
        geometry = list(self._geometry)
        if self.correction == "profile":
            return [*geometry]
        if self.correction == "lensfun":
            wanted = self.falloff is not None and self.vignetting
            return [_Falloff(self.falloff or (), self.amount), *geometry] if wanted else [*geometry]
        shot, parts, run = image.shot, list[_Points | _Falloff | lens.Step](), list[Opcode]()
        full = _full_frame(shot)

        def flush() -> None:
            if run:
                points = tuple(run) if image.scale == 1 else reduced(tuple(run), full, image.window.frame, None)
                parts.append(_Points(points))
                run.clear()

        for number, opcode in enumerate((*shot.opcodes[1], *shot.opcodes[2])):
            step = lens.step_from(opcode, full)
            if step is not None:
                flush()
                full = lens.step_frame(step, full)
                parts += [geometry.pop(0)] if geometry else []
            elif number >= len(shot.opcodes[1]) and self._wants(opcode):
                run.append(self._softened(opcode))
        flush()
        return [*parts, *geometry]

    def _wants(self, opcode: Opcode) -> bool:
        return isinstance(opcode, AreaOpcode) or (isinstance(opcode, FixVignetteRadial) and self.vignetting)

    def _softened(self, opcode: Opcode) -> Opcode:
        if not isinstance(opcode, FixVignetteRadial) or self.amount == 1:
            return opcode
        k0, k1, k2, k3, k4 = (self.amount * k for k in opcode.coefficients)
        return replace(opcode, coefficients=(k0, k1, k2, k3, k4))


@record
class _Points:
    """Opcodes that change values in place."""

    opcodes: tuple[Opcode, ...]

    def __call__(self, pixels: Array, window: Window) -> Array:
        return apply_opcodes(self.opcodes, pixels, window)


@record
class _Falloff:
    """lensfun's vignetting: k1, k2, k3, center x, y, and the radius that it calls 1 in half diagonals."""

    numbers: tuple[float, ...]
    amount: float

    def __call__(self, pixels: Array, window: Window) -> Array:
        k1, k2, k3, x, y, radius = self.numbers
        half = radius * hypot(window.frame[0] - 1, window.frame[1] - 1) / 2
        terms = [self.amount * k for k in (k1, k2, k3)]
        return radial_gain(pixels, terms, (x, y), window, unit_px=max(half, 1e-6), divides=True)


def _fitting(measured: LensWarp, frame: tuple[int, int]) -> Opcode:
    """The profile's warp for a frame of the same shape: it is relative, so any size of the whole sensor will do."""
    height, width = measured.frame
    if abs(height * frame[1] / (width * frame[0]) - 1) > SAME_SHAPE:
        raise ParameterError(
            f"the profile's lens was measured on frames of {width} x {height}, this picture has {frame[1]} x "
            f"{frame[0]}: another crop of the sensor; set Lens.correction = 'file' or 'none'"
        )
    return measured.opcode()


def _full_frame(shot: Shot) -> tuple[int, int]:
    top, left, bottom, right = linear_area(shot)
    return bottom - top, right - left


def _moved(step: lens.Step, pixels: Array, mask: Array | None, window: Window, goal: Window) -> Any:
    """Pixels and mask of the part `window` after a warp or trim, for the part `goal` of its result."""
    if lens.is_trim(step):
        top, left, _, _ = lens.trim_box(step, window.frame)
        y, x = goal.top + top - window.top, goal.left + left - window.left
        rows, columns = slice(y, y + goal.height), slice(x, x + goal.width)
        return pixels[rows, columns], None if mask is None else mask[rows, columns]
    moves = lens.grid(step, goal)
    first = (goal.top % lens.GRID, goal.left % lens.GRID)
    place = (moves, first, (goal.top - window.top, goal.left - window.left), (goal.height, goal.width))
    return warp(pixels, *place), None if mask is None else warp_mask(mask, *place)


def _steps(shot: Shot, frame: tuple[int, int]) -> list[lens.Step]:
    steps = []
    for opcode in (*shot.opcodes[1], *shot.opcodes[2]):
        step = lens.step_from(opcode, frame)
        if step is not None:
            steps.append(step)
            frame = lens.step_frame(step, frame)
    return [] if all(lens.moves_nothing(step) for step in steps) else steps


def _pointwise(shot: Shot) -> bool:
    return any(isinstance(opcode, AreaOpcode | FixVignetteRadial) for opcode in shot.opcodes[2])
