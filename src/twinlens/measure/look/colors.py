"""Colors of a look: chroma ratio, hue sectors, hue wheels, memory colors.

Brightness is not taken for color: the chroma ratio is that of the design, after one gain on display light that brings
the grey row of the ColorChecker nearest to its true L*; in sectors and wheels each ring of colors has the gain that
brings its own grey back to the lightness that it has in the scene.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.look import SECTORS
from twinlens.core.look_facts import MemoryColor, SectorFacts, Wheel
from twinlens.measure.gradients import display, display_codes
from twinlens.numerics import color, colorchecker, look
from twinlens.stages.look_map import LookMap

Array = npt.NDArray[Any]

WHEELS = ((0.35, 0.07), (0.55, 0.11), (0.80, 0.09))  # Oklab lightness and chroma, inside sRGB at nearly every hue
WHEEL_HUES = 24
COLORED = 2.0  # C*: a color with less has no hue
_NAMES, _LAB = list(colorchecker.PATCHES), colorchecker.LAB


def lab(rgb: Array) -> Array:
    """CIE L*a*b* (D50) of linear Rec. 2020 display light (..., 3)."""
    return color.lab_from_xyz(np.asarray(rgb, float) @ color.XYZ_D50_FROM_REC2020.T)


def scene(lab: Array) -> Array:
    """Scene light (..., 3), linear Rec. 2020, of surfaces with this L*a*b* (D50), white paper at 1."""
    return color.xyz_from_lab(lab) @ color.REC2020_FROM_XYZ_D50.T


def grey_gain(stage: LookMap) -> float:
    """The factor on display light that brings the chart's grey row nearest to its true L* (least squares)."""
    shown, wanted = display(stage, scene(_LAB[colorchecker.GREYS])), _LAB[colorchecker.GREYS, 0]

    def error(stops: float) -> float:
        return float(np.sum((lab(shown * 2.0**stops)[:, 0] - wanted) ** 2))

    low, high = -4.0, 4.0
    for _ in range(60):  # thirds: the error falls and rises once
        third = (high - low) / 3
        low, high = (low, high - third) if error(low + third) < error(high - third) else (low + third, high)
    return float(2.0 ** ((low + high) / 2))


def chroma_ratio(stage: LookMap, gain: float) -> float:
    """Mean C* of the 18 colored ColorChecker patches against truth, after the gain that matches the grey row."""
    shown = lab(display(stage, scene(_LAB[colorchecker.COLORED])) * gain)
    return float(np.hypot(*shown[:, 1:].T).mean() / np.hypot(*_LAB[colorchecker.COLORED, 1:].T).mean())


def _ring(lightness: float, chroma: float, hues: Array) -> Array:
    """Oklab (N, 3) around the hue circle, hues in radians."""
    return np.stack([np.full(len(hues), lightness), chroma * np.cos(hues), chroma * np.sin(hues)], -1)


def _moved(stage: LookMap, ring: Array) -> Array:
    """Oklab (N, 3) of a ring's colors as shown, after the gain that gives the ring's own grey its lightness back."""
    shown = display(stage, np.maximum(look.rec2020(ring), 0))
    grey = np.array([[ring[0, 0] ** 3] * 3])
    gain = grey[0, 0] / max(float(color.luminance(display(stage, grey))[0]), 1e-6)
    return look.oklab(shown * gain)


def wheels(stage: LookMap) -> tuple[Wheel, ...]:
    """Rings of colors before and after the look."""
    hues = np.arange(WHEEL_HUES) * (2 * np.pi / WHEEL_HUES)
    made = []
    for lightness, chroma in WHEELS:
        ring = _ring(lightness, chroma, hues)
        codes = display_codes(stage, np.maximum(look.rec2020(ring), 0)) * 255
        after = _moved(stage, ring)
        made.append(Wheel(lightness=lightness, before=ring[:, 1:], after=after[:, 1:], codes=codes))
    return tuple(made)


def sectors(stage: LookMap) -> tuple[SectorFacts, ...]:
    """What happens to the twelve hues, over the rings of `WHEELS`."""
    hues = np.arange(len(SECTORS)) * (2 * np.pi / len(SECTORS))
    rings = np.stack([_ring(*one, hues) for one in WHEELS])
    after = np.stack([_moved(stage, ring) for ring in rings])
    pairs = rings[..., 1] + 1j * rings[..., 2], after[..., 1] + 1j * after[..., 2]
    factor = np.abs(pairs[1]).sum(0) / np.abs(pairs[0]).sum(0)
    turn = np.degrees(np.angle(np.sum(pairs[1] * np.conj(pairs[0]), 0)))
    lift = (after[..., 0] - rings[..., 0]).mean(0)
    rows = zip(SECTORS, np.degrees(hues), factor, turn, lift, strict=True)
    return tuple(
        SectorFacts(
            name=name, hue_deg=float(hue), chroma=float(chroma),
            turn_deg=float(angle) if chroma > 0.05 else 0.0, lightness=float(light),
        )
        for name, hue, chroma, angle, light in rows
    )  # fmt: skip


def memory_surfaces() -> tuple[tuple[str, str, Array], ...]:
    """Colors that people remember: name, where the numbers come from, L*a*b* (D50)."""
    chart = dict(zip(_NAMES, _LAB, strict=True))
    names = ("light skin", "dark skin", "blue sky", "foliage", "orange", "red", "yellow")
    told = {"red": "red fruit", "yellow": "lemon"}
    found = [(told.get(name, name), "ColorChecker, " + name, chart[name]) for name in names]
    for name, one, other in (("tanned skin", "light skin", "dark skin"), ("grass", "foliage", "yellow green"),
                             ("deep sky", "blue sky", "purplish blue")):  # fmt: skip
        found.append((name, f"ColorChecker, midway from {one} to {other}", (chart[one] + chart[other]) / 2))
    order = ("light skin", "tanned skin", "dark skin", "blue sky", "deep sky", "foliage", "grass", "orange",
             "red fruit", "lemon")  # fmt: skip
    return tuple(sorted(found, key=lambda one: order.index(one[0])))


def memory_colors(stage: LookMap, gain: float) -> tuple[MemoryColor, ...]:
    """What the look makes of colors that people remember, exposed so that white paper is scene light 1."""
    surfaces = memory_surfaces()
    truth = np.stack([one for _, _, one in surfaces])
    light = scene(truth)
    bright, shown = display(stage, light), lab(display(stage, light))
    neutral = display_codes(LookMap(), light) * 255, display_codes(stage, light) * 255
    error, matched = (color.delta_e_2000(one, truth) for one in (shown, lab(bright * gain)))
    chroma = np.hypot(truth[:, 1], truth[:, 2]), np.hypot(shown[:, 1], shown[:, 2])
    turn = np.degrees(np.arctan2(shown[:, 2], shown[:, 1]) - np.arctan2(truth[:, 2], truth[:, 1]))
    turn = (turn + 180) % 360 - 180
    return tuple(
        MemoryColor(
            name=name,
            origin=origin,
            truth=_three(truth[k]),
            shown=_three(shown[k]),
            truth_code=_three(neutral[0][k]),
            shown_code=_three(neutral[1][k]),
            delta_e=float(error[k]),
            matched=float(matched[k]),
            lightness=float(shown[k, 0] - truth[k, 0]),
            chroma=float(chroma[1][k] - chroma[0][k]),
            hue_deg=float(turn[k]) if chroma[1][k] > COLORED else None,
        )
        for k, (name, origin, _) in enumerate(surfaces)
    )


def _three(row: Array) -> tuple[float, float, float]:
    return float(row[0]), float(row[1]), float(row[2])
