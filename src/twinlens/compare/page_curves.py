"""Page curves: tone, hue and edges of the sets as lines and places that the page draws.

Curves are means over the scenes that all sets show; their bands are Student's intervals of the difference from
*before*, scene by scene, so that what differs between scenes alone does not widen them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare.fraction import LEVEL, quantile
from twinlens.compare.model import Fingerprints, Role
from twinlens.report.compare.content import HueArrow, Plot, Series

Array = npt.NDArray[Any]

HUE_UNIT = "chroma over lightness in Oklab"
_BANDS = "; the bands are 95 % intervals over the scenes."
FEWEST_SCENES = 2  # of a band


def _curves(
    fingerprints: Fingerprints, name: str, place: str
) -> tuple[Array, dict[Role, Array], dict[Role, Array]] | None:
    """Places (n,), the curves (N, n) of each set at them, and their differences from before; None without them."""
    given = fingerprints.curves.get(name)
    x = np.asarray(fingerprints.curves.get(place, ()), float)
    if given is None or not x.size or not np.isfinite(given).any():
        return None
    curves = _by_role(fingerprints, np.asarray(given, float))
    if "before" not in curves:
        return None
    return x, curves, {role: one - curves["before"] for role, one in curves.items()}


def tones(fingerprints: Fingerprints) -> tuple[Plot, ...]:
    """The tone curve of each set, and the same as its difference from before."""
    found = _curves(fingerprints, "tone", "tone_ev")
    if found is None:
        return ()
    x, curves, away = found
    x_label = "scene brightness, EV about mid grey"
    bands = _BANDS if len(away["before"]) >= FEWEST_SCENES else "."
    return (
        Plot(words=f"Tone curves: {_tone_words(x, away)}", x_label=x_label, y_label="picture, EV about mid grey",
             series=_lines(x, curves, away),
             caption="What each set makes of the brightness that the sets show on average."),
        Plot(words=f"Tone against before: {_tone_words(x, away)}", x_label=x_label, y_label="EV against before",
             series=_lines(x, away, away, start=0.0),
             caption="The same as the difference from before" + bands),
    )  # fmt: skip


def _by_role(fingerprints: Fingerprints, values: Array) -> dict[Role, Array]:
    """(N, n) of each set, nan where some set has no value, so that all are means of the same."""
    used = _used(fingerprints, np.isfinite(values))
    known = np.isfinite(values)[list(used.values())].all(0)
    return {role: np.where(known, values[at], np.nan) for role, at in used.items()}


def _used(fingerprints: Fingerprints, known: Array) -> dict[Role, int]:
    """The sets and their places; without a reference that shows nothing of what before and after share."""
    places: dict[Role, int] = {role: at for at, role in enumerate(fingerprints.sets)}
    if not known.all(0).any():
        places.pop("reference", None)
    return places


def _lines(
    x: Array, curves: dict[Role, Array], away: dict[Role, Array], start: float | None = None
) -> tuple[Series, ...]:
    found = []
    for role, values in curves.items():
        y, half = _mean(values), _half(away[role])
        y = np.where(np.isfinite(y), y, np.nan)
        has_band = role != "before" and bool(np.isfinite(half).any())
        found.append(
            Series(role=role, x=x, y=y, low=y - half if has_band else None, high=y + half if has_band else None)
        )
    return tuple(found)


def _mean(values: Array) -> Array:
    """Mean over scenes (N, n) -> (n,), nan where none is known."""
    known = np.isfinite(values)
    count = known.sum(0)
    return np.where(count > 0, np.where(known, values, 0).sum(0) / np.maximum(count, 1), np.nan)


def _half(values: Array) -> Array:
    """Half of Student's 95 % interval of the mean over scenes; nan where there are too few."""
    known = np.isfinite(values)
    count = known.sum(0)
    square = np.where(known, (values - _mean(values)) ** 2, 0).sum(0)
    error = np.sqrt(square / np.maximum(count - 1, 1) / np.maximum(count, 1))
    times = np.array([quantile(1 - LEVEL / 2, max(int(one) - 1, 1)) for one in count])
    return np.where(count >= FEWEST_SCENES, times * error, np.nan)


def _tone_words(x: Array, away: dict[Role, Array]) -> str:
    """The curve's ends and middle in figures."""
    told = []
    for role, values in away.items():
        mean = _mean(values)
        known = np.flatnonzero(np.isfinite(mean))
        if role == "before" or not known.size:
            continue
        places = [known[0], known[np.argmin(np.abs(x[known]))], known[-1]]
        parts = [f"{mean[at]:+.2f} EV at {x[at]:+.1f}" for at in dict.fromkeys(places)]
        told.append(f"{role} against before {', '.join(parts)}")
    return "; ".join(told)


def hues(fingerprints: Fingerprints) -> tuple[HueArrow, ...]:
    """Where each region of hue lies in each set: the mean chroma and hue of the scenes that show it in all sets."""
    curves = fingerprints.curves
    if not {"hue_deg", "hue_chroma", "chroma_ratio", "hue_turn"} <= curves.keys():
        return ()
    names = curves.get("hue_names") or tuple(f"{one:.0f}°" for one in curves["hue_deg"])
    ratio, turn = np.log(np.asarray(curves["chroma_ratio"], float)), np.asarray(curves["hue_turn"], float)
    measured = np.isfinite(ratio) & np.isfinite(turn) & np.isfinite(curves["hue_chroma"])
    used = _used(fingerprints, measured)
    known = measured[list(used.values())].all(0)
    found = []
    for at, name in enumerate(names):
        rows = known[:, at]
        if not rows.any():
            continue
        chroma = float(np.asarray(curves["hue_chroma"])[rows, at].mean())
        places: dict[Role, tuple[float, float]] = {}
        for role, index in used.items():
            radius = chroma * float(np.exp(ratio[index, rows, at].mean()))
            angle = np.radians(curves["hue_deg"][at] + turn[index, rows, at].mean())
            places[role] = float(radius * np.cos(angle)), float(radius * np.sin(angle))
        found.append(HueArrow(label=str(name), places=places))
    return tuple(found)


def edges(fingerprints: Fingerprints) -> tuple[Plot, ...]:
    """The profile of edges in each set: `edge` (S, N, n) at `edge_px` (n,) in % of the picture height."""
    found = _curves(fingerprints, "edge", "edge_px")
    if found is None:
        return ()
    x, curves, away = found
    words = "Edge profiles: " + "; ".join(f"{role} peaks at {np.nanmax(_mean(one)):.2f} of the step"
                                          for role, one in curves.items() if np.isfinite(one).any())  # fmt: skip
    return (
        Plot(words=words, x_label="across the edge, % of the picture height", y_label="share of the step",
             series=_lines(x, curves, away), caption="Mean profile of the same edges in every set: 0 dark, 1 bright."),
    )  # fmt: skip
