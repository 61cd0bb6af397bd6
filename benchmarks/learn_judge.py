"""Learn judge: how near a look comes to a maker's own pictures of scenes that it was not learned from.

The look develops a raw as a user's; the result is laid on the maker's picture and compared by means of flat blocks:
CIEDE2000 blind, and after the one exposure gain and the one white gain on scene light that bring both nearest.

A look's map alone can be judged too, over the blocks' scene light: a learned one, and beside it the maker's own, which
tells how much of an error no look can help.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from learn_files import TEST, Files, flattened, rendered

from twinlens.core.record import record
from twinlens.learn import aligning
from twinlens.measure.registration import Registration, register, warp
from twinlens.numerics import color
from twinlens.pipeline.develop import develop
from twinlens.pipeline.look import Look
from twinlens.pipeline.recipe import Output, Recipe
from twinlens.pipeline.resolve import resolve
from twinlens.pipeline.scene import scene_light
from twinlens.simulate import maker as makers
from twinlens.stages.camera_color import CameraColor
from twinlens.stages.white_balance import WhiteBalance

Array = npt.NDArray[Any]
Render = Callable[[Array], Array]  # scene light to display light, both (..., 3) in linear Rec. 2020

GAIN_STEP, GAIN_SHORT, GAIN_ROUNDS = 0.02, 0.001, 10  # natural logarithm
DOUBT, INDEPENDENT = 2.0, 100  # CIELAB, what a block is uncertain by; blocks that tell as much as a prior
PRIOR = np.array([0.5, 0.06, 0.06])  # natural logarithms of exposure, red and blue
BLOCK, FLAT, DARK, BRIGHT = 8, 0.05, 2 / 255, 250 / 255  # px; codes
LAID_BY = "natural"  # the maker whose pictures tell where the phone's lie in the reference's
LEAST_SHARE = 0.05  # of the picture that surely shows the same
REC2020_FROM_SRGB = color.rgb_from_rgb("rec2020", "srgb")


@record(eq=False)
class Truth:
    """A raw `source` and the maker's picture `wanted` (H, W, 3), linear sRGB light. `place`: where the developed source
    lies in it (None: on it); `light` (h, w, 3) its scene light by blocks; `mask` (H, W) what both surely show."""

    scene: str
    source: Any
    wanted: Array
    place: Registration | None
    light: Array
    mask: Array


def truths(files: Files, maker: str, *, own: bool) -> list[Truth]:
    """The test scenes as a maker shows them: from raws of the reference camera itself (`own`), or from the phone's.

    A look brings no vignette with it. The phone's raws state their shading, so the reference's truth is made flat too.
    """
    key = maker, own
    if key not in files.kept:
        found = [_truth(files, maker, scene, own) for scene in TEST]
        files.kept = {key: [one for one in found if one.mask.mean() >= LEAST_SHARE]}
    return files.kept[key]


def _truth(files: Files, maker: str, scene: str, own: bool) -> Truth:
    frames = files.frames(scene)
    source = frames["reference" if own else "phone"]
    reference = frames["reference"] if own else flattened(frames["reference"], files.cameras["reference"])
    wanted = linear(rendered(reference, maker, flat=True))
    seen = scene_light(source)
    if own:
        place = aligning.framed(wanted.shape, seen.light.shape)
        assert place is not None
        return Truth(scene, source, wanted, None, _means(warp(seen.light, place)), np.ones(wanted.shape[:2], bool))
    if scene not in files.laid:  # once, by one maker's picture: all show a raw in one geometry
        shown = wanted if maker == LAID_BY else linear(rendered(reference, LAID_BY, flat=True))
        files.laid[scene] = _laid(source, seen.light, shown)
    place, light, mask = files.laid[scene]
    return Truth(scene, source, wanted, place, light, mask)


def _enlarged(light: Array, shape: tuple[int, ...]) -> Array:
    import cv2

    return cv2.resize(light, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)


def _laid(source: Any, light: Array, wanted: Array) -> tuple[Registration | None, Array, Array]:
    """Where a raw lies in what is wanted, its scene light there by blocks, and where (H, W) both are the same thing."""
    shown = linear(np.asarray(develop(source, look="neutral").pixels))
    here, there = (np.clip(color.encode(one), 0, 1).astype(np.float32) for one in (wanted, shown))
    found = register(here, there)
    if found is None:
        return None, _means(np.zeros_like(wanted)), np.zeros(wanted.shape[:2], bool)
    places = np.stack(np.meshgrid(np.arange(wanted.shape[1]), np.arange(wanted.shape[0])), -1)
    return found, _means(warp(_enlarged(light, shown.shape), found)), found.is_sure(places)


def judged(look: Look, files: Files, regime: str, maker: str) -> dict[str, Any]:
    """The errors on every test scene: `raws` on raws of the reference camera, the others on the phone's."""
    rows = [{"scene": one.scene, **_differences(look, one)} for one in truths(files, maker, own=regime[:4] == "raws")]
    keys = ("blind", "blind_p95", "matched", "matched_p95")
    return {**{key: float(np.mean([row[key] for row in rows])) for key in keys}, "scenes": rows}


