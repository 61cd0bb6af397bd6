"""Look fit: evidence of many pictures becomes a look, with what is known of how good it is and where."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.learn import rendering
from twinlens.learn.alike import merged
from twinlens.learn.base import Freedom, Rows
from twinlens.learn.color_map import MOST_ROWS, check_relation, difference, errors, held_out
from twinlens.learn.coverage import Coverage, even_weights
from twinlens.learn.evidence import Evidence
from twinlens.learn.lights import light_groups, light_rows, seen_under
from twinlens.learn.look_result import LookFit, PictureFit, WorstColor
from twinlens.learn.order import kept
from twinlens.learn.vignette import corners
from twinlens.measure.look import learned, with_learned
from twinlens.numerics import color
from twinlens.pipeline.look import Look

Array = npt.NDArray[Any]
LightRows = tuple[tuple[float, ...], ...]

CHART_WORTH = 10.0  # pictures
FEWEST_ROWS = 24
LOCAL_TONE = 0.12  # EV, robust spread of a picture, from which it is worth saying
CODE_A_STOP = 0.12  # display code that one stop changes in the middle tones


def fit_look(
    evidence: Evidence,
    *,
    name: str = "learned",
    exposures: bool = True,
    whites: bool | None = None,
    vignette: bool | None = None,
    smoothing: float | None = None,
) -> LookFit:
    """The look that the evidence shows.

    `exposures`: every picture has an exposure of its own (their mean is kept). `whites`: every picture has a white of
    its own; None: where pictures were not aligned by construction (`Source.shift` above 0), else every light has one.
    `vignette`: the source's vignette is found; None: where radii are known. Raises ParameterError for a hopeless set,
    in one sentence.
    """
    rows = merged(_rows(evidence))
    groups = {k: light for k, light in light_groups(evidence).items() if k in rows.picture}
    many = len(evidence.sources) > 1
    handheld = any(one.shift > 0 for one in evidence.sources)
    lights = () if handheld or whites else _lights(groups, rows.pictures)
    freedom = Freedom(
        gain=exposures and many,
        white=many and (handheld or len(lights) > 0 if whites is None else whites),
        vignette=bool(np.isfinite(rows.radius).any()) if vignette is None else vignette,
        unlike=_of_photographs(evidence),
        lights=lights,
    )
    found = rendering.fit(
        rendering.thinned(rows, MOST_ROWS, apart=freedom.unlike), freedom, evidence.space, smoothing=smoothing
    )
    check_relation(found, rows)
    local = _local(found, rows, evidence)
    if local.max(initial=0) > LOCAL_TONE:  # what no global look explains is noise to it
        rows = replace(rows, noise=np.hypot(rows.noise, CODE_A_STOP * local[rows.picture]))
        found = rendering.fit(
            rendering.thinned(rows, MOST_ROWS, apart=freedom.unlike), freedom, evidence.space, smoothing=smoothing
        )
        local = _local(found, rows, evidence)
    by_light = light_rows(found.map.transform, found.base, groups, handheld=handheld)
    found, by_light = in_order(found, by_light)
    return _told(evidence, name, found, rows, freedom, groups, by_light, local, smoothing)


def _of_photographs(evidence: Evidence) -> bool:
    """Whether several pictures are learned from: what they leave is alike in all places of a color."""
    return len(evidence.sources) > 1 and any(one.kind == "picture" for one in evidence.sources)


def _lights(groups: dict[int, float], pictures: int) -> tuple[int, ...]:
    """The number of each picture's light, () where all are of one; one that does not tell its light has its own."""
    numbers = {light: number for number, light in enumerate(sorted(set(groups.values())))}
    if len(numbers) < 2:
        return ()
    return tuple(numbers[groups[k]] if k in groups else len(numbers) + k for k in range(pictures))


def in_order(found: rendering.Rendering, lights: LightRows) -> tuple[rendering.Rendering, LightRows]:
    """A rendering and rows of lights, under each of which colors keep their order."""
    stage = kept(replace(found.map, lights=lights))
    calmer = ("the residual was calmed where the order of colors would have changed under a light",)
    left = ("the lights' whites are left out: with them the order of colors would change",)
    notes = calmer * (stage.table != found.map.table) + left * (stage.lights != lights)
    return replace(found, map=replace(found.map, table=stage.table), notes=(*found.notes, *notes)), stage.lights


def _told(
    evidence: Evidence, name: str, found: rendering.Rendering, rows: Rows, freedom: Freedom,
    groups: dict[int, float], lights: LightRows, local: Array, smoothing: float | None,
) -> LookFit:  # fmt: skip
    """The look with all that is known of it."""
    space, used = evidence.space, rendering.thinned(rows, MOST_ROWS, apart=freedom.unlike)
    error = errors(found, rows, space)
    blind, matched = held_out(found, used, freedom, space, smoothing)
    pictures = tuple(
        _picture(k, evidence, found, error, (blind, matched), rows, used, local[k])
        for k in range(len(evidence.sources))
    )
    apart, alone = matched[np.isfinite(matched)], blind[np.isfinite(blind)]
    notes = (*found.notes, *_notes(evidence, groups, local))
    mean, p95 = (float(apart.mean()), float(np.percentile(apart, 95))) if len(apart) else (None, None)
    fit = LookFit(
        Look(name=name, map=replace(found.map, lights=lights)), float(error.mean()), "Delta E 2000", len(error), mean,
        residual_p95=float(np.percentile(error, 95)), held_out_p95=p95,
        blind=float(alone.mean()) if len(alone) else None,
        blind_p95=float(np.percentile(alone, 95)) if len(alone) else None,
        pictures=pictures, coverage=Coverage.of(rows, space), worst=_worst(evidence, found, rows, error),
        vignette=(float(found.base.vignette[0]), float(found.base.vignette[1])),
        corners=corners(found, rows) if freedom.vignette else None,
        local_stops=float(np.median(local)), smoothing=found.smoothing, left_out=evidence.left_out,
        lights=tuple(sorted(set(groups.values()))), notes=notes,
    )  # fmt: skip
    told: Any = fit
    return replace(fit, value=with_learned(fit.value, learned(told, display=evidence.target)))


