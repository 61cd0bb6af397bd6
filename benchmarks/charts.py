"""Charts: how often and how exactly color charts are found; beside OpenCV's own detector and colour-checker-detection.

Simulated shots (`simulate.chart_shot`): Classic, Digital SG and Passport creative targets, tilts up to 45 degrees (a
field of view that adds to them), any roll, 18 to 90 % of the frame, radial distortion, blur, noise, clutter or a
wallpaper behind, uneven light, shadows, fingers; as linear camera RGB and as JPEG with a tone curve. Seeds below 30000
served while the detector was made; the figures are of seeds from 30000 on, first run when it was finished. Then real
photographs whose outer corners were marked twice by eye (`chart_marks.toml`), and pictures that have no chart.

    python benchmarks/charts.py             all figures -> results/charts.json
    python benchmarks/charts.py --tuning    seeds of the making, printed only
    python benchmarks/charts.py --quick     a few shots against the committed figures

`--peer PYTHON` names a Python that has colour-checker-detection (it brings an OpenCV of its own); `--records FILE`
keeps what became of each shot, so that a run can be taken up again; `--shots N` shoots another number than 300. Parts
can be named: simulated, marked, disturbed (see `chart_disturbed.py`), without_chart, peers, times, quick.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import chart_disturbed
import chart_peers
import numpy as np
from record import RESULTS, check_quick, save

from twinlens import files, simulate
from twinlens.calibrate import color_files, color_output, find_charts
from twinlens.measure.chart import charts
from twinlens.measure.chart.draw import drawn
from twinlens.measure.chart.plate import plate
from twinlens.numerics import color
from twinlens.simulate.chart_shot import ChartShot, draw_conditions, shoot_chart, true_outlines

HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[1] / "shared" / "data"
SHOTS, FIRST_TEST, FIRST_TUNING = 300, 30_000, 0
KINDS = ("classic", "classic", "classic", "sg", "passport_creative")
WITHIN = 0.02  # of a patch
FOUND = 0.5  # of a patch: farther off is another thing
PROCESSES = 2
QUICK_SEEDS = (20_000, 20_002, 20_003, 20_004)
QUICK_TOLERANCE = {"corner error": 0.01, "score": 0.02}
PEER_SHOTS = 20
TIMED_RUNS = 5
PARTS = ("simulated", "marked", "disturbed", "without_chart", "peers", "times", "quick")
WITHOUT_CHART = 50  # pictures
CLEAR_PX = 10  # side of a patch from which a chart is promised to be found
BOOTH = "1920x1080:uint16le:BGGR:black=32:white=4095"
SHARE = Path(os.environ.get("SHARE", "/usr/share"))  # where Debian's mate-backgrounds and plasma wallpapers are


def wallpapers() -> list[Path]:
    """One photograph or drawing a wallpaper, of those that are installed."""
    found: dict[str, Path] = {}
    for kind in ("backgrounds", "wallpapers"):
        for path in sorted((SHARE / kind).rglob("*")):
            if path.suffix.lower() in (".jpg", ".png", ".webp") and "screenshot" not in path.name:
                own = path.relative_to(SHARE / kind).parts[0] if kind == "wallpapers" else path.name
                found.setdefault(own, path)
    return sorted(found.values())


def codes(path: Path, long_edge: int) -> np.ndarray:
    """(H, W, 3) uint8 of a picture of at most this size."""
    from PIL import Image

    with Image.open(path) as file:
        picture = file.convert("RGB")
        picture.thumbnail((long_edge, long_edge))
        return np.asarray(picture)


def shot(seed: int, behind: list[Path]) -> tuple[str, ChartShot]:
    """The simulated shot of a seed: every other before a wallpaper, every third linear."""
    rng = np.random.default_rng(seed)
    kind = KINDS[seed % len(KINDS)]
    conditions = draw_conditions(rng, is_rendered=seed % 3 != 2)
    background = None
    if seed % 2 and behind:
        background = color.decode(codes(behind[seed // 2 % len(behind)], 1200).astype(np.float32) / 255)
    return kind, shoot_chart(charts()[kind], conditions, seed=seed, background=background)


def patch_side(outlines: np.ndarray) -> float:
    x, y = outlines[..., 0], outlines[..., 1]
    return float(np.sqrt(np.median(np.abs((x * np.roll(y, -1, 1) - np.roll(x, -1, 1) * y).sum(1)) / 2)))


def corner_error(seed: int, behind: list[Path]) -> dict[str, Any]:
    """The largest corner error of our detector in patches (None: not found), and what the shot was."""
    kind, made = shot(seed, behind)
    began = time.process_time()
    found = find_charts(made.pixels)
    took = time.process_time() - began
    errors = [
        float(np.hypot(*(one.corners - made.corners).T).max()) / patch_side(one.outlines)
        for one in found
        if one.kind == kind and one.mirrored == made.conditions.mirrored
    ]
    error = min(errors, default=None)
    return {
        "seed": seed,
        "kind": kind,
        "error": None if error is None or error > FOUND else round(error, 4),
        "others": len(found) - (error is not None and error <= FOUND),
        "cpu_s": round(took, 2),
    }


def patch_px(seed: int) -> float:
    """The side of a patch of a simulated shot: the root of the grid's area over its number of patches and gaps."""
    kind = charts()[KINDS[seed % len(KINDS)]]
    conditions = draw_conditions(np.random.default_rng(seed), is_rendered=seed % 3 != 2)
    outlines = true_outlines(kind, conditions, 900, 1200)
    return patch_side(outlines)


