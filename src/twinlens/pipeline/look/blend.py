"""Blending: the look between two looks, itself a look.

Every number of the two is mixed. Looks whose curves work in different primaries have no numbers between them: what
the mixed numbers show is led to the mix of what both looks show (`between`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from twinlens.core.errors import ParameterError
from twinlens.core.look import Table, keep_table, table_of
from twinlens.numerics import color, curve, look
from twinlens.numerics.lut import identity_table
from twinlens.pipeline.look import between
from twinlens.pipeline.look.check import problems
from twinlens.pipeline.look.model import FINISH_RANGES, Finish, Look
from twinlens.stages import look_map
from twinlens.stages.look_map import LookMap

GAMUTS = ("srgb", "p3", "adobe", "rec2020", "prophoto")  # in which looks are cut, from the smallest
STOPS = np.arange(-24, 11) / 2  # where a blended curve gets its nodes: half stops, -12 to +5
COLORS = (0.02, 0.1, 0.3, 0.6, 1.0)  # light of a channel, of the colors by which a 3x3 is the nearest
CLOSEST = 0.02  # stops: nodes that are nearer to the one before are left out


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
    has_space = [stage.curve != "none" or stage.compression != 0 for stage in (one, other)]
    if (all(has_space) and one.space != other.space) or between.gamut_of(one) != between.gamut_of(other):
        return _mixed_pictures(one, other, share)
    mixed = _mixed_numbers(one, other, share)
    if not problems(mixed):
        return mixed
    shown = _mixed_numbers(one, other, share, highest=1.0)  # light over white, which one of them keeps apart, as white
    return mixed if problems(shown) else shown


def _mixed_numbers(one: LookMap, other: LookMap, share: float, highest: float = np.inf) -> LookMap:
    """The look of mixed numbers; `highest` is the tone code above which the curves count as white."""
    values: dict[str, Any] = {
        key: _mix(getattr(one, key), getattr(other, key), share)
        for key in ("exposure", "compression", "saturation", "skin")
    }
    sectors = _mix(np.asarray(one.sectors), np.asarray(other.sectors), share)
    values["sectors"] = tuple(map(tuple, sectors.tolist()))
    values["table"] = _mixed_table(one.table, other.table, share)
    if between.gamut_of(one) != between.OPEN:
        values["gamut"] = between.gamut_of(one)
    return _with_curve({**values, **_mixed_light(one, other, share)}, one, other, share, highest)


def _mixed_pictures(one: LookMap, other: LookMap, share: float) -> LookMap:
    """The mix of numbers in the primaries of one look, led to the mix of what the two show, as far as that is valid."""
    nearer, further = (one, other) if share <= 0.5 else (other, one)
    parts = _in_one_gamut(one, other)
    bases = [
        _mixed_numbers(replace(parts[0], space=space), replace(parts[1], space=space), share)
        for space in dict.fromkeys((nearer.space, further.space))
    ]
    for base in bases:
        for table in between.corrections(_daylight(base), _daylight(one), _daylight(other), share):
            led = replace(base, table=keep_table(table))
            if not problems(led):
                return led
    plain = _straight(parts[0]), _straight(parts[1])
    straight = [
        _mixed_numbers(replace(plain[0], space=base.space), replace(plain[1], space=base.space), share)
        for base in bases
    ]
    return next((base for base in (*bases, *straight) if not problems(base)), bases[0])


def _straight(stage: LookMap) -> LookMap:
    """The stage with the nearest 3x3 in place of its root-polynomial, without table: of these the mix keeps its order
    even where one of two looks has cut colors or has none at all."""
    lights = tuple((row[0], *_nearest(np.reshape(row[1:], (3, -1))).ravel().tolist()) for row in stage.lights)
    rows = _nearest(np.asarray(stage.transform)).tolist()
    return replace(stage, transform=tuple(map(tuple, rows)), lights=lights, table="")


def _nearest(transform: np.ndarray) -> np.ndarray:
    """The 3x3 nearest to a root-polynomial (3, N) over colors of all kinds, with its greys."""
    light = np.stack(np.meshgrid(*[COLORS] * 3), -1).reshape(-1, 3)
    weight = 1 / light.mean(1, keepdims=True)
    shown = look.root_terms(light, transform.shape[1]) @ transform.T
    found = np.linalg.lstsq(light * weight, shown * weight, rcond=None)[0].T
    return found * (transform.sum(1) / found.sum(1))[:, None]


def _in_one_gamut(one: LookMap, other: LookMap) -> tuple[LookMap, LookMap]:
    """The two with one gamut: the larger of those that a look is cut in. A table over other primaries is left out."""
    gamuts = [between.gamut_of(stage) for stage in (one, other)]
    if gamuts[0] == gamuts[1]:
        return one, other
    common: dict[str, Any] = {"gamut": max((name for name in gamuts if name != between.OPEN), key=GAMUTS.index)}
    alone = [stage if gamut == common["gamut"] else replace(stage, table="", **common)
             for stage, gamut in zip((one, other), gamuts, strict=True)]  # fmt: skip
    return alone[0], alone[1]


def _daylight(stage: LookMap) -> LookMap:
    return replace(stage, cct=look_map.DAYLIGHT_CCT) if stage.lights else stage


def _with_curve(values: dict[str, Any], one: LookMap, other: LookMap, share: float, highest: float) -> LookMap:
    """The stage with the mixed curve; as nodes where no film curve has the mixed numbers."""
    try:
        return LookMap(**values, **_mixed_curve(one, other, share, highest))
    except ParameterError:
        return LookMap(**values, **_mixed_nodes(one, other, share, highest))


def _mixed_light(one: LookMap, other: LookMap, share: float) -> dict[str, Any]:
    """The transform, by light where one of the looks knows several."""
    if one.lights or other.lights:
        ccts = sorted({row[0] for stage in (one, other) for row in stage.lights})
        return {"lights": tuple((cct, *_transform(one, other, share, cct).ravel().tolist()) for cct in ccts)}
    return {"transform": tuple(map(tuple, _transform(one, other, share).tolist()))}


def _transform(one: LookMap, other: LookMap, share: float, cct: float | None = None) -> np.ndarray:
    """The root-polynomial (3, N) between two under a light; the shorter one has zeros for the terms that it lacks."""
    rows = [look_map.transform_of(replace(stage, cct=cct)) for stage in (one, other)]
    columns = max(one.shape[1] for one in rows)
    wide = [np.pad(one, ((0, 0), (0, columns - one.shape[1]))) for one in rows]
    return _mix(wide[0], wide[1], share)


def _mixed_curve(one: LookMap, other: LookMap, share: float, highest: float) -> dict[str, Any]:
    if one.curve == other.curve == "none":
        return _mixed_kept(one, other, share)
    if one.curve != "film" or other.curve != "film":
        return _mixed_nodes(one, other, share, highest)
    keys = ("middle", "contrast", "toe")
    values: dict[str, Any] = {key: getattr(one, key) ** (1 - share) * getattr(other, key) ** share for key in keys}
    return {**_mixed_kept(one, other, share), **values, "curve": "film", "white": _mix(one.white, other.white, share)}


def _mixed_kept(one: LookMap, other: LookMap, share: float) -> dict[str, Any]:
    """The process space, and how much of the scene's hue and saturation survives."""
    keys = ("keep_hue", "keep_saturation")
    if "none" in (one.curve, other.curve):
        shown = one if other.curve == "none" else other
        return {"space": shown.space, **{key: getattr(shown, key) for key in keys}}
    return {"space": one.space, **{key: _mix(getattr(one, key), getattr(other, key), share) for key in keys}}