def _notes(evidence: Evidence, groups: dict[int, float], local: Array) -> list[str]:
    notes = []
    if len(evidence.sources) == 1:
        notes.append("learned from one picture alone: what it does not show is a guess")
    if said := seen_under(groups):
        notes.append(said)
    strong = float(np.median(local)) if len(local) else 0.0
    if strong > LOCAL_TONE:
        notes.append(
            f"reference rendered with strong local tone: {strong:.2f} EV of brightness change from place to place, "
            f"which no look explains"
        )
    return notes


def _rows(evidence: Evidence) -> Rows:
    """The rows of evidence that can be used, each with its weight."""
    source, target = np.array(evidence.source, float), np.array(evidence.target, float)
    good = np.isfinite(source).all(1) & np.isfinite(target).all(1) & (source.max(1, initial=0) > 0)
    if good.sum() < FEWEST_ROWS:
        raise ParameterError(
            f"nothing can be learned: {int(good.sum())} corresponding colors were found, {FEWEST_ROWS} are needed"
        )
    source, target = source[good], target[good]
    codes = np.clip(color.encode(np.clip(target @ color.rgb_from_rgb(evidence.space, "rec2020").T, 0, 1)), 0, 1)
    if np.ptp(codes, axis=0).max() < 0.02 or np.ptp(source, axis=0).max() < 1e-3 * source.max():
        raise ParameterError("nothing can be learned: all colors are the same")
    picture, radius, noise = (np.asarray(one)[good] for one in (evidence.picture, evidence.radius, evidence.noise))
    worth = np.array([CHART_WORTH if one.kind == "chart" else 1.0 for one in evidence.sources])[picture]
    return Rows(
        source=source, target=codes, picture=picture.astype(int), radius=radius.astype(float),
        weight=even_weights(codes, worth, picture if _of_photographs(evidence) else None),
        noise=np.nan_to_num(noise.astype(float)), worth=worth,
    )  # fmt: skip


def _local(found: rendering.Rendering, rows: Rows, evidence: Evidence) -> Array:
    """Each picture's spread (robust, in stops of display luminance) that the look leaves."""
    luma = color.xyz_from_rgb(evidence.space)[1]
    shown = color.decode(rendering.shown_codes(found.map, found.base.light(rows))) @ luma
    wanted = color.decode(rows.target) @ luma
    stops = np.log2(np.maximum(shown, 0.002) / np.maximum(wanted, 0.002))
    each = []
    for index in range(len(evidence.sources)):
        own = stops[rows.picture == index]
        each.append(1.4826 * np.median(np.abs(own - np.median(own))) if len(own) else 0.0)
    return np.array(each)


def _picture(
    index: int, evidence: Evidence, found: rendering.Rendering, error: Array, folds: tuple[Array, Array], rows: Rows,
    used: Rows, local: float,
) -> PictureFit:  # fmt: skip
    source, base = evidence.sources[index], found.base
    own = error[rows.picture == index]
    blind, apart = (values[(used.picture == index) & np.isfinite(values)] for values in folds)
    known = index < len(base.gains)
    return PictureFit(
        name=source.name, kind=source.kind, cct=source.cct, samples=len(own),
        gain_stops=float(base.gains[index] / np.log(2)) if known else 0.0,
        white=(float(np.exp(base.whites[index, 0])), float(np.exp(base.whites[index, 2]))) if known else (1.0, 1.0),
        mean=float(own.mean()) if len(own) else float("nan"),
        p95=float(np.percentile(own, 95)) if len(own) else float("nan"),
        held_out_mean=float(apart.mean()) if len(apart) else None,
        held_out_p95=float(np.percentile(apart, 95)) if len(apart) else None,
        blind_mean=float(blind.mean()) if len(blind) else None,
        blind_p95=float(np.percentile(blind, 95)) if len(blind) else None,
        local_stops=float(local), notes=source.notes,
    )  # fmt: skip


WORST = 5


def _worst(evidence: Evidence, found: rendering.Rendering, rows: Rows, error: Array) -> tuple[WorstColor, ...]:
    """Five places that are missed most, no two of the same color."""
    matrix = color.rgb_from_rgb("srgb", evidence.space)
    shown = rendering.shown_codes(found.map, found.base.light(rows))
    chosen: list[int] = []
    for index in np.argsort(-error):
        near = [difference(rows.target[index][None], rows.target[other][None], evidence.space)[0] for other in chosen]
        if not near or min(near) > 10:
            chosen.append(int(index))
        if len(chosen) == WORST:
            break

    def codes(values: Array) -> tuple[float, float, float]:
        srgb = np.clip(color.encode(color.decode(values) @ matrix.T), 0, 1) * 255
        return tuple(float(one) for one in np.round(srgb, 1))  # pyright: ignore[reportReturnType]

    return tuple(
        WorstColor(
            picture=evidence.sources[rows.picture[k]].name,
            scene=tuple(rows.source[k].tolist()),
            wanted=codes(rows.target[k]),
            shown=codes(shown[k]),
            delta_e=float(error[k]),
        )
        for k in chosen
    )
