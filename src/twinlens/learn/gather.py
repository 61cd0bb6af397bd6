"""Gather: pairs of files, chart pairs and samples become one body of evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.learn.evidence import Evidence
from twinlens.learn.pairs import LeftOut, Pair
from twinlens.numerics.color import encode

Array = npt.NDArray[Any]

COLORLESS, COLORFUL = 0.012, 0.08  # codes between channels: a grey picture, and one that has color
LEAST_RANGE = 0.15  # codes from dark to light, or between channels: less is one color
SHOWN = 4  # reasons told in one sentence
WIDEST_FIRST = ("rec2020", "prophoto", "adobe", "p3", "srgb")


def gathered(pairs: Sequence[Pair], left_out: Sequence[LeftOut], facts: dict[str, Any] | None = None) -> Evidence:
    """The evidence of all pairs. ParameterError, in one sentence, where nothing can be learned from them."""
    if not pairs:
        raise ParameterError(f"nothing to learn from: {_reasons(left_out)}")
    counts = [len(one.blocks.source) for one in pairs]
    parts = {
        name: np.concatenate([getattr(one.blocks, name) for one in pairs])
        for name in ("source", "target", "radius", "noise", "place")
    }
    _check_colors(parts["source"], parts["target"])
    sharp = [one.acutance for one in pairs if one.acutance is not None]
    told = {"acutance_ratio": float(np.median(sharp))} if sharp else {}
    return Evidence(
        **parts,
        picture=np.repeat(np.arange(len(pairs)), counts),
        sources=tuple(one.source for one in pairs),
        space=_space(pairs),
        views=tuple(one.view for one in pairs),
        left_out=tuple((one.name, one.reason) for one in left_out),
        facts={**told, **(facts or {})},
    )


def _reasons(left_out: Sequence[LeftOut]) -> str:
    if not left_out:
        return "no pair was found"
    by_reason = Counter(one.reason for one in left_out)
    first = {one.reason: one.name for one in reversed(left_out)}
    told = [
        f"{first[reason]}: {reason}" if count == 1 else f"{count} files, as {first[reason]}: {reason}"
        for reason, count in by_reason.most_common(SHOWN)
    ]
    more = len(by_reason) - len(told)
    return "; ".join(told) + (f"; and {more} reasons more" if more > 0 else "")


def _check_colors(source: Array, target: Array) -> None:
    """ParameterError where all is of one color."""
    seen, shown = (encode(np.clip(one, 0, 1), "srgb") for one in (source, target))
    low, high = np.percentile(seen.mean(1), (1, 99))
    spread = max(high - low, float(np.percentile(np.ptp(seen, axis=1), 99)))
    if spread < LEAST_RANGE:
        raise ParameterError(
            "all pictures are of one color: a look needs light and dark, and several colors; add other scenes"
        )
    colors = [float(np.percentile(np.ptp(one, axis=1), 99)) for one in (shown, seen)]
    if colors[0] < COLORLESS and colors[1] > COLORFUL:
        raise ParameterError(
            "all reference pictures are monochrome: they tell nothing of color (for black and white use --look mono)"
        )


def _space(pairs: Sequence[Pair]) -> str:
    """The widest space that a reference is in."""
    found = {one.space for one in pairs}
    return next((one for one in WIDEST_FIRST if one in found), "srgb")