def _mixed_nodes(one: LookMap, other: LookMap, share: float, highest: float) -> dict[str, Any]:
    """The mixed curve as nodes, at half stops and at the looks' own."""
    stops = _stops(one, other)
    light = np.repeat((curve.MID_GREY * np.exp2(stops))[:, None], 3, 1)
    first, second = (np.minimum(look_map.tone_of(stage)(light), highest) for stage in (one, other))
    codes = _mix(first, second, share)
    shown = color.encode(curve.decode_tone(codes)).T
    rows = shown[:1] if np.ptp(shown, axis=0).max() < 1e-9 else shown
    nodes = (tuple(stops.tolist()), *map(tuple, np.maximum.accumulate(rows, axis=1).tolist()))
    return {**_mixed_kept(one, other, share), "curve": "nodes", "nodes": nodes}


def _stops(one: LookMap, other: LookMap) -> np.ndarray:
    """Half stops, and the nodes of the looks that lie between them."""
    own = [stage.nodes[0] for stage in (one, other) if stage.curve == "nodes"]
    found = np.unique(np.round(np.concatenate([STOPS, *map(np.asarray, own)]), 6))
    found = found[(found >= STOPS[0]) & (found <= STOPS[-1])]
    return found[np.concatenate([[True], np.diff(found) > CLOSEST])]


def _mixed_table(one: str, other: str, share: float) -> str:
    """The hash of the mix of two residual tables; none counts as no change."""
    if not one and not other:
        return ""
    size = max(table_of(name).size for name in (one, other) if name)
    grid = identity_table(size)
    values = [look_map.residual(name, grid) if name else grid for name in (one, other)]
    return keep_table(Table(_mix(values[0], values[1], share)))
