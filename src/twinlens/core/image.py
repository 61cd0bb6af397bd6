"""Image: pixels and what their numbers mean.

The memory of RGB pixels is planar (one plane after the other) behind a (height, width, 3) view, because the compiled
kernels read whole vectors of one channel.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.core.noise import NoiseModel
from twinlens.core.shot import Cfa, Shot

Array = npt.NDArray[Any]


class State(StrEnum):
    """What the numbers of an image mean, in the order in which a picture passes through them."""

    SENSOR = "sensor"  # counts of the sensor (DN), as stored: mosaic (H, W) or linear (H, W, 3)
    MOSAIC = "mosaic"  # linear, black 0, white 1; one colour a site (H, W); a linear raw is (H, W, 3)
    CAMERA_RGB = "camera_rgb"  # linear, black 0, white 1, three channels of the camera, not white-balanced
    BALANCED = "balanced"  # camera RGB in which a neutral has three equal channels; 1 = the neutral's clipping point
    SCENE = "scene"  # linear Rec. 2020, D65, proportional to scene light; 1 = a neutral's clipping point
    DISPLAY = "display"  # linear Rec. 2020, D65, display light: 0 black, 1 white
    OUTPUT = "output"  # linear display light in the primaries of the output space, inside its gamut
    ENCODED = "encoded"  # display code values 0 to 1 with the transfer curve of `primaries`' space


SENSOR, MOSAIC, CAMERA_RGB, BALANCED = State.SENSOR, State.MOSAIC, State.CAMERA_RGB, State.BALANCED
SCENE, DISPLAY, OUTPUT, ENCODED = State.SCENE, State.DISPLAY, State.OUTPUT, State.ENCODED


@dataclass(frozen=True)
class Window:
    """A part of a frame: rows `top` to `bottom` and columns `left` to `right` (exclusive) of a frame of `frame` (H,
    W).
    """

    top: int
    left: int
    bottom: int
    right: int
    frame: tuple[int, int]

    @classmethod
    def whole(cls, height: int, width: int) -> Window:
        """The window that is all of a frame."""
        return cls(0, 0, height, width, (height, width))

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def width(self) -> int:
        return self.right - self.left

    def grown(self, margin: int) -> Window:
        """This window with `margin` pixels more on every side, as far as the frame goes."""
        height, width = self.frame
        return Window(
            max(self.top - margin, 0),
            max(self.left - margin, 0),
            min(self.bottom + margin, height),
            min(self.right + margin, width),
            self.frame,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Image:
    """Pixels (H, W) or (H, W, 3), what they mean, and the shot that they come from.

    `pixels` are float32 (uint16 is allowed in state SENSOR) and are never written to. `window` says which part of the
    whole frame they are: stages that depend on the position (color filter array, gain map, vignette) read it.
    `clipped` (H, W) uint8 travels from linearize on: in a mosaic 1 where the site was clipped; with three channels bit
    0, 1, 2 for a clipped red, green, blue site in the neighbourhood. `scale` is the size of a pixel's step in pixels of
    the sensor (2.0: half size), so lengths mean the same in preview and full size.
    """

    pixels: Array
    state: State
    shot: Shot
    primaries: str = "camera"
    cfa: Cfa | None = None
    noise: NoiseModel | None = None
    clipped: Array | None = None
    window: Window = None  # type: ignore[assignment]
    scale: float = 1.0

    def __post_init__(self) -> None:
        if self.pixels.ndim not in (2, 3) or (self.pixels.ndim == 3 and self.pixels.shape[2] != 3):
            raise ParameterError(f"an image is (height, width) or (height, width, 3), got {self.pixels.shape}")
        if self.window is None:
            object.__setattr__(self, "window", Window.whole(*self.pixels.shape[:2]))

    def __repr__(self) -> str:
        name = f" of {self.shot.source}" if self.shot.source else ""
        return f"<{type(self).__name__}{name}: {self.width} x {self.height} px, {self.pixels.dtype}, {self.state}>"

    @property
    def height(self) -> int:
        return self.pixels.shape[0]

    @property
    def width(self) -> int:
        return self.pixels.shape[1]

    @property
    def is_mosaic(self) -> bool:
        """One color a site, behind a color filter array."""
        return self.cfa is not None and self.pixels.ndim == 2

    def with_pixels(self, pixels: Array, **changes: Any) -> Image:
        """The next image: these pixels, everything else as here unless named."""
        return replace(self, pixels=pixels, **changes)

    def cut(self, window: Window) -> Image:
        """The part `window` (given in the coordinates of the same frame) of this image; no pixel is copied."""
        if window == self.window:
            return self
        rows = slice(window.top - self.window.top, window.bottom - self.window.top)
        columns = slice(window.left - self.window.left, window.right - self.window.left)
        if (
            rows.start < 0
            or columns.start < 0
            or window.bottom > self.window.bottom
            or window.right > self.window.right
        ):
            raise ParameterError(f"{window} does not lie inside {self.window}")
        clipped = None if self.clipped is None else self.clipped[rows, columns]
        return replace(self, pixels=self.pixels[rows, columns], clipped=clipped, window=window)

    def _repr_png_(self) -> bytes:
        """A notebook shows the image by itself."""
        from twinlens.files.photo import notebook_png

        return notebook_png(self)


def empty_rgb(height: int, width: int, dtype: npt.DTypeLike = np.float32) -> Array:
    """A new (height, width, 3) array whose memory is planar, as the kernels want it."""
    return np.empty((3, height, width), dtype).transpose(1, 2, 0)


def planar(rgb: Array) -> Array:
    """The same (H, W, 3) values in planar memory; the array itself when it is planar already."""
    if rgb.strides[1] == rgb.itemsize:
        return rgb
    return np.ascontiguousarray(rgb.transpose(2, 0, 1)).transpose(1, 2, 0)


def upright(pixels: Array, orientation: int) -> Array:
    """A view of stored pixels (H, W, ...) as they are to be seen; `orientation` is the TIFF tag, 1 to 8."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels


def stored(pixels: Array, orientation: int) -> Array:
    """A view of pixels (H, W, ...) as they are to be seen in the order in which they are stored: undoes `upright`."""
    return upright(pixels, {6: 8, 8: 6}.get(orientation, orientation))