def wilson(hits: int, count: int) -> list[float]:
    """The 95 % interval of a rate. Source: Wilson 1927."""
    z, rate = 1.96, hits / max(count, 1)
    middle = rate + z * z / 2 / count
    swing = z * np.sqrt(rate * (1 - rate) / count + z * z / 4 / count**2)
    return [round(float((middle + sign * swing) / (1 + z * z / count)), 4) for sign in (-1, 1)]


def rates(told: list[dict[str, Any]]) -> dict[str, Any]:
    """Rates with intervals, all and by kind."""
    made: dict[str, Any] = {}
    groups: dict[str, list[dict[str, Any]]] = {"all": told}
    groups |= {kind: [one for one in told if one["kind"] == kind] for kind in dict.fromkeys(KINDS)}
    groups[f"patches of {CLEAR_PX} px and more"] = [one for one in told if patch_px(one["seed"]) >= CLEAR_PX]
    for name, part in groups.items():
        errors = np.array([one["error"] for one in part if one["error"] is not None])
        within, found = int((errors <= WITHIN).sum()), len(errors)
        made[name] = {
            "shots": len(part),
            "found": round(found / len(part), 4),
            "found_interval": wilson(found, len(part)),
            "within_2_percent": round(within / len(part), 4),
            "within_2_percent_interval": wilson(within, len(part)),
            "median_error_patches": round(float(np.median(errors)), 4) if found else None,
            "p95_error_patches": round(float(np.percentile(errors, 95)), 4) if found else None,
            "other_charts_claimed": sum(one["others"] for one in part),
        }
    made["cpu_s_median"] = float(np.median([one["cpu_s"] for one in told]))
    return made


def simulated(first: int, count: int, records: Path | None = None) -> list[dict[str, Any]]:
    """What became of each shot; those that `records` (a file of JSON lines) has already are not shot again."""
    lines = records.read_text().splitlines() if records and records.exists() else []
    known = {one["seed"]: one for one in map(json.loads, lines)}
    seeds, behind = range(first, first + count), wallpapers()
    with ProcessPoolExecutor(PROCESSES) as pool:
        for told in pool.map(corner_error, [seed for seed in seeds if seed not in known], itertools.repeat(behind)):
            known[told["seed"]] = told
            if records:
                with records.open("a") as file:
                    file.write(json.dumps(told) + "\n")
            if told["error"] is None or told["error"] > WITHIN:
                print(told, flush=True)
    return [known[seed] for seed in seeds]


