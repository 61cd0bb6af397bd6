"""Fitted: what a fit of a look found, as the look's provenance keeps it and its page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from twinlens.core.learned import (
    BAND_NAMES,
    CHROMA_BANDS,
    CHROMA_NAMES,
    LIGHTNESS_BANDS,
    Learned,
    PictureError,
    WorstPlace,
)
from twinlens.core.look import SECTORS
from twinlens.measure.look.coverage import coverage
from twinlens.numerics import color
from twinlens.pipeline.look import Look


class LearnedFit(Protocol):
    """What a fit of a look tells (`learn.look_fit.LookFit`); its errors are those after each picture's own gains."""

    value: Any
    residual: Any
    held_out: Any
    held_out_p95: Any
    samples: Any
    pictures: Any
    coverage: Any
    worst: Any
    vignette: Any
    local_stops: Any
    left_out: Any
    notes: Any


def learned(fit: LearnedFit, source: str = "") -> Learned:
    """What a fit found. `source` says in a few words what it was learned from; without it the pictures are counted."""
    cells = fit.coverage
    rows, greys = ((), ()) if cells is None else coverage(color.rec2020_from_oklab(cells.centers), cells.counts)
    whole = None
    if fit.held_out is not None:
        whole = PictureError(
            name="all", matched_mean=fit.held_out, matched_p95=fit.held_out_p95, samples=fit.samples, kind=""
        )
    return Learned(
        source=source or _counted(fit.pictures),
        pictures=tuple(_picture(one) for one in fit.pictures if one.held_out_mean is not None),
        held_out=whole,
        residual=fit.residual,
        coverage=rows,
        greys=greys,
        worst=tuple(_worst(one) for one in fit.worst),
        local_stops=fit.local_stops,
        vignette=tuple(fit.vignette),
        notes=(*fit.notes, *(f"{one.name}: {note}" for one in fit.pictures for note in one.notes)),
        left_out=tuple(f"{name}: {why}" for name, why in fit.left_out),
    )


def with_learned(look: Look, found: Learned) -> Look:
    """The look with what learning found in its provenance, so that its document tells it."""
    return replace(look, provenance={**look.provenance, "learned": found.as_dict()})


def _counted(pictures: Sequence[Any]) -> str:
    kinds = [one.kind for one in pictures]
    names = {"picture": "pair of pictures", "chart": "chart pair", "samples": "table of samples"}
    many = {"picture": "pairs of pictures", "chart": "chart pairs", "samples": "tables of samples"}
    told = [
        f"{kinds.count(kind)} {(names if kinds.count(kind) == 1 else many)[kind]}" for kind in names if kind in kinds
    ]
    return ", ".join(told)


def _picture(one: Any) -> PictureError:
    return PictureError(
        name=one.name, matched_mean=one.held_out_mean, matched_p95=one.held_out_p95, samples=one.samples, cct=one.cct,
        kind=one.kind, gain_stops=one.gain_stops, local_stops=one.local_stops,
    )  # fmt: skip


def _worst(one: Any) -> WorstPlace:
    return WorstPlace(
        where=f"{one.picture}, {color_words(one.wanted)}", wanted=one.wanted, shown=one.shown, delta_e=one.delta_e
    )


def color_words(code: Sequence[float]) -> str:
    """A color of sRGB codes 0 to 255 in words: "dark grey", "light, pale sky"."""
    rgb = color.decode(np.asarray(code, float) / 255) @ color.rgb_from_rgb("rec2020", "srgb").T
    lightness, a, b = color.oklab_from_rec2020(rgb)
    band, chroma = BAND_NAMES[int(np.digitize(lightness, LIGHTNESS_BANDS))], float(np.hypot(a, b))
    band = "medium" if band == "middle" else band
    if chroma < CHROMA_BANDS[0]:
        return f"{band} grey"
    sector = round(float(np.arctan2(b, a)) / (2 * np.pi / len(SECTORS))) % len(SECTORS)
    return f"{band}, {CHROMA_NAMES[int(np.digitize(chroma, CHROMA_BANDS)) - 1]} {SECTORS[sector]}"
