"""Coverage: where in color space a look is supported by samples, in bands of lightness, chroma and hue of Oklab."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.learned import (
    BAND_NAMES,
    CHROMA_BANDS,
    CHROMA_NAMES,
    FEWEST_SAMPLES,
    GREY_BANDS,
    LIGHTNESS_BANDS,
    Learned,
)
from twinlens.core.look import SECTORS
from twinlens.numerics import look

Array = npt.NDArray[Any]
Rows = tuple[tuple[float, ...], ...]

MOST_NAMED = 6  # colors that a sentence names


def coverage(display: Array, weight: Array | None = None) -> tuple[Rows, tuple[float, ...]]:
    """How many samples (or how much `weight` (N,)) of display light (N, 3), linear Rec. 2020, lie in each part of color
    space: 9 rows of 12 sectors as in `Learned.coverage`, and the greys by ten bands of lightness. What is no number
    counts nowhere."""
    light = np.clip(np.asarray(display, float), 0, None)
    known = np.isfinite(light).all(1)
    lab = look.oklab(light[known])
    weight = np.ones(len(lab)) if weight is None else np.asarray(weight, float)[known]
    chroma, hue = np.hypot(lab[:, 1], lab[:, 2]), np.arctan2(lab[:, 2], lab[:, 1])
    sector = np.rint(hue / (2 * np.pi / len(SECTORS))).astype(int) % len(SECTORS)
    row = np.digitize(lab[:, 0], LIGHTNESS_BANDS) * len(CHROMA_NAMES) + np.digitize(chroma, CHROMA_BANDS) - 1
    grey = chroma < CHROMA_BANDS[0]
    counts = np.zeros((len(BAND_NAMES) * len(CHROMA_NAMES), len(SECTORS)))
    np.add.at(counts, (row[~grey], sector[~grey]), weight[~grey])
    band = np.clip((lab[grey, 0] * GREY_BANDS).astype(int), 0, GREY_BANDS - 1)
    greys = np.bincount(band, weight[grey], GREY_BANDS)
    return tuple(map(tuple, counts.tolist())), tuple(greys.tolist())


def not_covered(learned: Learned) -> tuple[str, ...]:
    """What a look was not shown, in words, the parts of color space that pictures fill most often first."""
    if not learned.coverage:
        return ()
    counts = np.asarray(learned.coverage).reshape(len(BAND_NAMES), len(CHROMA_NAMES), len(SECTORS))
    told = []
    for band, lightness in enumerate(BAND_NAMES):
        missing = [
            name for name, column in zip(SECTORS, counts[band].T, strict=True) if column[:2].sum() < FEWEST_SAMPLES
        ]
        if len(missing) == len(SECTORS):
            told.append(f"{lightness} colors of any hue")
        elif missing:
            names = ", ".join(missing[:MOST_NAMED]) + (" and others" if len(missing) > MOST_NAMED else "")
            told.append(f"{lightness} {names}")
    strong = [name for name, column in zip(SECTORS, counts[:, 2].T, strict=True) if column.sum() < FEWEST_SAMPLES]
    if strong:
        told.append("strong " + ("colors of any hue" if len(strong) == len(SECTORS) else ", ".join(strong)))
    if learned.greys and min(learned.greys[2:9]) < FEWEST_SAMPLES:
        told.append("greys of some brightnesses")
    return tuple(told)


def covered_share(learned: Learned) -> float | None:
    """Share of the 108 parts of color space that hold samples enough; None where coverage is not known."""
    if not learned.coverage:
        return None
    return float((np.asarray(learned.coverage) >= FEWEST_SAMPLES).mean())