def peers(peer_python: str | None) -> dict[str, Any]:
    """How often each detector finds the Classic chart: in rendered shots of the test, and in the marked photographs."""
    behind = wallpapers()
    seeds = [seed for seed in range(FIRST_TEST, FIRST_TEST + SHOTS) if KINDS[seed % 5] == "classic" and seed % 3 != 2]
    made = [shot(seed, behind)[1] for seed in seeds[:PEER_SHOTS]]
    return {
        "simulated": chart_peers.compare([(one.pixels, one.corners) for one in made], peer_python, wilson),
        "photographs": chart_peers.compare(_photographs(), peer_python, wilson),
    }


def _photographs(seen_whole: bool = False) -> list[chart_peers.Case]:
    """The marked Classic charts as sRGB codes of at most 1600 pixels, upright; `seen_whole`: those alone whose four
    corners could be marked."""
    cases = []
    for one in tomllib.loads((HERE / "chart_marks.toml").read_text())["chart"]:
        path = SHARED / one["file"]
        if one["kind"] != "classic" or not path.exists():
            continue
        image = files.read(path, raw_layout=BOOTH if path.suffix == ".raw" else None)
        pixels = drawn(image, [])
        ratio = pixels.shape[1] / plate(image).frame[0]
        first, second = (np.array(one[key], float) for key in ("first", "second"))
        corners = np.where(np.isnan(first), second, np.where(np.isnan(second), first, (first + second) / 2))
        if seen_whole and np.isnan(corners).any():
            continue
        across = np.roll(corners, 1, 0) + np.roll(corners, -1, 0) - np.roll(corners, 2, 0)  # for one that is not seen
        cases.append((pixels, (np.where(np.isnan(corners), across, corners) + 0.5) * ratio - 0.5))
    return cases


def marked() -> dict[str, Any]:
    """Real photographs: the largest distance of our corners from those marked by eye, in patches."""
    marks = tomllib.loads((HERE / "chart_marks.toml").read_text())
    told: dict[str, Any] = {}
    for one in marks["chart"]:
        path = SHARED / one["file"]
        if not path.exists():
            continue
        image = files.read(path, raw_layout=BOOTH if path.suffix == ".raw" else None)
        found = [chart for chart in find_charts(image) if chart.kind == one["kind"]]
        first, second = (np.array(one[key], float) for key in ("first", "second"))
        if not found:
            told[f"{path.name}, {one['kind']}"] = {"found": False}
            continue
        truth = np.where(np.isnan(first), second, (first + second) / 2)
        side = patch_side(found[0].outlines)
        distance = np.hypot(*(found[0].corners - truth).T) / side
        spread = np.hypot(*(first - second).T) / side
        told[f"{path.name}, {one['kind']}"] = {
            "found": True,
            "largest_patches": round(float(np.nanmax(distance)), 4),
            "marks_differ_patches": None if np.isnan(spread).all() else round(float(np.nanmax(spread)), 4),
        }
    return told


