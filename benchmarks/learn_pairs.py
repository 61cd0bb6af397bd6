"""Learn pairs: looks learned from files, end to end, judged on other scenes.

One command: `python benchmarks/learn_pairs.py --root DIR` (where the packages with the photographs are, see
`learn_files.py`). Every maker's pictures are simulated files; `learn` reads them as a user's, the look develops raws of
scenes that it has not seen, and the result is compared with the maker's own rendering of those scenes, block by block.
`--only REGIME,...` and `--makers NAME,...` limit what is run; the other figures are kept.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from learn_files import TEST, Files, rendered
from record import RESULTS, save

from twinlens.core.errors import TwinlensError
from twinlens.learn import Evidence, aligning, fit_look, two_cameras
from twinlens.learn.learning import evidence_of
from twinlens.measure.registration import register, warp
from twinlens.numerics import color
from twinlens.pipeline.develop import develop
from twinlens.pipeline.look import Look

Array = npt.NDArray[Any]

MAKERS = ("natural", "cinematic", "random:1", "random:3", "random:4", "smartphone")
EXEMPT = ("smartphone",)  # local tone: no look of one map of colors can reach it
LIMITS = {  # mean, p95 of the gain-matched CIEDE2000 on held-out scenes
    "raws-10": (0.8, 2.0), "raws-3": (1.3, 3.5), "handheld-10": (1.0, 2.2), "handheld-3": (1.3, 3.5),
    "moving-10": (1.3, 3.0),
}  # fmt: skip
GAIN_STEP, CODE_DOUBT = 0.05, 0.01  # natural logarithm; codes, what a block is uncertain by
BLOCK, FLAT, DARK, BRIGHT = 8, 0.05, 2 / 255, 250 / 255  # px; codes
REC2020_FROM_SRGB = color.rgb_from_rgb("rec2020", "srgb")


def evidence(files: Files, regime: str, maker: str) -> Evidence:
    """What `learn` makes of the files of a regime."""
    kind, _, count = regime.partition("-")
    if kind == "raws":
        return evidence_of(from_raws=files.own("reference", maker, int(count)))
    source, reference = files.handheld(maker, int(count or 10), moving=kind == "moving")
    if kind != "identity":
        return evidence_of(source=source, reference=reference)
    kept = two_cameras.aligning.handheld
    two_cameras.aligning.handheld = lambda scene, picture: aligning.framed(picture.light.shape[:2], (  # type: ignore[assignment]
        picture.light.shape[0] * scene.light.shape[1] // picture.light.shape[1], scene.light.shape[1]))  # fmt: skip
    try:
        return evidence_of(source=source, reference=reference)
    finally:
        two_cameras.aligning.handheld = kept


def judged(look: Look, files: Files, regime: str, maker: str) -> dict[str, Any]:
    """The errors on every test scene: `raws` on raws of the reference camera, the others on the phone's."""
    own = regime.startswith("raws")
    rows = []
    for scene in TEST:
        frames = files.frames(scene)
        source = frames["reference" if own else "phone"]
        wanted = linear(rendered(frames["reference"], maker, flat=True))
        shown = developed(source, look, np.ones(3))
        place, mask = (None, np.ones(wanted.shape[:2], bool)) if own else laid(shown, wanted)
        if mask.mean() < 0.05:
            continue

        kept = {(1.0, 1.0, 1.0): shown}

        def compared(
            gains: Array, source: Any = source, place: Any = place, wanted: Array = wanted, mask: Array = mask,
            kept: dict[tuple[float, ...], Array] = kept,
        ) -> tuple[Array, Array, Array]:  # fmt: skip
            picture = kept.pop(tuple(gains.tolist()), None)
            picture = developed(source, look, gains) if picture is None else picture
            return blocks(picture if place is None else warp(picture, place), wanted, mask)

        rows.append({"scene": scene, **differences(compared)})
    keys = ("blind", "blind_p95", "matched", "matched_p95")
    return {**{key: float(np.mean([row[key] for row in rows])) for key in keys}, "scenes": rows}


