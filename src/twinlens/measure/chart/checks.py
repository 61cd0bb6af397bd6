"""Checks: what is wrong with a photograph of a chart, a sentence each with what to do.

Light that reaches the patches is modelled by the neutral patches and by all patches at once: seen = light × chart
color × a plane over the chart, plus a veil. What the model cannot explain names the fault.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twinlens.core.chart import Chart, Patch
from twinlens.core.image import Array
from twinlens.measure.chart.match import Hypothesis, reference
from twinlens.measure.chart.pose import Pose
from twinlens.measure.chart.refine import Refined
from twinlens.numerics import color

VEIL = 0.015  # of white: a black patch lifted more than this is glare
UNEVEN_EV = 0.33  # change of the light across the chart
SHADOW_EV = 0.5  # a step of the light within the chart
STEP_FIT = 0.55  # share of what a plane leaves that a step in its place must explain
STEP_CLEAR = 3.0  # of the spread about it, that a step must have
LEAST_Y = 0.045  # luminance below which a patch says little of the light
DIM = 0.10  # of white: the lightest patch is darker
SMALL_PX = 10.0  # side of a patch
TILTED = 2.0  # ratio of the largest to the smallest patch
POOR_SCORE = 0.93  # agreement below which the type or state of the chart is doubted
RIDGE = 1e-9  # for terms that are all alike
BLURRED = 0.06  # residual of the edges, in patches


def warnings(
    pose: Pose, measured: Sequence[Patch], hypothesis: Hypothesis, refined: Refined, step: float
) -> tuple[str, ...]:
    """Sentences about a measured chart; `step` is the plate's pixel in pixels of the full-size picture."""
    chart = pose.chart
    rgb = np.array([patch.rgb for patch in measured])
    usable = np.array([patch.quality not in ("outside", "clipped", "uneven") for patch in measured])
    told = [*_of_place(pose, hypothesis, step), *_of_quality(measured), *_of_light(chart, rgb, usable)]
    if hypothesis.score < POOR_SCORE:
        told.append(
            f"the colors agree with a {chart.title} only by {hypothesis.score:.2f} (a clean chart has 0.95 and more): "
            "check the type of the chart (--kind), its age, shadows and reflections"
        )
    if refined.residual_px > max(BLURRED * pose.patch_px(), 1.5):
        told.append(
            "the edges of the patches do not fit a flat chart: it is bent or covered; lay it flat and shoot again"
        )
    return tuple(told)


def _of_place(pose: Pose, hypothesis: Hypothesis, step: float) -> list[str]:
    told = []
    if hypothesis.mirrored:
        told.append("the picture shows the chart mirrored: turn the picture over before it is used")
    side = pose.patch_px() * step
    if side < SMALL_PX:
        told.append(
            f"the patches are only {side:.0f} px wide: go nearer, until they have {2 * SMALL_PX:.0f} px and more"
        )
    outlines = pose.outlines()
    x, y = outlines[..., 0], outlines[..., 1]
    boxes = pose.boxes()
    mm2 = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    areas = np.abs((x * np.roll(y, -1, 1) - np.roll(x, -1, 1) * y).sum(1)) / mm2
    if areas.max() > TILTED * areas.min():
        told.append("the chart is seen at a steep angle: hold the camera squarely to it")
    return told


def _of_quality(measured: Sequence[Patch]) -> list[str]:
    told = []
    sentences = {
        "clipped": "clipped ({names}): expose less",
        "dark": "nearly black ({names}): expose more",
        "uneven": "uneven ({names}): look for a shadow's edge, a reflection or something that covers them",
        "outside": "not wholly in the picture ({names}): leave room around the chart",
    }
    for quality, sentence in sentences.items():
        names = [patch.name for patch in measured if patch.quality == quality]
        if names:
            shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
            verb = "patch is" if len(names) == 1 else "patches are"
            told.append(f"{len(names)} {verb} {sentence.format(names=shown)}")
    return told


def _of_light(chart: Chart, rgb: Array, usable: Array) -> list[str]:
    told = []
    lightest = np.argsort(chart.lab[:, 0])[-1]
    if np.isfinite(rgb[lightest]).all() and rgb[lightest].max() < DIM:
        told.append(f"the lightest patch has only {rgb[lightest].max():.0%} of white: expose more")
    if usable.sum() < MOST_TERMS + 4:
        return told
    veil = glare(chart, rgb, usable)
    if veil > VEIL:
        told.append(
            f"glare: the dark patches are lifted by about {veil:.1%} of white; turn chart or light, shade the lens, "
            "put dark cloth around"
        )
    plane, step = light_field(chart, rgb, usable, veil)
    if step > SHADOW_EV:
        told.append(f"the chart lies in two lights or half in a shadow (a step of {step:.1f} EV): light it evenly")
    elif plane > UNEVEN_EV:
        told.append(
            f"the light changes by {plane:.1f} EV across the chart: light it evenly or move it away from the lamp"
        )
    return told


