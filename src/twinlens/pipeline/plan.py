"""Plan: runs a resolved recipe over an image, tile by tile, without an intermediate of full size.

Each tile of the result asks the stages, last to first, which window they need, and runs through them first to last
while it stays in the processor's cache; two tiles run at once. Every tile is computed in the same way whatever the
number of threads, so the bytes do not depend on it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.core.image import ENCODED, MOSAIC, SENSOR, Image, Window, empty_rgb, planar, upright
from twinlens.kernels import encode as encode_kernel
from twinlens.kernels import output_color as output_kernel
from twinlens.kernels.matrix import matrix
from twinlens.kernels.memory import Reserved, keep_freed_memory
from twinlens.pipeline.steps import Step, prepare
from twinlens.stages.frame import Orient

Array = npt.NDArray[Any]
TILE = (768, 2048)  # rows, columns at most that share one pass over the mosaic
FEWEST_TILES, LEAST_ROWS = 4, 128  # so that a small picture, too, is shared out
STRIP = 1 << 19  # pixels of a tile that go through the stages with three channels together: 6 MB of float32 RGB


def default_threads() -> int:
    """As many as the processors this process may use; TWINLENS_THREADS changes it."""
    told = os.environ.get("TWINLENS_THREADS", "")
    if told:
        if not told.isdigit() or int(told) < 1:
            raise ParameterError(f"TWINLENS_THREADS = {told!r}: a number of 1 or more is wanted")
        return int(told)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Parts(Protocol):
    """An image, or what makes one part by part."""

    @property
    def window(self) -> Window: ...
    def cut(self, window: Window) -> Image: ...


def run_tile(made: tuple[Step, ...], image: Parts, target: Window) -> Image:
    """The part `target` of the last step's result."""
    windows = _windows(made, target)
    part = image.cut(windows[0])
    pending: Array | None = None  # a matrix that the pixels still have to go through
    for step, window in zip(made, windows[1:], strict=True):
        mixing = step.stage.mixing if step.work is step.stage else None
        if mixing is not None:
            pending = mixing if pending is None else mixing @ pending
            part = step.stage.relabelled(part)
            continue
        if pending is not None:
            if step.is_idle(part):
                part = part.cut(window)
                continue
            joined = step.after_mixing(pending)
            if joined is not None:
                part, pending = joined(part).cut(window), None
                continue
            part, pending = _mixed(part, pending), None
        part = step.over(part, window)
    return part if pending is None else _mixed(part, pending)


def _mixed(image: Image, coefficients: Array) -> Image:
    return image.with_pixels(matrix(image.pixels, coefficients))


def _windows(made: tuple[Step, ...], target: Window) -> list[Window]:
    """Which part of the frame each step needs for the part `target` of the last one's result, and `target`."""
    windows = [target]
    for step in reversed(made):
        windows.append(step.stage.source_window(windows[-1], *step.arriving))
    return windows[::-1]


