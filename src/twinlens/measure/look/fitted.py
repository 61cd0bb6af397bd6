"""Fitted: what a fit of a look found, as the look's provenance keeps it and its page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

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

Array = npt.NDArray[Any]

CELL, FINER = 0.05, 4  # side of a cell of Oklab that a fit keeps; in how many parts a side it is spread


class LearnedFit(Protocol):
    """What a fit of a look tells (`learn.look_result.LookFit`); `held_out` is after each picture's own gains."""

    value: Any
    residual: Any
    held_out: Any
    held_out_p95: Any
    blind: Any
    blind_p95: Any
    samples: Any
    pictures: Any
    coverage: Any
    worst: Any
    vignette: Any
    local_stops: Any
    lights: Any
    left_out: Any
    notes: Any


def learned(fit: LearnedFit, source: str = "", display: Array | None = None) -> Learned:
    """What a fit found. `source` says in a few words what it was learned from; without it the pictures are counted.

    `display` (N, 3), linear Rec. 2020, is the display light that it was fitted to (the evidence's `target`), of which
    the coverage is told; without it that is made from the cells that the fit keeps, which are coarser.
    """
    rows, greys = _of_cells(fit.coverage) if display is None else coverage(display)
    whole = None
    if fit.held_out is not None:
        whole = PictureError(
            name="all", mean=fit.blind, p95=fit.blind_p95, matched_mean=fit.held_out, matched_p95=fit.held_out_p95,
            samples=fit.samples, kind="",
        )  # fmt: skip
    return Learned(
        source=source or counted(fit.pictures),
        pictures=tuple(_picture(one) for one in fit.pictures if one.held_out_mean is not None),
        held_out=whole,
        residual=fit.residual,
        coverage=rows,
        greys=greys,
        worst=tuple(_worst(one) for one in fit.worst),
        local_stops=fit.local_stops,
        vignette=tuple(fit.vignette),
        lights=tuple(fit.lights),
        notes=(*fit.notes, *(f"{one.name}: {note}" for one in fit.pictures for note in one.notes)),
        left_out=tuple(f"{name}: {why}" for name, why in fit.left_out),
    )


def _of_cells(cells: Any) -> tuple[Any, Any]:
    """Coverage of cells of Oklab: each counts as if its samples were spread over it evenly."""
    if cells is None:
        return (), ()
    part = CELL * (np.arange(FINER) - (FINER - 1) / 2) / FINER
    offsets = np.stack(np.meshgrid(part, part, part, indexing="ij"), -1).reshape(-1, 3)
    places = (cells.centers[:, None] + offsets).reshape(-1, 3)
    counts = np.repeat(np.asarray(cells.counts, float) / len(offsets), len(offsets))
    return coverage(color.rec2020_from_oklab(places), counts)


def with_learned(look: Look, found: Learned) -> Look:
    """The look with what learning found in its provenance, so that its document tells it."""
    return replace(look, provenance={**look.provenance, "learned": found.as_dict()})


_COUNTED = {"picture": ("pair of pictures", "pairs of pictures"), "chart": ("chart pair", "chart pairs"),
            "samples": ("table of samples", "tables of samples")}  # fmt: skip


def counted(sources: Sequence[Any]) -> str:
    """What there is, in words, by each one's `kind`: 10 pairs of pictures and 1 chart pair."""
    counts = {kind: sum(one.kind == kind for one in sources) for kind in _COUNTED}
    return " and ".join(f"{count} {_COUNTED[kind][count > 1]}" for kind, count in counts.items() if count)


def _picture(one: Any) -> PictureError:
    return PictureError(
        name=one.name, mean=one.blind_mean, p95=one.blind_p95, matched_mean=one.held_out_mean,
        matched_p95=one.held_out_p95, samples=one.samples, cct=one.cct, kind=one.kind, gain_stops=one.gain_stops,
        local_stops=one.local_stops,
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
