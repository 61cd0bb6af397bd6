"""Blending: the look between two looks, itself a look."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from twinlens.core.errors import ParameterError
from twinlens.core.look import Table, keep_table, table_of
from twinlens.numerics import color, curve
from twinlens.numerics.lut import identity_table, tetrahedral
from twinlens.pipeline.look.model import FINISH_RANGES, Finish, Look
from twinlens.stages import look_map
from twinlens.stages.look_map import LookMap

STOPS = np.arange(-24, 11) / 2  # where a blended curve gets its nodes: half stops, -12 to +5


def blend(one: Look, other: Look, share: float) -> Look:
    """The look between two: `share` 0 is `one`, 1 is `other`; every number of the two is mixed."""
    if not 0 <= share <= 1:
        raise ParameterError(f"blend share = {share:g} is outside 0 to 1")
    if share in (0, 1):
        return other if share else one
    made = {"blend": [one.name, other.name], "share": share, "parts": [one.provenance, other.provenance]}
    return Look(
        name=f"{one.name}-{other.name}-{share:.2f}",
        description=f"{1 - share:.0%} {one.name}, {share:.0%} {other.name}",
        map=_mixed_map(one.map, other.map, share),
        finish=Finish(
            **{key: _mix(getattr(one.finish, key), getattr(other.finish, key), share) for key in FINISH_RANGES}
        ),
        provenance=made,
    )


def _mix(one: Any, other: Any, share: float) -> Any:
    return (1 - share) * one + share * other


def _mixed_map(one: LookMap, other: LookMap, share: float) -> LookMap:
    values: dict[str, Any] = {
        key: _mix(getattr(one, key), getattr(other, key), share) for key in ("exposure", "saturation", "skin")
    }
    sectors = _mix(np.asarray(one.sectors), np.asarray(other.sectors), share)
    values["sectors"] = tuple(map(tuple, sectors.tolist()))
    if one.lights or other.lights:
        ccts = sorted({row[0] for stage in (one, other) for row in stage.lights})
        values["lights"] = tuple((cct, *_transform(one, other, share, cct).ravel().tolist()) for cct in ccts)
    else:
        values["transform"] = tuple(map(tuple, _transform(one, other, share).tolist()))
    values["table"] = _mixed_table(one.table, other.table, share)
    return LookMap(**values, **_mixed_curve(one, other, share))


def _transform(one: LookMap, other: LookMap, share: float, cct: float | None = None) -> np.ndarray:
    """The root-polynomial (3, N) between two under a light; the shorter one has zeros for the terms that it lacks."""
    rows = [look_map.transform_of(replace(stage, cct=cct)) for stage in (one, other)]
    columns = max(one.shape[1] for one in rows)
    wide = [np.pad(one, ((0, 0), (0, columns - one.shape[1]))) for one in rows]
    return _mix(wide[0], wide[1], share)


def _mixed_curve(one: LookMap, other: LookMap, share: float) -> dict[str, Any]:
    keys = ("keep_hue", "keep_saturation")
    if one.curve == "none" or other.curve == "none":
        shown = one if other.curve == "none" else other
        values: dict[str, Any] = {"space": shown.space, **{key: getattr(shown, key) for key in keys}}
    elif one.space != other.space:
        raise ParameterError(f"looks with tone curves in {one.space} and {other.space} cannot be blended")
    else:
        kept = {key: _mix(getattr(one, key), getattr(other, key), share) for key in keys}
        values = {"space": one.space, **kept}
    if one.curve == other.curve == "none":
        return values
    if one.curve == other.curve == "film":
        keys = ("middle", "contrast", "toe")
        values |= {key: getattr(one, key) ** (1 - share) * getattr(other, key) ** share for key in keys}
        return {**values, "curve": "film", "white": _mix(one.white, other.white, share)}
    light = np.repeat((curve.MID_GREY * np.exp2(STOPS))[:, None], 3, 1)
    codes = _mix(look_map.tone_of(one)(light), look_map.tone_of(other)(light), share)
    shown = color.encode(curve.decode_tone(codes)).T
    rows = shown[:1] if np.ptp(shown, axis=0).max() < 1e-9 else shown
    return {**values, "curve": "nodes", "nodes": (tuple(STOPS.tolist()), *map(tuple, rows.tolist()))}


def _mixed_table(one: str, other: str, share: float) -> str:
    """The hash of the mix of two residual tables; none counts as no change."""
    if not one and not other:
        return ""
    tables = [table_of(name) if name else None for name in (one, other)]
    size = max(table.size for table in tables if table)
    grid = identity_table(size)
    values = [grid if table is None else tetrahedral(grid * (table.size - 1), table.values) for table in tables]
    return keep_table(Table(_mix(values[0], values[1], share)))