def tiles(frame: tuple[int, int], size: tuple[int, int] | None = None) -> Iterator[Window]:
    """Windows of one size (the last ones smaller) that cover a frame; they depend on the frame alone.

    Where no size is told, the last row of them is halved, so that no processor waits long for the last one.
    """
    height, width = frame
    rows, columns = size or _tile_size(height, width)
    tops = list(range(0, height, rows))
    if size is None and height - tops[-1] >= 2 * LEAST_ROWS:
        tops.append((tops[-1] + height) // 2)
    for top, bottom in zip(tops, [*tops[1:], height], strict=True):
        for left in range(0, width, columns):
            yield Window(top, left, bottom, min(left + columns, width), frame)


def _tile_size(height: int, width: int) -> tuple[int, int]:
    across = -(-width // TILE[1])
    down = max(-(-height // TILE[0]), min(FEWEST_TILES // across, -(-height // LEAST_ROWS)))
    return -(-height // down), -(-width // across)


def run(
    made: tuple[Step, ...],
    image: Parts,
    *,
    bits: int | None = None,
    threads: int | None = None,
    tile: tuple[int, int] | None = None,
    progress: Callable[[float], None] | None = None,
    memory: Reserved | None = None,
) -> Image:
    """Run the steps over the whole image.

    `bits` 8 or 16 gives code values of an ENCODED result as uint8 or uint16 (H, W, 3) in interleaved memory; None gives
    float32 in planar memory. `progress` is told the finished share, 0 to 1. `memory` may be given for code values.
    """
    if not made:
        return image.cut(image.window)
    keep_freed_memory()
    height, width = made[-1].stage.frame(*made[-1].arriving)
    if bits is None:
        out: Array = empty_rgb(height, width)
    else:
        if made[-1].stage.returns is not ENCODED:
            raise ParameterError(f"only an encoded picture has {bits} bits, this one ends as {made[-1].stage.returns}")
        shape, kind = (height, width, 3), np.uint8 if bits == 8 else np.uint16
        out = np.empty(shape, kind) if memory is None else memory.array(shape, kind)
    finish = _finish(made, bits)
    pieces = list(tiles((height, width), tile))
    last: list[Image] = []

    def work(target: Window) -> None:
        last[:] = [finish(image, target, out)]

    _spread(work, pieces, threads or default_threads(), progress, partial(prepare, made))
    end = last[0]
    return end.with_pixels(out, clipped=None, window=Window.whole(height, width))


def _spread(
    work: Callable[[Window], None],
    pieces: list[Window],
    threads: int,
    progress: Callable[[float], None] | None,
    before: Callable[[], None],
) -> None:
    """The work on all pieces, by so many threads; one of them does what has to be done `before` while others begin."""
    if threads == 1:
        for done, piece in enumerate(pieces, 1):
            work(piece)
            if progress:
                progress(done / len(pieces))
        return
    with ThreadPoolExecutor(threads) as pool:
        try:
            pool.submit(before)
            for done, _ in enumerate(pool.map(work, pieces), 1):
                if progress:
                    progress(done / len(pieces))
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


Finish = Callable[[Parts, Window, Array], Image]
_BACK = {6: 8, 8: 6}  # orientations that are not their own inverse


def _finish(made: tuple[Step, ...], bits: int | None) -> Finish:
    """How one tile is computed and put into the result.

    Code values are written by the encoding kernel straight into the result's memory, turned upright on the way; where
    the gamut mapping comes just before, both are one kernel.
    """
    if bits is None:
        return lambda image, target, out: _store(made, image, target, out)
    orient = made[-1] if isinstance(made[-1].stage, Orient) else None
    inner = made[:-1] if orient else made
    encode: Any = inner[-1].stage
    inner = inner[:-1]
    mapping: Any = inner[-1].stage if inner and inner[-1].stage.name() == "output_color" else None
    inner = inner[:-1] if mapping else inner
    value = made[-1].stage.value if isinstance(made[-1].stage, Orient) else 1
    back = _BACK.get(value, value)

    mosaic, rest = _split(inner)

    def finish(image: Parts, target: Window, out: Array) -> Image:
        window = orient.stage.source_window(target, *orient.arriving) if orient else target
        sites = run_tile(mosaic, image, _windows(rest, window)[0])
        codes = upright(out[target.top : target.bottom, target.left : target.right], back)
        part = sites
        rows = max(STRIP // window.width, 1)
        for first in range(window.top, window.bottom, rows):
            strip = replace(window, top=first, bottom=min(first + rows, window.bottom))
            part = write(run_tile(rest, sites, strip), strip, codes[first - window.top :][: strip.height])
        return part

    def write(part: Image, window: Window, codes: Array) -> Image:
        place = {"dither": encode.dither, "top": window.top, "left": window.left}
        if mapping:
            output_kernel.finish(planar(part.pixels), mapping.space, bits, codes, knee=mapping.knee, **place)
            return part.with_pixels(part.pixels, state=ENCODED, primaries=mapping.space)
        encode_kernel.quantize(planar(part.pixels), part.primaries, bits, codes, **place)
        return part.with_pixels(part.pixels, state=ENCODED)

    return finish


def _split(made: tuple[Step, ...]) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """The steps on the mosaic, and the rest."""
    count = sum(step.stage.accepts in (SENSOR, MOSAIC) for step in made)
    return made[:count], made[count:]


def _store(made: tuple[Step, ...], image: Parts, target: Window, out: Array) -> Image:
    part = run_tile(made, image, target)
    pixels = part.pixels if part.pixels.ndim == 3 else part.pixels[..., None]
    out[target.top : target.bottom, target.left : target.right] = pixels
    return part
