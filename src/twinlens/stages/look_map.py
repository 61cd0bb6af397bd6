"""Look map: scene light to display light, the way a look renders it: tone curve and color map in one.

In this order: exposure and a root-polynomial in scene light; in the process space, strong colors brought nearer to grey
and a tone curve per channel; the scene's hue and saturation given back in part; a residual table over the display
result; controls of hue, chroma, lightness in Oklab; what is left outside 0 to 1 brought inside with its hue kept, or
cut channel by channel in a `gamut`. Without any of these it is *neutral*: the scene's light itself. `strength` scales
every part: 0 is neutral, 1 the look. For the pixels all is one compiled table.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.core.image import DISPLAY, SCENE, Image
from twinlens.core.look import IDENTITY, PLAIN_SECTOR, Table, check_numbers, table_name, table_of
from twinlens.core.record import record
from twinlens.core.stage import Facts, Stage, param
from twinlens.kernels import look as kernels
from twinlens.kernels import vignette
from twinlens.numerics import color, curve, look, lut
from twinlens.numerics.temperature import temperature_from_xy

Array = npt.NDArray[Any]

DAYLIGHT_CCT = 6504.0
TABLE_SIZE, TABLE_OVER = 33, 4
COMPRESSIONS = (-0.9, 8.0)  # between which colors keep their order
FINE_STEPS = 128  # a side, at which a residual table is read, straight between them: cubics through its nodes
NEAR_BLACK = 2e-5  # scene light up to which a curve counts as straight
LEAST_SLOPE = 0.05  # display light by light below 0, where a lifted black is flat
_building = threading.Lock()


@record(kw_only=True)
class LookMap(Stage):
    accepts: ClassVar = SCENE
    returns: ClassVar = DISPLAY

    look: str = param("neutral", doc="the name of the look that these numbers come from")
    strength: float = param(1.0, low=0, high=2, doc="0 = neutral, 1 = the look")
    exposure: float = param(0.0, unit="EV", low=-4, high=4, doc="brightness of the look, in scene light")
    transform: tuple[tuple[float, ...], ...] = param(
        IDENTITY, doc="3 rows of 3, 6 or 13 root-polynomial terms, in scene light", expert=True
    )
    lights: tuple[tuple[float, ...], ...] = param(
        (), doc="rows of a color temperature and the 9, 18 or 39 numbers of `transform` under that light", expert=True
    )
    cct: float | None = param(
        None, unit="K", low=1000, high=100_000, doc="color temperature that chooses among `lights`", expert=True
    )
    space: Literal["rec2020", "srgb", "p3", "adobe", "prophoto"] = param(
        "rec2020", doc="primaries in which the tone curve works", expert=True
    )
    compression: float = param(
        0.0, low=-0.6, high=4, doc="how much strong colors are brought nearer to grey before the tone curve"
    )
    curve: Literal["none", "film", "nodes"] = param("none", doc="the kind of tone curve")
    middle: float = param(0.18, low=0.05, high=0.5, doc="film: display light (linear) of mid grey")
    contrast: float = param(1.0, unit="stops/stop", low=0.5, high=3, doc="film: slope at mid grey")
    toe: float = param(
        1.0, unit="stops/stop", low=0.4, high=3, doc="film: slope of the deep shadows; below 1 lifts them"
    )
    white: float = param(3.5, unit="EV", low=1.5, high=6, doc="film: stops above mid grey that become white")
    nodes: tuple[tuple[float, ...], ...] = param(
        (), doc="nodes: a row of stops from mid grey, then one row, or three, of display code values (sRGB curve)"
    )
    keep_hue: float = param(0.0, low=0, high=1, doc="how much of the scene's hue survives the tone curve")
    keep_saturation: float = param(0.0, low=0, high=1, doc="how much of the scene's saturation survives the tone curve")
    saturation: float = param(1.0, low=0, high=2, doc="factor of chroma")
    skin: float = param(0.0, low=0, high=1, doc="how far skin is spared by the color controls")
    sectors: tuple[tuple[float, ...], ...] = param(
        (PLAIN_SECTOR,) * 12, doc="12 hues: shift in degrees, chroma, lightness, chroma of light colors", expert=True
    )
    gamut: Literal["open", "srgb", "p3", "adobe", "rec2020", "prophoto"] = param(
        "open",
        doc="primaries of the residual table, in which the result is cut channel by channel as cameras do; open: Rec. "
        "2020, and the hue is kept",
        expert=True,
    )
    table: str = param(
        "", doc="hash of the residual table over display code values (sRGB curve, primaries of `gamut`)", expert=True
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.table:
            object.__setattr__(self, "table", table_name(self.table))  # holds the table
        check_numbers(self.transform, self.lights, self.sectors, self.nodes if self.curve == "nodes" else None)
        if self.curve == "film":
            tone_of(self)(np.full((1, 3), curve.MID_GREY))

    @property
    def is_neutral(self) -> bool:
        """Whether this is scene light times a gain, and nothing else."""
        numbers = self.transform != IDENTITY or self.lights or self.compression or self.table
        return self.strength == 0 or not (numbers or self.curve != "none" or _has_controls(self))

    @property
    def gain(self) -> float:
        """The factor on scene light."""
        return float(2.0 ** (self.strength * self.exposure))

    def resolve(self, facts: Facts) -> Self:
        if not self.lights or self.cct is not None:
            return self
        found = [getattr(one, "white_xy", None) for one in facts.before if one.name() == "white_balance"]
        cct = temperature_from_xy(found[-1])[0] if found and found[-1] else DAYLIGHT_CCT
        return replace(self, cct=float(np.clip(cct, 1000, 100_000)))

    def __call__(self, image: Image) -> Image:
        if self.is_neutral:
            return self._plain(np.eye(3), image)
        return image.with_pixels(kernels.look(image.pixels, compiled(self)), state=DISPLAY, noise=None)

    def prepare(self) -> None:
        if not self.is_neutral and not self.lights:
            compiled(self)

    def after_mixing(self, mixing: Array) -> Callable[[Image], Image] | None:
        if self.is_neutral:
            return partial(self._plain, mixing)
        return self.after_vignette(0.0).after_mixing(mixing)

    def _plain(self, mixing: Array, image: Image) -> Image:
        pixels = kernels.to_display(image.pixels, self.gain * mixing)
        return image.with_pixels(pixels, state=DISPLAY, noise=None)

    def after_vignette(self, amount: float) -> Dimmed:
        """A vignette of `amount` EV and this look in one pass; only for a look that is not neutral."""
        return Dimmed(self, amount)

    def render(self, rgb: Array, tone: Callable[[Array], Array] | None = None) -> Array:
        """Display light of scene light (..., 3) without tables: the meaning of this stage. `tone` is a faster curve."""
        if self.is_neutral:
            return look.clip_to_display(rgb * self.gain)
        display = self.before_table(rgb, tone)
        if self.table:
            display = _with_table(self, display)
        if _has_controls(self):
            display = look.rec2020(look.control(look.oklab(display), *_controls(self)))
        return self._inside(display)

    def before_table(self, rgb: Array, tone: Callable[[Array], Array] | None = None) -> Array:
        """Display light of scene light (..., 3) after the tone curve and what is kept of the scene's color."""
        light = _scene_light(self, rgb)
        display = self.toned(light, tone)
        if self.curve != "none" and (self.keep_hue > 0 or self.keep_saturation > 0):
            lab = look.keep_color(look.oklab(display), look.oklab(light), self.keep_hue, self.keep_saturation)
            return look.rec2020(lab)
        return display

    def _inside(self, display: Array) -> Array:
        if self.gamut == "open":
            return look.clip_to_display(display)
        there, back = _gamut_matrices(self.gamut, display.dtype)
        return np.clip(display @ there.T, 0, 1) @ back.T

    def toned(self, light: Array, tone: Callable[[Array], Array] | None = None) -> Array:
        """Display light after compression and tone curve, of light (..., 3) after the transform."""
        tone = tone or tone_of(self)
        if self.space == "rec2020":
            return self._curved(self._compressed(light), tone)
        to_process = color.rgb_from_rgb(self.space, "rec2020").astype(light.dtype)
        back = color.rgb_from_rgb("rec2020", self.space).astype(light.dtype)
        return self._curved(self._compressed(light @ to_process.T), tone) @ back.T

    def _compressed(self, light: Array) -> Array:
        return look.compressed(light, float(np.clip(self.strength * self.compression, *COMPRESSIONS)))

    def _curved(self, light: Array, tone: Callable[[Array], Array]) -> Array:
        """Display light of light, channel by channel. With a gamut, light below 0 goes on along the curve's tangent at
        black, so that colors outside the process space keep their order until they are cut."""
        display = curve.decode_tone(tone(light))
        if self.gamut == "open" or light.min(initial=0) >= 0:
            return display
        ends = curve.decode_tone(tone(np.array([[0.0] * 3, [NEAR_BLACK] * 3], light.dtype)))
        slope = np.maximum((ends[1] - ends[0]) / NEAR_BLACK, LEAST_SLOPE).astype(light.dtype)
        return display + np.minimum(light, 0) * slope

    def grey(self, light: Array) -> Array:
        """Display light (..., 3) of grey scene light (...)."""
        return self.render(np.repeat(np.asarray(light, float)[..., None], 3, -1))


