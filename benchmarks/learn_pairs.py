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
from pathlib import Path
from typing import Any

import numpy as np
from learn_files import SENSORS, Files
from learn_judge import by_light, judged, own_look
from record import RESULTS, save

from twinlens.core.errors import TwinlensError
from twinlens.learn import Evidence, aligning, fit_look, two_cameras
from twinlens.learn.learning import evidence_of

MAKERS = (
    "natural", "cinematic", "random:1", "random:3", "random:4", "random:9", "random:11", "random:15", "random:16",
    "random:17", "smartphone",
)  # fmt: skip
EXEMPT = ("smartphone",)  # local tone: no look of one map of colors can reach it
LIMITS = {  # mean, p95 of the gain-matched CIEDE2000 on held-out scenes
    "raws-10": (0.8, 2.0), "raws-3": (1.3, 3.5), "handheld-10": (1.0, 2.2), "handheld-3": (1.3, 3.5),
    "moving-10": (1.3, 3.0),
}  # fmt: skip


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


def run(files: Files, regime: str, maker: str) -> dict[str, Any]:
    """One look: learned, and judged."""
    began = time.process_time()
    found = evidence(files, regime, maker)
    fit = fit_look(found, name="learned")
    seconds = time.process_time() - began
    result = judged(fit.value, files, regime, maker)
    if regime == "handheld-10" and maker not in EXEMPT:  # beside the maker's own look, whose error no look can help
        for key, render in (("by_light", fit.value.map.render), ("own_look_by_light", own_look(maker))):
            result[key] = by_light(render, files, maker)
    told = {"pairs": len(found.sources), "left_out": list(found.left_out), "samples": len(found.source),
            "cpu_s": seconds,
            "judge_cpu_s": time.process_time() - began - seconds,
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
    asked.add_argument("--sensor", choices=SENSORS, default=SENSORS[0], help="see learn_files.py; figures apart")
    asked.add_argument("--dry", action="store_true", help="do not write the results")
    told = asked.parse_args()
    path = RESULTS / "learn_pairs.json"
    figures: dict[str, Any] = json.loads(path.read_text())["figures"] if path.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        files = Files(told.work or Path(folder), told.root, metamerism=0.0 if told.smooth else 1.0, sensor=told.sensor)
        kind = "-smooth" * told.smooth + f"-{told.sensor}" * (told.sensor != SENSORS[0])
        asked_for = [(regime, maker) for maker in told.makers.split(",") for regime in told.only.split(",")]
        for regime, maker in asked_for:
            if regime.startswith("identity") and maker != MAKERS[0]:
                continue
            try:
                found = run(files, regime, maker)
            except TwinlensError as error:
                found = {"refused": str(error)}
            figures.setdefault(regime + kind, {})[maker] = found
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
        f"  cpu {found['cpu_s']:.0f} s, judging {found['judge_cpu_s']:.0f} s  {met}"
    )


if __name__ == "__main__":
    main()
