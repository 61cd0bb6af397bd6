"""Conditions: how a chart is photographed, stated or drawn at random."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """How a shot is taken. Angles in degrees, lengths in pixels or as shares."""

    tilt_deg: tuple[float, float] = (0.0, 0.0)  # about the picture's horizontal and vertical axis
    roll_deg: float = 0.0
    share: float = 0.6  # of the picture's width or height that the chart's grid takes
    place: tuple[float, float] = (0.0, 0.0)  # -1 to 1, within the room that is left
    field_deg: float = 55.0  # of view, along the longer side
    distortion: float = 0.0  # p = u (1 + k r²), r = 1 at the corner of the picture
    blur_px: float = 0.4
    noise: float = 0.004  # standard deviation at white; with the square root of light below
    gradient: tuple[float, float] = (0.0, 0.0)  # relative change of the light from side to side, and top to bottom
    shadow: float = 1.0  # light that is left beyond the shadow's edge
    shadow_line: tuple[float, float] = (0.0, 0.0)  # direction in degrees, offset in shares of the picture
    gains: tuple[float, float, float] = (1.0, 1.0, 1.0)
    matrix: tuple[tuple[float, float, float], ...] = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
    exposure: float = 0.8
    contrast: float = 0.0  # of the rendered picture's S-curve
    veil: float = 0.0  # of white
    fingers: int = 0
    gap: float = 1.0  # width of the gaps between patches, relative to the chart's own
    patch_error: float = 0.0  # relative standard deviation of the patches' colors
    mirrored: bool = False
    is_rendered: bool = True


def draw_conditions(rng: np.random.Generator, *, is_rendered: bool = True) -> Conditions:
    """Conditions of a hand-held shot: any roll, tilts up to 45 degrees, a fifth of the frame to nearly all of it."""
    angle, tilt = rng.uniform(0, 2 * np.pi), 45 * np.sqrt(rng.uniform())
    mix = np.eye(3) + (0 if is_rendered else 0.18) * rng.uniform(-0.3, 1, (3, 3)) * (1 - np.eye(3))
    return Conditions(
        tilt_deg=(float(tilt * np.cos(angle)), float(tilt * np.sin(angle))),
        roll_deg=float(rng.uniform(0, 360)),
        share=float(rng.uniform(0.18, 0.9)),
        place=(float(rng.uniform(-1, 1)), float(rng.uniform(-1, 1))),
        field_deg=float(rng.uniform(25, 75)),
        distortion=float(rng.uniform(-0.06, 0.06)),
        blur_px=float(rng.choice([0.4, 0.7, 1.0, 1.6, 2.5])),
        noise=float(10 ** rng.uniform(-2.6, -1.4)),
        gradient=(float(rng.uniform(-0.35, 0.35)), float(rng.uniform(-0.35, 0.35))),
        shadow=float(rng.choice([1.0, 1.0, rng.uniform(0.4, 0.8)])),
        shadow_line=(float(rng.uniform(0, 360)), float(rng.uniform(-0.2, 0.2))),
        gains=tuple(rng.uniform(0.75, 1.3, 3) if is_rendered else rng.uniform(0.4, 1.0, 3)),
        matrix=tuple(tuple(row) for row in mix / mix.sum(1, keepdims=True)),
        exposure=float(2 ** rng.uniform(-1.6, 0.15)),
        contrast=float(rng.uniform(0, 0.8)),
        veil=float(rng.choice([0, 0, rng.uniform(0, 0.04)])),
        fingers=int(rng.choice([0, 0, 1, 2])),
        gap=float(rng.uniform(0.7, 1.25)),
        patch_error=0.03,
        is_rendered=is_rendered,
    )