def linear(codes: Array) -> Array:
    """Linear sRGB light (H, W, 3) of codes uint8."""
    return color.decode(np.arange(256) / 255, "srgb")[codes].astype(np.float32)


def developed(look: Look, truth: Truth, gains: Array) -> Array:
    """Linear sRGB light of a raw developed with a look, its light times gains (3,), where the truth's pixels are."""
    source = truth.source
    edits: Any = {"exposure": {"stops": float(np.log2(gains[1]))}}
    if np.abs(gains / gains[1] - 1).max() > 1e-6:
        source = balanced(source, gains)
    shown = linear(np.asarray(develop(source, look=look, edits=edits).pixels))
    return shown if truth.place is None else warp(shown, truth.place)


def _differences(look: Look, truth: Truth) -> dict[str, float]:
    """CIEDE2000 of the means of flat blocks: blind, and after one exposure gain and one white gain on scene light."""
    shown = developed(look, truth, np.ones(3))
    keep = counted(shown, truth)
    wanted, now = cielab(_means(truth.wanted)[keep]), cielab(_means(shown)[keep])
    gains, then = best_gains(look, truth, keep, wanted, now)
    blind, matched = (color.delta_e_2000(one, wanted) for one in (now, then))
    return {
        "blocks": int(keep.sum()), "blind": float(blind.mean()), "blind_p95": float(np.percentile(blind, 95)),
        "matched": float(matched.mean()), "matched_p95": float(np.percentile(matched, 95)),
        "stops": float(np.log2(gains[1])), "red": float(gains[0] / gains[1]), "blue": float(gains[2] / gains[1]),
    }  # fmt: skip


def best_gains(look: Look, truth: Truth, keep: Array, wanted: Array, now: Array) -> tuple[Array, Array]:
    """(3,) gains on scene light that bring the blocks nearest in CIELAB, large differences counting by their size, and
    the blocks (N, 3) with them: steps of Gauss and Newton from 1, on what the look's own map makes of the scene light
    under the other white (which another matrix comes with), until they are short. With the gains found it is developed.

    The prior decides only where a picture tells nothing of a gain.
    """
    light = truth.light[keep]
    start = _shown(look.map.render, light)
    mixing = _mixing(truth.source)
    log = _nearest(lambda log: now + _shown(look.map.render, light @ mixing(log).T) - start, wanted)
    return gains_of(log), cielab(_means(developed(look, truth, gains_of(log)))[keep])


def by_light(render: Render, files: Files, maker: str) -> dict[str, float]:
    """The errors of a look's map alone, over the phone's light of all test scenes by blocks that are flat in the
    maker's pictures, with each picture's best gains."""
    rows = [_of_map(render, truth) for truth in truths(files, maker, own=False)]
    mean, p95 = np.mean(rows, axis=0)
    return {"matched": float(mean), "matched_p95": float(p95)}


def _of_map(render: Render, truth: Truth) -> tuple[float, float]:
    keep = counted(truth.wanted, truth)
    light, wanted, mixing = truth.light[keep], cielab(_means(truth.wanted)[keep]), _mixing(truth.source)

    def at(log: Array) -> Array:
        return _shown(render, light @ mixing(log).T)

    error = color.delta_e_2000(at(_nearest(at, wanted)), wanted)
    return float(error.mean()), float(np.percentile(error, 95))


