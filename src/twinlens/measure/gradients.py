"""Gradients: whether a look shows smooth light smoothly: folded cells, greys that fall, bends along smooth ramps.

Everything is measured on what `develop` shows: the compiled shapers and table, and the gamut of the output (sRGB).
Bends are second differences of display codes along straight ramps between random scene colors, 256 steps each. The
same ramps through another rendering (`against`) tell whether a look is rougher than the one it was learned from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.image import SCENE, Image, planar
from twinlens.core.record import record
from twinlens.core.shot import Shot
from twinlens.core.stage import Facts
from twinlens.numerics import color, curve
from twinlens.numerics.look import rec2020
from twinlens.pipeline.look.check import folded_cells
from twinlens.stages.encode import Encode
from twinlens.stages.look_map import DAYLIGHT_CCT, TABLE_SIZE, LookMap, compiled
from twinlens.stages.output_color import OutputColor

Array = npt.NDArray[Any]
Rendering = Callable[[Array], Array]  # scene light (..., 3), linear Rec. 2020, to sRGB codes (..., 3), 0 to 1

RAMPS, STEPS = 200, 256
CLIPPED = (2.0, 253.0)  # codes of 8 bits; a bend where a channel is darker or lighter is one of clipping
GREY_STOPS = (-12.0, 5.0)  # from mid grey
GREY_LEVELS = 100_001
AROUND = 100  # parts of that ramp, 0.17 EV each: a step is compared with those of its own part and the two beside it
ROUGHEST_RATIO = 1.5  # of the second differences (p99) of a look to those of the rendering it was learned from
VISIBLE_BEND = 0.5  # codes of 8 bits: a smaller bend is lost in the rounding to 8 bits
ROUNDING = 0.02  # codes of 16 bits: of float32 near white
LARGEST_STEP_ERROR = 1.0  # codes of 16 bits: how far a step of a grey ramp may be outside those of the look itself


@record(kw_only=True)
class Gradients:
    """What was found along greys and ramps, as developed.

    `folded` of `cells` of the compiled table change the order of colors (up to the curve's white: brighter light is
    clipped); `grey_inversions` steps of a fine grey ramp get darker; `grey_step`: how many codes of 16 bits a step of
    that ramp is outside the steps that the look itself has there, at most. `p99`: second differences along the
    smooth ramps in codes of 8 bits, away from clipping; `reference_p99` of the other rendering there, `ratio` between
    the two; `is_own` when the other rendering is the look itself without tables.
    """

    cells: int
    folded: int
    grey_inversions: int
    grey_step: float
    p99: float
    reference_p99: float
    ratio: float
    is_own: bool = True

    @property
    def passed(self) -> bool:
        """Whether no cell folds, no grey falls, no step of grey jumps, and the bends stay within their limit."""
        return not self.folded and not self.grey_inversions and self.grey_step <= LARGEST_STEP_ERROR and self.is_smooth

    @property
    def is_smooth(self) -> bool:
        """Whether bends stay within `ROUGHEST_RATIO` of another rendering's, or, without one, of what can be seen."""
        return self.p99 <= VISIBLE_BEND if self.is_own else self.ratio <= ROUGHEST_RATIO


def gradients(stage: LookMap, against: Rendering | None = None, *, seed: int = 0) -> Gradients:
    """Measure a look map. Without `against` its bends are compared with those of the look itself, without tables."""
    stage = under_daylight(stage)
    lines = ramps(seed)
    shown = display_codes(stage, lines)
    wanted = analytic_codes(stage, lines) if against is None else np.asarray(against(lines), float)
    own, other = bends(shown * 255, wanted * 255)
    gamut = getattr(stage, "gamut", "open")
    unclipped = (slice(TABLE_SIZE),) * 3
    folded, cells = (0, 0) if stage.is_neutral else folded_cells(compiled(stage).table[unclipped], gamut)
    inversions, step = grey_steps(stage)
    return Gradients(
        cells=cells, folded=folded, grey_inversions=inversions, grey_step=step, p99=own, reference_p99=other,
        ratio=own / max(other, 1e-6), is_own=against is None,
    )  # fmt: skip


def under_daylight(stage: LookMap) -> LookMap:
    """A look that knows several lights under daylight; another one as it is."""
    return replace(stage, cct=DAYLIGHT_CCT) if stage.lights and stage.cct is None else stage


def display(stage: LookMap, scene: Array) -> Array:
    """Display light (..., 3), linear Rec. 2020, of scene light (..., 3) by the compiled look, as `develop` shows it."""
    return _image(stage, scene).pixels.reshape(np.shape(scene)).astype(float)


def display_codes(stage: LookMap, scene: Array) -> Array:
    """sRGB codes 0 to 1 (..., 3), not rounded, of scene light (..., 3), as `develop` shows it."""
    return _encoded(stage, _image(stage, scene)).reshape(np.shape(scene))