def linear(codes: Array) -> Array:
    """Linear sRGB light (H, W, 3) of codes uint8."""
    return color.decode(np.arange(256) / 255, "srgb")[codes].astype(np.float32)


def developed(source: Any, look: Look, gains: Array) -> Array:
    """Linear sRGB light of a raw developed with a look, its scene light times an exposure gain and a white's."""
    shot = source.shot
    stops, white = float(np.log2(gains[1])), np.array(shot.as_shot_neutral) / (gains / gains[1])
    edits: Any = {"exposure": {"stops": stops}}
    if np.abs(gains / gains[1] - 1).max() > 1e-6:
        source = source.with_pixels(source.pixels, shot=replace(shot, as_shot_neutral=tuple(white / white.max())))
    return linear(np.asarray(develop(source, look=look, edits=edits).pixels))


def laid(shown: Array, wanted: Array) -> tuple[Any, Array]:
    """Where what is shown lies in what is wanted, and where (H, W) both are the same thing."""
    here, there = (np.clip(color.encode(one), 0, 1).astype(np.float32) for one in (wanted, shown))
    found = register(here, there)
    if found is None:
        return None, np.zeros(wanted.shape[:2], bool)
    places = np.stack(np.meshgrid(np.arange(wanted.shape[1]), np.arange(wanted.shape[0])), -1)
    return found, found.is_sure(places)


def differences(compared: Callable[[Array], tuple[Array, Array, Array]]) -> dict[str, float]:
    """CIEDE2000 of the means of flat blocks: blind, and after one exposure gain and one white gain on scene light."""
    keep, shown, wanted = compared(np.ones(3))
    blind = lab_difference(shown[keep], wanted[keep])
    gains = best_gains(compared, keep, shown, wanted)
    matched = lab_difference(compared(gains)[1][keep], wanted[keep])
    return {
        "blocks": int(keep.sum()), "blind": float(blind.mean()), "blind_p95": float(np.percentile(blind, 95)),
        "matched": float(matched.mean()), "matched_p95": float(np.percentile(matched, 95)),
        "stops": float(np.log2(gains[1])), "red": float(gains[0] / gains[1]), "blue": float(gains[2] / gains[1]),
    }  # fmt: skip


def best_gains(
    compared: Callable[[Array], tuple[Array, Array, Array]], keep: Array, shown: Array, wanted: Array
) -> Array:
    """(3,) gains on scene light that bring the codes of the blocks nearest: steps of Gauss and Newton from 1, with a
    weak prior (an exposure of 0.5, a white of 0.06 as natural logarithms), by slopes measured once."""

    def codes(means: Array) -> Array:
        return np.clip(color.encode(means[keep]), 0, 1).ravel()

    now, aim = codes(shown), codes(wanted)
    slopes = np.stack(
        [(codes(compared(np.exp(GAIN_STEP * one))[1]) - now) / GAIN_STEP for one in (np.ones(3), *np.eye(3)[[0, 2]])], 1
    )
    prior = np.diag(CODE_DOUBT**2 * len(now) / np.array([0.5, 0.06, 0.06]) ** 2)
    log = np.zeros(3)  # exposure, red, blue
    for _ in range(2):
        step = np.linalg.solve(slopes.T @ slopes + prior, slopes.T @ (aim - now) - prior @ log)
        log = log + step
        now = codes(compared(gains_of(log))[1])
    return gains_of(log)


def gains_of(log: Array) -> Array:
    """(3,) red, green, blue of the logarithms of exposure, red and blue."""
    return np.exp(log[0] + np.array([log[1], 0.0, log[2]]))


