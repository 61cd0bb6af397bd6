"""Invented makers: renderings drawn by chance, of several families, as a collection of what makers do to colors.

A maker here takes scene light (N, 3), linear Rec. 2020, 0.18 mid grey, to sRGB codes 0 to 1. Each is a chain of steps,
and a family says which steps are likely and how strong they are:

    measured   a matrix, a cut or a shoulder at white, a smooth gamut map, response curves (Kim, Lin, Lu, Süsstrunk and
               Brown, "A new in-camera imaging model for color computer vision", 2012)
    table      hue, saturation and value by hue and lightness, then a curve that keeps the hue, as in DNG profiles
               (Adobe, "Digital Negative Specification 1.6", chapter 6)
    film       cross-talk, one curve a channel, lifted black, toned shadows and highlights
    opponent   lightness, chroma and hue by hue, chroma and lightness in Oklab (Ottosson, 2020)
    mixed      any of these steps

None is a maker of `twinlens.simulate`, of `twinlens/makers` or of a benchmark, and no number is taken from them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics import color, curve

Array = npt.NDArray[Any]
Step = Callable[[Array], Array]
Chance = np.random.Generator

FAMILIES = {  # how likely: mixing matrix, table by hue, opponent change, gamut map, toning
    "measured": (0.9, 0.0, 0.0, 1.0, 0.1),
    "table": (0.3, 1.0, 0.0, 0.0, 0.1),
    "film": (1.0, 0.0, 0.2, 0.0, 0.8),
    "opponent": (0.3, 0.0, 1.0, 0.0, 0.6),
    "mixed": (0.5, 0.4, 0.5, 0.4, 0.4),
}
WORKING = ("srgb", "p3", "adobe", "rec2020", "prophoto")
SRGB = color.rgb_from_rgb("srgb", "rec2020")


def invented(seed: int) -> tuple[str, Step]:
    """The family and the rendering of a seed."""
    chance = np.random.default_rng([seed, 1])
    family = list(FAMILIES)[seed % len(FAMILIES)]
    mixes, tables, opponents, maps, tones = (chance.uniform() < share for share in FAMILIES[family])
    strength = float(np.exp(chance.normal(-0.7, 0.5)))
    steps: list[Step] = []
    if mixes:
        steps.append(_mixing(chance, strength))
    if tables:
        steps.append(_table(chance, strength))
    steps.append(_tone(chance, {"measured": 0, "film": 0, "table": 1, "opponent": 2}.get(family)))
    if opponents:
        steps.append(_opponent(chance, strength))
    steps.append(_in_gamut(chance))
    if maps:
        steps.append(_gamut_map(chance, strength))
    if tones:
        steps.append(_toning(chance, strength))
    if family == "measured" or chance.uniform() < 0.3:
        steps.append(_responses(chance, strength))

    def shown(scene: Array) -> Array:
        value = np.asarray(scene, float)
        for step in steps:
            value = step(value)
        return np.clip(value, 0, 1)

    return family, shown


def _mixing(chance: Chance, strength: float) -> Step:
    """Saturation and cross-talk, kept grey."""
    off = chance.normal(0, 0.05 * strength, (3, 3)) - 0.06 * strength * chance.normal(0.5, 1)
    np.fill_diagonal(off, 0)
    matrix = np.eye(3) + off - np.diag(off.sum(1))
    return lambda light: light @ matrix.T


def _waves(chance: Chance, orders: int, fall: float) -> Step:
    """A smooth periodic function of an angle, about of unit size."""
    numbers = np.arange(orders + 1)
    share = fall ** np.maximum(numbers - 1, 0)
    amount = chance.normal(0, 1, (2, orders + 1)) * share / np.sqrt(np.square(share).sum())
    return lambda angle: np.cos(angle[..., None] * numbers) @ amount[0] + np.sin(angle[..., None] * numbers) @ amount[1]


def _hue_value(rgb: Array) -> tuple[Array, Array, Array]:
    """Hue (0 to 6), saturation and value of RGB."""
    high, low = rgb.max(-1), rgb.min(-1)
    span = np.maximum(high - low, 1e-12)
    r, g, b = np.moveaxis(rgb, -1, 0)
    hue = np.where(high == r, (g - b) / span % 6, np.where(high == g, (b - r) / span + 2, (r - g) / span + 4))
    return hue, (high - low) / np.maximum(high, 1e-12), high


def _from_hue_value(hue: Array, saturation: Array, value: Array) -> Array:
    offset = (np.array([5.0, 3.0, 1.0]) + hue[..., None]) % 6
    part = np.clip(np.minimum(offset, 4 - offset), 0, 1)
    return value[..., None] * (1 - saturation[..., None] * part)


def _table(chance: Chance, strength: float) -> Step:
    """Hue, saturation and value by hue and lightness (and saturation), in wide primaries."""
    name = chance.choice(["prophoto", "rec2020"])
    there, back = color.rgb_from_rgb(name, "rec2020"), color.rgb_from_rgb("rec2020", name)
    waves = [[_waves(chance, 6, 0.75) for _ in range(3)] for _ in range(3)]
    size = np.array([np.radians(8) * 6 / (2 * np.pi), 0.16, 0.1]) * strength
    overall, darker = chance.normal(0, 0.12 * strength), chance.normal(0, 0.5, 3)

    def change(light: Array) -> Array:
        rgb = np.maximum(light @ there.T, 0)
        hue, saturation, value = _hue_value(rgb)
        angle, lightness = hue * np.pi / 3, np.clip(value, 0, 1) ** (1 / 2.2) - 0.5
        turned, colorful, lighter = (
            size[k]
            * (w[0](angle) + 1.2 * lightness * (w[1](angle) + darker[k]) + 0.7 * (saturation - 0.4) * w[2](angle))
            for k, w in enumerate(waves)
        )
        pale = np.clip(saturation * 3, 0, 1)
        gain = np.exp(overall + colorful * (0.4 + 0.6 * pale))
        more = saturation * gain / (1 + np.maximum(gain - 1, 0) * saturation**2)
        return _from_hue_value((hue + turned * pale) % 6, np.clip(more, 0, 1), value * np.exp(lighter * pale)) @ back.T

    return change


def _film_curve(chance: Chance, contrast: float) -> Step:
    """A rising curve of light to display light: a toe, a shoulder, mid grey near 0.18, white 2 to 4 stops over it."""
    white = curve.MID_GREY * 2 ** chance.uniform(2.2, 4.5)
    grey = curve.MID_GREY * np.exp(chance.normal(0, 0.12))
    toe = chance.uniform(0, 0.012)
    kind = chance.integers(3)
    powered = curve.MID_GREY**contrast * (1 - grey) / grey
    top = 1 / (white**contrast / (white**contrast + powered))
    knee = chance.uniform(0.55, 0.9)

    def shown(light: Array) -> Array:
        value = np.maximum(light, 0)
        if kind == 0:
            level = value**contrast
            out = level / (level + powered) * top
        elif kind == 1:
            rate = -np.log(1 - grey) / curve.MID_GREY**contrast
            out = (1 - np.exp(-rate * value**contrast)) / (1 - np.exp(-rate * white**contrast))
        else:
            out = grey * (value / curve.MID_GREY) ** contrast
            over = np.maximum(out - knee, 0)
            out = np.minimum(out, knee) + over / (1 + over / (1.02 - knee))
        return np.maximum(out * (out / (out + toe + 1e-12)), 0)

    return shown


def _tone(chance: Chance, kind: int | None) -> Step:
    """A curve: a channel each (0), that keeps the hue (1), of luminance (2), or something between two of them."""
    name = chance.choice(WORKING)
    there, back = color.rgb_from_rgb(name, "rec2020"), color.rgb_from_rgb("rec2020", name)
    contrast = chance.uniform(1.0, 1.55)
    state = chance.integers(1 << 31)
    apart = 0.03 if chance.uniform() < 0.6 else 0.0
    contrasts = contrast * np.exp(chance.normal(0, apart, 3))
    curves = [_film_curve(np.random.default_rng(state), one) for one in contrasts]  # the same but for the contrast
    kind = int(chance.integers(3)) if kind is None else kind
    other = int(chance.integers(3))
    share = chance.uniform(0, 0.6) if chance.uniform() < 0.4 else 0.0
    weight = color.rgb_from_rgb("rec2020", name) @ np.ones(3)
    weight = np.array([0.2627, 0.678, 0.0593]) @ back / weight.mean()

    def way(rgb: Array, number: int) -> Array:
        if number == 0:
            return np.stack([curves[c](rgb[..., c]) for c in range(3)], -1)
        if number == 1:
            high, low = rgb.max(-1, keepdims=True), rgb.min(-1, keepdims=True)
            place = (rgb - low) / np.maximum(high - low, 1e-12)
            return curves[1](low) + place * (curves[1](high) - curves[1](low))
        light = np.maximum(rgb @ weight, 1e-9)[..., None]
        scaled = rgb * (curves[1](light) / light)
        high = scaled.max(-1, keepdims=True)
        over = np.maximum(high - 0.85, 0)
        return scaled * (np.minimum(high, 0.85) + over / (1 + over / 0.15)) / np.maximum(high, 1e-9)

    def shown(light: Array) -> Array:
        rgb = np.maximum(light @ there.T, 0)
        value = (1 - share) * way(rgb, kind) + (share * way(rgb, other) if share else 0)
        return value @ back.T

    return shown


def _opponent(chance: Chance, strength: float) -> Step:
    """Chroma, lightness and hue by hue, chroma and lightness, in Oklab; strong colors held back."""
    waves = [[_waves(chance, 4, 0.6) for _ in range(2)] for _ in range(3)]
    size = np.array([np.radians(6), 0.14, 0.06]) * strength
    overall, limit = chance.normal(0, 0.1 * strength), chance.uniform(0.25, 1.2)
    by_light = chance.normal(0, 0.25 * strength, 2)

    def change(display: Array) -> Array:
        light, a, b = np.moveaxis(color.oklab_from_rec2020(np.maximum(display, 0)), -1, 0)
        hue, chroma = np.arctan2(b, a), np.hypot(a, b)
        mid = light - 0.6
        turned, colorful, lighter = (size[k] * (w[0](hue) + 1.5 * mid * w[1](hue)) for k, w in enumerate(waves))
        strong = chroma / (chroma + 0.05)
        more = chroma * np.exp(overall + by_light[0] * mid + by_light[1] * (mid**2 - 0.08) + colorful * strong)
        more = more / (1 + (more / limit) ** 2) ** 0.5
        hue, light = hue + turned * strong, light + lighter * chroma / 0.15 * strong * light * (1 - 0.6 * light)
        return color.rec2020_from_oklab(np.stack([light, more * np.cos(hue), more * np.sin(hue)], -1))

    return change


def _in_gamut(chance: Chance) -> Step:
    """Display light, Rec. 2020, to sRGB codes: cut, or drawn to grey as far as it is outside."""
    soft = chance.uniform() < 0.4
    start = chance.uniform(0.7, 0.95)

    def shown(display: Array) -> Array:
        rgb = display @ SRGB.T
        if soft:
            grey = np.clip(rgb.mean(-1, keepdims=True), 1e-6, None)
            far = np.maximum((grey - rgb) / grey, 0).max(-1, keepdims=True)
            over = np.maximum(far - start, 0)
            held = np.minimum(far, start) + over / (1 + over / (1.001 - start))
            rgb = grey + (rgb - grey) * held / np.maximum(far, 1e-9)
        return color.encode(np.clip(rgb, 0, 1))

    return shown


def _gamut_map(chance: Chance, strength: float) -> Step:
    """A smooth displacement of codes that grows with chroma from nothing at grey: waves of several lengths."""
    count, longest = 40, chance.uniform(0.5, 1.6)
    length = longest * np.exp(-np.abs(chance.normal(0, 0.35, count)))
    ways = chance.normal(0, 1, (count, 3))
    ways = ways / np.linalg.norm(ways, axis=1, keepdims=True) * (2 * np.pi / length / 2)[:, None]
    phases, amounts = chance.uniform(0, 2 * np.pi, count), chance.normal(0, 1, (count, 3)) * length[:, None]
    amounts *= 0.045 * strength / np.sqrt(np.square(amounts).sum(0).mean() / 2)
    reach, held = chance.uniform(0.15, 0.6), chance.uniform(0, 0.25)

    def shown(code: Array) -> Array:
        grey = code.mean(-1, keepdims=True)
        off = code - grey
        chroma = np.linalg.norm(off, axis=-1, keepdims=True)
        moved = np.cos(code @ ways.T + phases) @ amounts
        return np.clip(grey + off / (1 + held * chroma**2) + moved * np.minimum(chroma / reach, 1), 0, 1)

    return shown


def _toning(chance: Chance, strength: float) -> Step:
    """Black lifted, shadows and highlights toned, white not full."""
    lift = abs(chance.normal(0, 0.015))
    dark, bright = chance.normal(0, 0.015 * strength, (2, 3))
    dark, bright = dark - dark.mean(), bright - bright.mean()
    top = 1 - np.abs(chance.normal(0, 0.015, 3)) * (chance.uniform() < 0.5)
    falls = chance.uniform(1.5, 4)

    def shown(code: Array) -> Array:
        light = code.mean(-1, keepdims=True)
        toned = lift + (top - lift) * code
        return toned + dark * (1 - light) ** falls + bright * light * (1 - light) * 2 * light

    return shown


def _responses(chance: Chance, strength: float) -> Step:
    """A response a channel: the usual code, bent by some waves that leave black and white."""
    common, own = chance.normal(0, 0.03 * strength, 3), chance.normal(0, 0.008 * strength, (3, 3))
    amount = (common + own) / np.arange(1, 4)

    def shown(code: Array) -> Array:
        waves = np.sin(np.pi * code[..., None] * np.arange(1, 4))
        return code + (waves * amount).sum(-1)

    return shown