def compiled(stage: LookMap, size: int = TABLE_SIZE) -> kernels.Tables:
    """The shapers and the table of a look map; kept for the looks used last."""
    with _building:
        return _compile(stage, size)


@lru_cache(maxsize=16)
def _compile(stage: LookMap, size: int) -> kernels.Tables:
    gains = np.round(_scene_light(stage, np.ones((1, 3)))[0], 12)
    made = kernels.Tables(*lut.build(tone_of(stage), gains, stage.render, size, TABLE_OVER))
    _fine.cache_clear()  # the pixels need its memory more
    return made


def _scene_light(stage: LookMap, rgb: Array) -> Array:
    """Light after exposure and root-polynomial."""
    scaled = rgb * np.asarray(stage.gain, rgb.dtype)
    if stage.transform == IDENTITY and not stage.lights:
        return scaled
    matrix = transform_of(stage)
    plain = np.eye(*matrix.shape)
    matrix = plain + stage.strength * (matrix - plain)
    return look.root_terms(scaled, matrix.shape[1]) @ matrix.T.astype(rgb.dtype)


def transform_of(stage: LookMap) -> Array:
    """The root-polynomial (3, N) for the light: between the nearest of `lights` in 1 / CCT; the outer ones hold on."""
    if not stage.lights:
        return np.asarray(stage.transform)
    rows = np.array(sorted(stage.lights))
    inverse = 1 / rows[::-1, 0]
    wanted = 1 / (stage.cct or DAYLIGHT_CCT)
    values = [np.interp(wanted, inverse, column[::-1]) for column in rows[:, 1:].T]
    return np.reshape(values, (3, -1))