MOST_TERMS = 6


def relative_y(chart: Chart) -> Array:
    """Luminance of the patches (N,), a perfect white at 1."""
    return color.xyz_from_lab(chart.lab)[:, 1]


def glare(chart: Chart, rgb: Array, usable: Array) -> float:
    """The veil over the chart relative to white: the offset of a line through the neutral patches, from the dark end.

    Only where the picture's tones are linear is the offset light; a rendered picture's black point counts as well.
    """
    greys = chart.greys[usable[chart.greys]]
    if len(greys) < 4:
        return 0.0
    wanted = relative_y(chart)[greys]
    seen = rgb[greys] / np.maximum(rgb[greys[-1:]] / wanted[-1], 1e-9)
    dark = wanted < 0.45
    if dark.sum() < 3:
        return 0.0
    terms = np.stack([wanted[dark], np.ones(dark.sum())], 1) / wanted[dark, None]
    target = seen[dark].mean(1) / wanted[dark]
    slope, offset = np.linalg.lstsq(terms, target, rcond=None)[0]
    return float(max(offset / max(slope, 1e-3), 0.0))


def light_field(chart: Chart, rgb: Array, usable: Array, veil: float) -> tuple[float, float]:
    """How much the light changes across the chart, in EV: by a plane, and by a step along the best straight line.

    The light of a patch is its brightness over what an affine map of the chart's colors predicts, both as cube roots;
    what goes with lightness is the tone curve's, not the light's.
    """
    chosen = usable & np.isfinite(rgb).all(1) & (relative_y(chart) > LEAST_Y)
    seen = np.cbrt(np.maximum(rgb - veil * np.nanmax(rgb, 0), 0))[chosen]
    own = np.concatenate([np.ones((chosen.sum(), 1)), reference(chart.name)[chosen]], 1)
    place = (chart.centers - chart.centers.mean(0))[chosen]
    place = place / np.abs(place).max()
    light, fit, left = np.ones(len(seen)), np.zeros(2), np.float64(0)
    terms, stops = own, light
    for _ in range(5):
        mapped = own @ np.linalg.lstsq(own * light[:, None], seen, rcond=None)[0]
        ratio = (seen * mapped).sum(1) / np.maximum((mapped**2).sum(1), 1e-9)
        stops = 3 * np.log2(np.clip(ratio, 0.3, 3))
        tone = (mapped.mean(1) - mapped.mean()) / max(float(np.std(mapped.mean(1))), 1e-6)
        terms = np.concatenate([np.ones((len(tone), 1)), tone[:, None], tone[:, None] ** 2, place], 1)
        (fit,), (left,) = _robust(terms[None], stops)
        light = 2 ** (place @ fit[-2:] / 3)
    step = _step(terms[:, :-2], place, stops, float(left)) if chart.is_reference else 0.0
    return float(np.ptp(place @ fit[-2:])), step


def _step(terms: Array, place: Array, stops: Array, left: float) -> float:
    """The step of the light, in EV, along the line that explains most beyond `terms`; 0 where it explains little
    more than the plane that leaves `left`."""
    angles = np.radians(np.arange(0, 180, 15))
    along = place @ np.stack([np.cos(angles), np.sin(angles)])
    cuts = np.quantile(along, (0.2, 0.35, 0.5, 0.65, 0.8), axis=0) + 1e-6
    beyond = (along[None] > cuts[:, None]).transpose(0, 2, 1).reshape(-1, len(place), 1)
    found, rest = _robust(np.concatenate([np.broadcast_to(terms, (len(beyond), *terms.shape)), beyond], 2), stops)
    gain = np.where(np.abs(found[:, -1]) > STEP_CLEAR * np.sqrt(rest), 1 - rest / max(left, 1e-9), 0.0)
    best = int(np.argmax(gain))
    return abs(float(found[best, -1])) if gain[best] > STEP_FIT else 0.0


def _robust(terms: Array, target: Array) -> tuple[Array, Array]:
    """Least squares with outliers weighted down, of one target (N,) by each of several sets of terms (K, N, T): the
    coefficients (K, T) and the weighted mean squares that are left (K,)."""
    weight = np.ones(terms.shape[:2])
    found, off = np.zeros((len(terms), terms.shape[2])), np.zeros(terms.shape[:2])
    for _ in range(4):
        weighted = (terms * weight[..., None] ** 2).transpose(0, 2, 1)
        normal = weighted @ terms + RIDGE * np.eye(terms.shape[2])
        found = np.linalg.solve(normal, (weighted @ target)[..., None])[..., 0]
        off = target - (terms @ found[..., None])[..., 0]
        limit = np.maximum(2.0 * 1.4826 * np.median(np.abs(off), axis=1), 0.02)[:, None]
        weight = np.sqrt(np.minimum(1.0, limit / np.maximum(np.abs(off), 1e-9)))
    return found, ((off * weight) ** 2).mean(1)
