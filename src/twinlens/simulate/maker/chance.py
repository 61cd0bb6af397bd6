"""Maker's chance: a rendering drawn from a seed, within what photographs bear.

The ranges were set so that the map of colors never folds; a test draws many and looks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from twinlens.core.errors import ParameterError
from twinlens.simulate.maker.model import HUES, Color, Detail, File, Parameters, Raw, Tone

MAX_STRENGTH = 1.5


def parameters(seed: int, strength: float) -> Parameters:
    """The parameters of the random look of a seed. `strength` 0 to 1.5 scales what is drawn."""
    if not 0 <= strength <= MAX_STRENGTH:
        raise ParameterError(f"strength = {strength:g} is outside 0 to {MAX_STRENGTH:g}")
    rng = np.random.default_rng([seed, 0x6D616B65])  # apart from other uses of the same seed

    def spread(width: float, count: int | None = None) -> Any:
        drawn = rng.uniform(-width, width, count) * strength
        return float(drawn) if count is None else tuple(round(float(one), 4) for one in drawn)

    tone = Tone(
        norm=rng.choice(["luminance", "max", "power"]).item(),
        per_channel=round(float(rng.uniform(0, 0.5)), 3),
        grey=round(0.22 * 2 ** spread(0.25), 4),
        contrast=round(1.32 + 0.04 * strength + spread(0.14), 3),
        white_ev=round(2.47 + spread(0.12), 3),
        black=round(float(max(rng.uniform(-0.004, 0.006), 0) * strength), 5),
    )
    space = rng.choice(["ipt", "ictcp", "hsv", "ycc"]).item()
    reach = 0.5 if space == "hsv" else 1.0  # the hexcone's corners bear less
    color = Color(
        space=space,
        saturation=round(1.05 + spread(0.15), 3),
        vibrance=round(spread(0.15), 3),
        highlights=round(float(rng.uniform(0, 0.4)) * strength, 3),
        hue_deg=spread(9.0 * reach, len(HUES)),
        chroma=spread(0.15 * reach, len(HUES)),
        lightness=spread(0.08 * reach, len(HUES)),
        shadow_tint=spread(0.06, 3),
        highlight_tint=spread(0.04, 3),
    )
    detail = Detail(
        chroma_noise_px=round(float(rng.uniform(0, 16)), 1),
        sharpen=round(float(rng.uniform(0, 1.2)), 2),
        radius_px=round(float(rng.uniform(0.6, 1.6)), 2),
        halo=round(float(max(rng.uniform(-0.1, 0.15), 0)), 3),
    )
    return Parameters(
        name=f"random:{seed}" if strength == 1 else f"random:{seed} at {strength:g}",
        description=f"Drawn from seed {seed} at strength {strength:g}.",
        raw=Raw(vignette=float(rng.choice([0.6, 0.85, 1.0]))),
        tone=tone,
        color=color,
        detail=detail,
        file=File(quality=int(rng.integers(82, 96))),
    )