def tone_of(stage: LookMap) -> Callable[[Array], Array]:
    """The tone code (..., 3) of light (..., 3) at the stage's strength, rising; above white it may be above 1.

    Up to 1, strength mixes the codes of the curve and of no curve. Above 1 a film curve's own numbers go on growing.
    """
    strength = stage.strength
    if stage.curve == "none":
        return curve.encode_tone
    if stage.curve == "film" and strength >= 1:
        shown = _film(stage, strength)
        return lambda light: curve.encode_tone(shown(light))
    shown = _film(stage, 1.0) if stage.curve == "film" else _through_nodes(stage)

    def tone(light: Array) -> Array:
        plain = curve.encode_tone(light)
        plain = np.minimum(plain, 1) if strength >= 1 else plain
        return plain + strength * (curve.encode_tone(shown(light)) - plain)

    return tone


def _film(stage: LookMap, strength: float) -> Callable[[Array], Array]:
    middle = curve.MID_GREY * (stage.middle / curve.MID_GREY) ** strength
    try:
        numbers = middle, stage.contrast**strength, stage.toe**strength, stage.white
        curve.film(np.ones(1), *numbers)
    except ValueError as error:
        raise ParameterError(f"LookMap.{error}") from None
    return lambda light: curve.film(light, *numbers)