def own_look(maker: str) -> Render:
    """The maker's own map of colors."""
    codes = makers.load(maker).color
    return lambda light: color.decode(codes(np.maximum(light, 0)), "srgb") @ color.rgb_from_rgb("rec2020", "srgb").T


def _nearest(at: Callable[[Array], Array], wanted: Array) -> Array:
    """The logarithms (3,) of exposure, red and blue at which blocks `at` them (N, 3) are nearest to those wanted."""
    prior = np.diag(len(wanted) / INDEPENDENT / PRIOR**2)
    log = np.zeros(3)
    for _ in range(GAIN_ROUNDS):
        shown = at(log)
        slopes = np.stack([(at(log + GAIN_STEP * one) - shown) / GAIN_STEP for one in np.eye(3)], -1)
        share = 1 / np.sqrt(1 + np.square((wanted - shown) / DOUBT).sum(-1)) / DOUBT**2
        normal = np.einsum("nci,n,ncj->ij", slopes, share, slopes) + prior
        step = np.linalg.solve(normal, np.einsum("nci,n,nc->i", slopes, share, wanted - shown) - prior @ log)
        log = log + step
        if np.abs(step).max() < GAIN_SHORT:
            break
    return log


def _mixing(source: Any) -> Callable[[Array], Array]:
    """What takes a raw's scene light to that under gains, by their logarithms, (3, 3)."""
    known = np.linalg.inv(rec2020_from_camera(source))

    def mixing(log: Array) -> Array:
        gains = gains_of(log)
        return gains[1] * rec2020_from_camera(balanced(source, gains)) @ known

    return mixing


def balanced(source: Any, gains: Array) -> Any:
    """A raw whose white is such that red and blue are developed with gains (3,), as they are to green's."""
    shot = source.shot
    white = np.array(shot.as_shot_neutral) / (gains / gains[1])
    return source.with_pixels(source.pixels, shot=replace(shot, as_shot_neutral=tuple(white / white.max())))


def rec2020_from_camera(source: Any) -> Array:
    """What develops a raw's own RGB to scene light, (3, 3): the gains of its white and the matrix that goes with it."""
    white, matrix = resolve(Recipe((WhiteBalance(), CameraColor()), Output()), source).stages
    assert isinstance(white, WhiteBalance) and isinstance(matrix, CameraColor) and white.gains is not None
    return matrix.rec2020_from_balanced * np.array(white.gains)


def _shown(render: Render, light: Array) -> Array:
    """CIELAB (N, 3) of what a look's map shows of scene light."""
    return cielab(np.clip(render(light) @ color.rgb_from_rgb("srgb", "rec2020").T, 0, 1))


def gains_of(log: Array) -> Array:
    """(3,) red, green, blue of the logarithms of exposure, red and blue."""
    return np.exp(log[0] + np.array([log[1], 0.0, log[2]]))


def counted(shown: Array, truth: Truth) -> Array:
    """Which blocks (h, w) count: surely the same, flat in both, neither dark nor bright."""
    spread = [_blocks(np.clip(color.encode(one), 0, 1)).std((1, 3)).max(-1) for one in (shown, truth.wanted)]
    codes = _blocks(color.encode(truth.wanted))
    keep = (np.maximum(*spread) < FLAT) & np.all(_blocks(truth.mask[..., None]), axis=(1, 3))[..., 0]
    return keep & (codes.max((1, 3, 4)) < BRIGHT) & (codes.mean((1, 3)).max(-1) > DARK)


def _blocks(picture: Array) -> Array:
    """(h, BLOCK, w, BLOCK, C) of a picture (H, W, C)."""
    height, width = (size // BLOCK for size in picture.shape[:2])
    return picture[: height * BLOCK, : width * BLOCK].reshape(height, BLOCK, width, BLOCK, -1)


def _means(picture: Array) -> Array:
    """The means (h, w, C) of blocks."""
    return _blocks(picture).mean((1, 3))


def cielab(light: Array) -> Array:
    """CIELAB (..., 3) under D50 of linear sRGB light (..., 3)."""
    return color.lab_from_xyz(np.asarray(light, float) @ (color.XYZ_D50_FROM_REC2020 @ REC2020_FROM_SRGB).T)