def blocks(shown: Array, wanted: Array, mask: Array) -> tuple[Array, Array, Array]:
    """Which blocks (h, w) count, and the mean linear light (h, w, 3) of all in both."""
    height, width = (size // BLOCK for size in wanted.shape[:2])

    def cut(picture: Array) -> Array:
        return picture[: height * BLOCK, : width * BLOCK].reshape(height, BLOCK, width, BLOCK, -1)

    spread = [cut(np.clip(color.encode(one), 0, 1)).std((1, 3)).max(-1) for one in (shown, wanted)]
    means = [cut(one).mean((1, 3)) for one in (shown, wanted)]
    codes = cut(color.encode(wanted))
    keep = (np.maximum(*spread) < FLAT) & np.all(cut(mask[..., None]), axis=(1, 3))[..., 0]
    keep &= (codes.max((1, 3, 4)) < BRIGHT) & (codes.mean((1, 3)).max(-1) > DARK)
    return keep, means[0], means[1]


def lab_difference(one: Array, other: Array) -> Array:
    """CIEDE2000 of linear sRGB light (N, 3)."""
    labs = [
        color.lab_from_xyz(np.asarray(x, float) @ (color.XYZ_D50_FROM_REC2020 @ REC2020_FROM_SRGB).T)
        for x in (one, other)
    ]
    return color.delta_e_2000(*labs)


def run(files: Files, regime: str, maker: str) -> dict[str, Any]:
    """One look: learned, and judged."""
    began = time.process_time()
    found = evidence(files, regime, maker)
    fit = fit_look(found, name="learned")
    seconds = time.process_time() - began
    result = judged(fit.value, files, regime, maker)
    told = {"pairs": len(found.sources), "left_out": list(found.left_out), "samples": len(found.source),
            "cpu_s": seconds,
            "residual": fit.residual, "own_held_out": fit.held_out, "own_held_out_p95": fit.held_out_p95,
            "facts": found.facts, "local_stops": fit.local_stops}  # fmt: skip
    return {**result, **told}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--root", type=Path, default=Path("/"))
    asked.add_argument("--work", type=Path)
    asked.add_argument("--only", default=",".join((*LIMITS, "identity-10")))
    asked.add_argument("--makers", default=",".join(MAKERS))
    asked.add_argument("--smooth", action="store_true", help="scenes without metameric blacks; figures apart")
    asked.add_argument("--dry", action="store_true", help="do not write the results")
    told = asked.parse_args()
    path = RESULTS / "learn_pairs.json"
    figures: dict[str, Any] = json.loads(path.read_text())["figures"] if path.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        files = Files(told.work or Path(folder), told.root, metamerism=0.0 if told.smooth else 1.0)
        for regime in told.only.split(","):
            for maker in told.makers.split(",") if not regime.startswith("identity") else MAKERS[:1]:
                try:
                    found = run(files, regime, maker)
                except TwinlensError as error:
                    found = {"refused": str(error)}
                figures.setdefault(f"{regime}-smooth" if told.smooth else regime, {})[maker] = found
                print(line(regime, maker, found), flush=True)
    if not told.dry:
        save("learn_pairs", figures)


def line(regime: str, maker: str, found: dict[str, Any]) -> str:
    """A row for the screen."""
    if "refused" in found:
        return f"{regime:12} {maker:11} refused: {found['refused']}"
    mean, p95 = LIMITS.get(regime, (np.nan, np.nan))
    met = (
        ""
        if maker in EXEMPT or regime not in LIMITS
        else "  ok"
        if found["matched"] <= mean and found["matched_p95"] <= p95
        else "  OVER"
    )
    return (
        f"{regime:12} {maker:11} pairs {found['pairs']:2}  matched {found['matched']:.2f}/{found['matched_p95']:.2f}"
        f"  blind {found['blind']:.2f}/{found['blind_p95']:.2f}  fit {found['residual']:.2f}"
        f"  cpu {found['cpu_s']:.0f} s  {met}"
    )


if __name__ == "__main__":
    main()