def without_chart() -> dict[str, Any]:
    """Charts claimed in pictures that have none."""
    photos, drawings = sorted((SHARED / "photos").glob("*.jpg")), wallpapers()
    pictures: Iterable[Path] = [*photos, *drawings[:: max(len(drawings) // WITHOUT_CHART, 1)]][:WITHOUT_CHART]
    claimed, names = [], []
    for path in pictures:
        names.append(path.name)
        if find_charts(codes(path, 2000)):
            claimed.append(path.name)
    count = len(names)
    return {"pictures": count, "claimed": claimed, "rate_interval": wilson(len(claimed), count)}


def times() -> dict[str, Any]:
    """Seconds for a 12-megapixel DNG of a chart: found, and calibrated with profile and report; cold is a process of
    its own with a file that the system has in its memory, warm the same in a process that has done it before."""
    load = round(os.getloadavg()[0], 1)
    told: dict[str, Any] = {"load": load, "runs": TIMED_RUNS}
    with tempfile.TemporaryDirectory() as folder:
        path, profile, report = (Path(folder) / name for name in ("chart.dng", "a.profile.toml", "a.html"))
        simulate.chart("phone", target="colorchecker", megapixels=12.2, seed=1).write(Path(folder))
        next(Path(folder).glob("*.dng")).rename(path)
        written = ["-o", str(profile), "-o", str(report), "--overwrite"]
        asked = {
            "found": ["calibrate", "chart", str(path), "--json"],
            "calibrated": ["calibrate", "color", str(path), "--light", "D65", *written],
        }
        for name, arguments in asked.items():
            told[f"{name}, cold"] = _medians(lambda arguments=arguments: _process(arguments))
        command = [sys.executable, __file__, "--warm", str(path), str(profile), str(report)]
        one_thread = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # as the command line has it
        return told | json.loads(subprocess.run(command, check=True, capture_output=True, env=one_thread).stdout)


def _warm(path: Path, *outputs: Path) -> dict[str, Any]:
    return {
        "found, warm": _medians(lambda: find_charts(files.read(path)), warm=True),
        "calibrated, warm": _medians(lambda: _calibrated(path, outputs), warm=True),
    }


def _process(arguments: list[str]) -> None:
    command = [sys.executable, "-c", "from twinlens.cli import main; main()", *arguments]
    subprocess.run(command, check=True, capture_output=True)


def _calibrated(path: Path, outputs: tuple[Path, ...]) -> None:
    made = color_files.color_from_charts([path], ["D65"])
    profile = color_output.profile_of(made, [path])
    for one in outputs:
        color_output.write(made, one, profile, True)


def _medians(work: Callable[[], Any], *, warm: bool = False) -> dict[str, float]:
    """Wall and CPU seconds, children included."""
    if warm:
        work()
    found = []
    for _ in range(TIMED_RUNS):
        wall, cpu = time.perf_counter(), sum(os.times()[:4])
        work()
        found.append((time.perf_counter() - wall, sum(os.times()[:4]) - cpu))
    wall, cpu = np.median(found, 0)
    return {"wall_s": round(float(wall), 2), "cpu_s": round(float(cpu), 2)}


def quick() -> dict[str, float]:
    """Corner errors in patches and agreement of a few shots without a wallpaper."""
    told: dict[str, float] = {}
    for seed in QUICK_SEEDS:
        kind, made = shot(seed, [])
        found = [one for one in find_charts(made.pixels) if one.kind == kind]
        errors = [float(np.hypot(*(one.corners - made.corners).T).max()) / patch_side(one.outlines) for one in found]
        error = min(errors, default=9.0)
        told[f"corner error, {kind} {seed}"] = round(error, 4)
        told[f"score, {kind} {seed}"] = round(max((one.score for one in found), default=0.0), 3)
    return told


def _after(arguments: list[str], option: str) -> str | None:
    return arguments[arguments.index(option) + 1] if option in arguments else None


def main() -> int:
    arguments = sys.argv[1:]
    if arguments == ["--quick"]:
        return check_quick("charts", quick(), QUICK_TOLERANCE)
    if arguments[:1] == ["--warm"]:
        print(json.dumps(_warm(*map(Path, arguments[1:]))))
        return 0
    if "--tuning" in arguments:
        print(json.dumps(rates(simulated(FIRST_TUNING, 100)), indent=1))
        return 0
    peer, records, shots = (_after(arguments, option) for option in ("--peer", "--records", "--shots"))
    chosen = [one for one in arguments if one in PARTS]
    parts: dict[str, Callable[[], Any]] = {
        "simulated": lambda: rates(simulated(FIRST_TEST, int(shots or SHOTS), Path(records) if records else None)),
        "marked": marked,
        "disturbed": lambda: chart_disturbed.disturbed(_photographs(seen_whole=True), wilson),
        "without_chart": without_chart,
        "peers": lambda: peers(peer),
        "times": times,
        "quick": quick,
    }
    for name in chosen or parts:
        made = parts[name]()
        print(name, json.dumps(made), flush=True)
        path = RESULTS / "charts.json"
        known = json.loads(path.read_text())["figures"] if path.exists() else {}
        save("charts", {**known, name: made})
    return 0


if __name__ == "__main__":
    sys.exit(main())