def _through_nodes(stage: LookMap) -> Callable[[Array], Array]:
    stops = np.asarray(stage.nodes[0])
    codes = curve.encode_tone(color.decode(np.asarray(stage.nodes[1:])))
    if len(codes) == 1:
        return lambda light: curve.through_nodes(light, stops, codes[0])
    return lambda light: np.stack([curve.through_nodes(light[..., c], stops, codes[c]) for c in range(3)], -1)


def _with_table(stage: LookMap, display: Array) -> Array:
    """Display light with the table's change added; that of a color outside 0 to 1 is the change at the nearest edge."""
    there, back = _gamut_matrices(stage.gamut, display.dtype)
    code = color.encode(display if stage.gamut == "open" else display @ there.T)
    inside = np.clip(code, 0, 1)
    moved = color.decode(code + stage.strength * (residual(stage.table, inside) - inside))
    moved = moved.astype(display.dtype)
    return moved if stage.gamut == "open" else moved @ back.T


def residual(table: str, codes: Array) -> Array:
    """Codes (..., 3), 0 to 1, as the residual table with this hash changes them: along cubics through its nodes, so
    that a smooth ramp has no kink at any of them."""
    values = _fine(weakref.ref(table_of(table)))
    return lut.tetrahedral(codes * (len(values) - 1), values)


@lru_cache(maxsize=2)
def _fine(table: weakref.ref[Table]) -> Array:
    """Weakly held, so that a table that no look has is given up."""
    held = table()
    assert held is not None
    values = held.values
    return lut.finer(values, max(FINE_STEPS // (len(values) - 1), 1))


@lru_cache
def _gamut_matrices(gamut: str, kind: Any) -> tuple[Array, Array]:
    """Linear RGB of a gamut from Rec. 2020, and back."""
    space = "rec2020" if gamut == "open" else gamut
    return color.rgb_from_rgb(space, "rec2020").astype(kind), color.rgb_from_rgb("rec2020", space).astype(kind)


def _has_controls(stage: LookMap) -> bool:
    return stage.saturation != 1 or any(row != PLAIN_SECTOR for row in stage.sectors)


def _controls(stage: LookMap) -> tuple[float, float, Array]:
    plain = np.array(PLAIN_SECTOR)
    sectors = plain + stage.strength * (np.asarray(stage.sectors) - plain)
    sectors[:, [1, 3]] = np.maximum(sectors[:, [1, 3]], 0)
    return max(1 + stage.strength * (stage.saturation - 1), 0.0), stage.skin, sectors


@record(eq=False)
class Dimmed:
    """A look behind a vignette of `amount` EV, of light that still has to be multiplied by `gain`: one pass."""

    look: LookMap
    amount: float
    gain: float = 1.0

    def after_mixing(self, mixing: Array) -> Dimmed | None:
        """The same of light that a matrix only brightens; None for another matrix."""
        gain = float(mixing[1, 1])
        return replace(self, gain=gain) if gain > 0 and np.array_equal(mixing, gain * np.eye(3)) else None

    def __call__(self, image: Image) -> Image:
        down, across = (one * np.float32(self.gain**-0.5) for one in vignette.lines(image.window, self.amount))
        pixels = kernels.look(image.pixels, compiled(self.look), (down, across))
        return image.with_pixels(pixels, state=DISPLAY, noise=None)