def analytic_codes(stage: LookMap, scene: Array) -> Array:
    """`display_codes` without compiled tables: what the look means."""
    light = np.asarray(scene, float)
    shown = _flat(stage.render(light.reshape(-1, 3)))
    return _encoded(stage, shown.with_pixels(shown.pixels, state=OutputColor.accepts)).reshape(light.shape)


def _image(stage: LookMap, scene: Array) -> Image:
    return stage(_flat(np.reshape(scene, (-1, 3))))


def _flat(rgb: Array) -> Image:
    pixels = planar(np.asarray(rgb, np.float32)[None])
    return Image(pixels=pixels, state=SCENE, shot=Shot(), primaries="rec2020")


def _encoded(stage: LookMap, image: Image) -> Array:
    """sRGB codes of display light, its colors brought into sRGB as `develop` does after this look."""
    facts = Facts(shot=image.shot, source=image, arriving=lambda: image, before=(stage,))
    return Encode()(OutputColor().resolve(facts)(image)).pixels.astype(float)


def ramps(seed: int = 0, count: int = RAMPS, steps: int = STEPS) -> Array:
    """Smooth ramps (count, steps, 3) of scene light between random colors of sRGB, even in display code."""
    ends = np.random.default_rng(seed).uniform(0, 1, (2, count, 1, 3))
    share = np.linspace(0, 1, steps)[:, None]
    return color.decode((1 - share) * ends[0] + share * ends[1]) @ color.rgb_from_rgb("rec2020", "srgb").T


def bends(one: Array, other: Array) -> tuple[float, float]:
    """The 99th percentile of second differences along two sets of ramps (count, steps, 3) of codes 0 to 255, both away
    from clipping at the same places."""
    inside = np.ones(one.shape[:2], bool)
    for codes in (one, other):
        inside &= (codes.min(-1) > CLIPPED[0]) & (codes.max(-1) < CLIPPED[1])
    inside = inside[:, :-2] & inside[:, 1:-1] & inside[:, 2:]
    if not inside.any():
        return 0.0, 0.0
    first, second = (float(np.percentile(np.abs(np.diff(codes, 2, axis=1))[inside], 99)) for codes in (one, other))
    return first, second


def grey_steps(stage: LookMap) -> tuple[int, float]:
    """How many steps of a fine grey ramp get darker, and how many codes of 16 bits a step is larger or smaller than all
    of the look's own steps around it, at most: a jump or a flat place that the look does not have.

    A corner of the look (where it clips) may be rounded by tables: its steps lie between those to either side.
    """
    light = curve.MID_GREY * np.exp2(np.linspace(*GREY_STOPS, GREY_LEVELS))
    grey = np.repeat(light[:, None], 3, 1)
    steps = np.diff(color.encode(display(stage, grey)), axis=0) * 65535
    own = (np.diff(color.encode(stage.grey(light)), axis=0) * 65535).reshape(AROUND, -1, 3)
    low, high = own.min(1, keepdims=True), own.max(1, keepdims=True)
    low, high = np.minimum(low, _beside(low, np.minimum)), np.maximum(high, _beside(high, np.maximum))
    parts = steps.reshape(own.shape)
    off = np.maximum(np.maximum(parts - high, low - parts), 0)
    return int((steps.mean(-1) < -ROUNDING).sum()), float(off.max())


def _beside(rows: Array, pick: np.ufunc) -> Array:
    """The smaller or larger of the rows before and after each row."""
    wide = np.pad(rows, ((1, 1), (0, 0), (0, 0)), mode="edge")
    return pick(wide[:-2], wide[2:])


def grey_ramp(stops: int = 10, width: int = 720, height: int = 40) -> Array:
    """Scene light (height, width, 3) of a grey ramp that ends 3 stops over mid grey: smooth above, in steps below."""
    place = np.linspace(3.0 - stops, 3.0, width)
    rows = np.stack([place, np.minimum(np.floor(place) + 0.5, 2.5)])
    light = np.repeat(curve.MID_GREY * np.exp2(rows), height // 2, 0)
    return np.repeat(light[..., None], 3, -1)


SWEEP_LEVELS = ((0.80, 0.08), (0.65, 0.12), (0.50, 0.12), (0.35, 0.08))  # Oklab lightness and chroma


def hue_sweep(width: int = 720, row: int = 18) -> Array:
    """Scene light (rows, width, 3) around the hue circle at four lightnesses of Oklab."""
    angle = np.linspace(0, 2 * np.pi, width)
    levels = [
        np.stack([np.full(width, lightness), chroma * np.cos(angle), chroma * np.sin(angle)], -1)
        for lightness, chroma in SWEEP_LEVELS
    ]
    return np.maximum(np.repeat(rec2020(np.stack(levels)), row, 0), 0)


def shown(stage: LookMap, scene: Array) -> Array:
    """8-bit sRGB (H, W, 3) of scene light (H, W, 3)."""
    return (display_codes(stage, scene) * 255 + 0.5).astype(np.uint8)
