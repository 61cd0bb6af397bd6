"""Fingerprint, curves: what the report draws besides numbers: tone curves, hues, pictures of scenes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare.features import FEATURES, tone
from twinlens.compare.features.catalog import HUE_CENTERS_DEG, HUE_NAMES, INDEX
from twinlens.compare.fingerprint_scene import Measured
from twinlens.compare.frame_joint import sector_weights
from twinlens.compare.sets import Sets

Array = npt.NDArray[Any]

EDGE_PERCENT = np.linspace(-1.2, 1.2, 121)  # of the picture height
_MOST_FLOORS = 10.0  # that one feature counts


def gathered(found: Sets, kept: Sequence[Measured]) -> dict[str, Any]:
    """Arrays by name.

    `tone_ev` (n,): joint brightness (EV about mid grey); `tone` (S, N, n): log2 Y of each set there (EV about mid
    grey), nan where the scene has nothing; `hue_deg` (12,), `hue_chroma` (N, 12): mean |c| of a hue in the joint frame;
    `chroma_ratio`, `hue_turn` (S, N, 12); `edge_px` (m,): distance from an edge in % of the picture height, `edge`
    (S, N, m): mean profiles, dark 0, bright 1, nan where there is no edge; `pictures`: for each scene a dictionary from
    role to the path, sizes and the homography `from_grid` (grid of `size` (height, width) to the picture in full) of
    its best shot (see `fingerprint_pictures`); `telling` (N,): indices of scenes, the one that shows most first.
    """
    return {
        "tone_ev": tone.NODES.copy(),
        "tone": _by_set(found, kept, _tone_of, len(tone.NODES)),
        "hue_deg": np.array(HUE_CENTERS_DEG, float),
        "hue_names": HUE_NAMES,
        "hue_chroma": np.array([_hue_chroma(one) for one in kept]).reshape(-1, len(HUE_NAMES)),
        "chroma_ratio": np.exp(_by_set(found, kept, lambda one: one.values[:, _columns("chroma")], 12) / 100),
        "hue_turn": _by_set(found, kept, lambda one: one.values[:, _columns("hue")], 12),
        "edge_px": EDGE_PERCENT.copy(),
        "edge": _by_set(found, kept, _edge_of, len(EDGE_PERCENT)),
        "telling": _telling(found, kept),
        "pictures": [_pictures(one) for one in kept],
    }


def _columns(kind: str) -> list[int]:
    return [INDEX[f"{kind}_{name}"] for name in HUE_NAMES]


def _by_set(found: Sets, kept: Sequence[Measured], of: Any, count: int) -> Array:
    """(S, N, n): means over the shots of each set of what `of` gives of a scene, (shots, n)."""
    rows = [[_mean_of(of(one), one, role) for one in kept] for role in found.roles]
    return np.array(rows, float).reshape(len(found.roles), len(kept), count)


def _mean_of(values: Array, one: Measured, role: str) -> Array:
    own = [index for index, shot in enumerate(one.pictures) if shot.role == role]
    return values[own].mean(axis=0) if own else np.full(values.shape[1], np.nan)


def _tone_of(one: Measured) -> Array:
    places = one.frame.u - one.frame.middle
    low, high = np.quantile(places, (0.005, 0.995))
    inside = np.abs(tone.NODES - (low + high) / 2) <= (high - low) / 2 + 0.5
    return np.array([np.where(inside, tone.NODES + fit.curve, np.nan) for fit in one.tones])


def _edge_of(one: Measured) -> Array:
    """(shots, m): profiles at `EDGE_PERCENT`."""
    rows = np.full((len(one.pictures), len(EDGE_PERCENT)), np.nan)
    for row, picture, profile in zip(rows, one.pictures, one.profiles, strict=True):
        if profile is not None:
            at = 100 * profile.positions / picture.short_edge
            row[:] = np.interp(EDGE_PERCENT, at, profile.values, left=np.nan, right=np.nan)
    return rows


def _telling(found: Sets, kept: Sequence[Measured]) -> Array:
    """Scenes in the order of how far before and after lie apart, in floors of the features that count."""
    floors = np.array([one.floor for one in FEATURES])
    counted = np.array([not one.is_derived for one in FEATURES])
    apart = []
    for one in kept:
        means = [_mean_of(one.values, one, role) for role in ("before", "after")]
        steps = np.abs(means[1] - means[0])[counted] / floors[counted]
        known = steps[np.isfinite(steps)]
        apart.append(float(np.sqrt(np.minimum(known, _MOST_FLOORS).mean())) if known.size else 0.0)
    return np.argsort(-np.array(apart), kind="stable").astype(int)


def _hue_chroma(one: Measured) -> Array:
    weight = sector_weights(one.frame.c) * (one.frame.color > 0)[:, None]
    total = weight.sum(axis=0)
    return np.where(total > 1, np.abs(one.frame.c) @ weight / np.maximum(total, 1e-9), np.nan)


def _pictures(one: Measured) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    for shot in sorted(one.frame.shots, key=lambda shot: shot.shift):
        picture = shot.picture
        if picture.role not in chosen:
            chosen[picture.role] = {
                "path": picture.path, "name": picture.name, "height": picture.height, "width": picture.width,
                "shift_px": shot.shift, "from_grid": shot.from_grid, "size": shot.grid,
            }  # fmt: skip
    return chosen
