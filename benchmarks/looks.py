"""Looks: measures the shipped looks, and makes the pictures and tables of docs/looks.md.

One command: `python benchmarks/looks.py`. The chroma factor of a look's document was chosen (`--solve NAME RATIO`) for
the ratio that is defined on the 24 patches of the ColorChecker; that ratio is therefore also reported on other colors,
patches of the ColorChecker SG that are not near one of the 24. `--tables` only rewrites the tables from the figures;
`--quick` compares a small share with them.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from record import RESULTS, check_quick, save

from twinlens.core.image import SCENE, Image, empty_rgb, planar
from twinlens.core.shot import Shot
from twinlens.kernels import library
from twinlens.numerics import color, colorchecker, curve, look, lut
from twinlens.pipeline.look import load, problems, shipped, valid_strength
from twinlens.simulate import sample
from twinlens.stages import look_map
from twinlens.stages.encode import Encode
from twinlens.stages.look_map import LookMap, compiled
from twinlens.stages.output_color import OutputColor

Array = npt.NDArray[Any]

SEED = 0
DOCS = Path(__file__).parents[1] / "docs"
STOPS = (-6, -5, -4, -3, -2, -1, 0, 1, 2, 2.47, 3)  # 2.47: the sensor's clipping point
QUICK_TOLERANCE = {"chroma_ratio": 0.001, "hue_turn": 0.15, "code": 0.15, "table": 0.002, "roughness": 0.002}
STRENGTHS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)


def lab(rgb: Array) -> Array:
    return color.lab_from_xyz(np.asarray(rgb, float) @ color.XYZ_D50_FROM_REC2020.T)


def developed(stage: LookMap, rgb: Array) -> Array:
    """Display light (..., 3) of scene light by the stage itself, compiled tables and kernel included."""
    flat = planar(np.asarray(rgb, np.float32).reshape(1, -1, 3))
    image = Image(pixels=flat, state=SCENE, shot=Shot(), primaries="rec2020")
    return stage(image).pixels.reshape(np.shape(rgb)).astype(float)


def other_colors() -> Array | None:
    """Colored patches (N, 3) of the ColorChecker SG, linear Rec. 2020, 5 or more (CIEDE2000) from each of the 24."""
    try:
        import colour
    except ImportError:
        return None
    found = colour.CCS_COLOURCHECKERS["ColorCheckerSG - After November 2014"]
    xyz = colour.xyY_to_XYZ(np.array(list(found.data.values())))
    patches = color.lab_from_xyz(xyz)
    near = color.delta_e_2000(patches[:, None], colorchecker.LAB[None]).min(1)
    chosen = (near > 5) & (np.hypot(patches[:, 1], patches[:, 2]) > 10)
    return xyz[chosen] @ color.REC2020_FROM_XYZ_D50.T


def held_out_ratio(stage: LookMap, gain: float) -> dict[str, Any]:
    """The chroma ratio on colors that no number of a look was chosen on."""
    truth = other_colors()
    if truth is None:
        return {"skipped": "colour-science is not installed"}
    sizes = [np.hypot(one[:, 1], one[:, 2]).mean() for one in (lab(developed(stage, truth) * gain), lab(truth))]
    return {"chroma_ratio": float(sizes[0] / sizes[1]), "patches": len(truth)}


def chart(stage: LookMap) -> dict[str, Any]:
    """Chroma of the chart's patches against truth, after one gain on display light that matches the grey row's L*."""
    truth = sample.chart_rgb()
    shown, wanted = developed(stage, truth), lab(truth)
    greys, colored = colorchecker.GREYS, colorchecker.COLORED
    gains = np.exp(np.linspace(-1.5, 1.5, 6001))
    lightness = [lab(shown[greys] * gain)[:, 0] for gain in gains]
    gain = gains[int(np.argmin([np.sum((one - wanted[greys, 0]) ** 2) for one in lightness]))]
    matched = lab(shown * gain)
    sizes = [np.hypot(one[:, 1], one[:, 2])[colored] for one in (matched, wanted)]
    turn = np.degrees(np.arctan2(matched[:, 2], matched[:, 1]) - np.arctan2(wanted[:, 2], wanted[:, 1]))
    turn = (turn[colored] + 180) % 360 - 180
    return {
        "chroma_ratio": float(sizes[0].mean() / sizes[1].mean()),
        "chroma_by_patch": dict(zip(colorchecker.PATCHES, np.round(sizes[0] / sizes[1], 3).tolist(), strict=False)),
        "hue_turn_by_patch_deg": dict(zip(colorchecker.PATCHES, np.round(turn, 1).tolist(), strict=False)),
        "gain_that_matches_grey": float(gain),
        "other_colors": held_out_ratio(stage, float(gain)),
    }


def tone(stage: LookMap) -> dict[str, Any]:
    """The grey curve: 8-bit codes by stops from mid grey, slope there, depth of the shadows."""

    def code(stops: Any) -> Array:
        light = curve.MID_GREY * np.exp2(np.asarray(stops, float))
        return color.encode(developed(stage, np.repeat(light[..., None], 3, -1))[..., 1]) * 255

    fine = np.linspace(-12, 5, 1701)
    step = 0.05
    light = stage.grey(curve.MID_GREY * np.exp2([-step, step]))[:, 1]
    return {
        "codes_by_stops": dict(zip(map(str, STOPS), np.round(code(STOPS), 1).tolist(), strict=True)),
        "mid_contrast_stops_per_stop": float(np.diff(np.log2(light))[0] / (2 * step)),
        "mid_contrast_codes_a_stop": float(np.diff(code([-0.5, 0.5]))[0]),
        "shadow_code_at_minus_5": float(code([-5.0])[0]),
        "stops_where_code_is_10": float(fine[int(np.searchsorted(code(fine), 10.0))]),
        "stops_where_white": float(fine[min(int(np.searchsorted(code(fine), 254.5)), len(fine) - 1)]),
    }


def in_gamut(rng: np.random.Generator, count: int) -> dict[str, Array]:
    """Scene colors (count, 3): inside the display's range, and to two stops above the clipping point."""
    from_srgb = color.rgb_from_rgb("rec2020", "srgb").T
    even = color.decode(rng.uniform(0, 1, (count, 3)))
    wide = np.exp2(rng.uniform(-8, 2, (count, 1))) * rng.uniform(0, 1, (count, 3))
    return {"srgb": even @ from_srgb, "rec2020": even, "srgb_to_plus_2_ev": wide @ from_srgb}


def accuracy(stage: LookMap, rng: np.random.Generator) -> dict[str, Any]:
    """CIEDE2000 between the compiled table and the look itself."""
    found = {}
    for name, rgb in in_gamut(rng, 20_000).items():
        difference = color.delta_e_2000(lab(stage.render(rgb)), lab(developed(stage, rgb)))
        figures = difference.mean(), *np.percentile(difference, (95, 99)), difference.max()
        found[name] = dict(zip(("mean", "p95", "p99", "max"), (round(float(one), 3) for one in figures), strict=True))
    return found


def ramps(rng: np.random.Generator, count: int = 200, steps: int = 256) -> Array:
    """Smooth ramps (count, steps, 3) of scene light between random colors, even in display code."""
    ends = rng.uniform(0, 1, (2, count, 1, 3))
    share = np.linspace(0, 1, steps)[:, None]
    return color.decode((1 - share) * ends[0] + share * ends[1]) @ color.rgb_from_rgb("rec2020", "srgb").T


def gradients(name: str, rng: np.random.Generator) -> dict[str, Any]:
    """Folds and grey inversions at every strength; how much rougher the table is than the look along smooth ramps."""
    stage, lines = load(name).map, ramps(rng)
    both = developed(stage, lines), stage.render(lines)
    second = [np.abs(np.diff(curve.encode_tone(one), 2, axis=1)) for one in both]
    grey = np.repeat((curve.MID_GREY * np.exp2(np.linspace(-12, 5, 100_001)))[:, None], 3, 1)
    limit = 1.0 if name == "mono" else 1.5
    return {
        "problems_by_strength": {
            str(one): list(problems(replace(stage, strength=one))) for one in STRENGTHS if one <= limit
        },
        "highest_valid_strength": valid_strength(stage, 2.0)[0],
        "grey_inversions": int((np.diff(developed(stage, grey)[:, 1]) < 0).sum()),
        "grey_cast": float(np.ptp(developed(stage, grey), axis=1).max()),
        "second_difference_p99_of_table_over_look": float(np.percentile(second[0], 99) / np.percentile(second[1], 99)),
        "second_difference_p99_8_bit_codes": float(np.percentile(second[0], 99) * 255),
    }


def build_cpu_ms(stage: LookMap) -> float:
    times = []
    for _ in range(7):
        look_map._compile.cache_clear()
        start = time.process_time()
        compiled(stage)
        times.append((time.process_time() - start) * 1e3)
    return float(np.median(times))


def threaded(task: Callable[[slice], None], rows: int) -> float:
    """Seconds that two threads take for their halves of the rows."""
    workers = [threading.Thread(target=task, args=(slice(i * rows // 2, (i + 1) * rows // 2),)) for i in range(2)]
    start = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return time.perf_counter() - start


def cost(height: int = 3000, width: int = 4000) -> dict[str, Any]:
    """Time of the kernels at 12 MP as a multiple of a float32 RGB copy, interleaved, medians of 7, two threads."""
    source, target = empty_rgb(height, width), empty_rgb(height, width)
    scene = sample.scene(750, 1000).rgb
    source[:] = np.tile(scene, (height // 750, width // 1000, 1))
    tables = compiled(load("authentic").map)
    fast, plain = library.find("look"), library.find("to_display")
    if fast is None or plain is None:
        return {"skipped": "no compiled kernels"}
    weights = color.XYZ_FROM_REC2020[1].astype(np.float32)
    ones, zeros = np.ones(256, np.float32), np.zeros(1024, np.float32)  # of no vignette

    def tiles(run: Callable[[Array, Array], None]) -> Callable[[slice], None]:
        def over(rows: slice) -> None:
            for top in range(rows.start, rows.stop, 256):
                for left in range(0, width, 1024):
                    part = np.s_[top : min(top + 256, rows.stop), left : left + 1024]
                    run(source[part], target[part])

        return over

    tasks = {
        "copy": tiles(lambda a, b: np.copyto(b, a)),
        "look": tiles(
            lambda a, b: fast(
                a, tables.segments, tables.nodes, tables.table.shape[0], ones[: a.shape[0]], zeros[: a.shape[1]], b
            )
        ),
        "neutral": tiles(lambda a, b: plain(a, np.eye(3, dtype=np.float32), weights, b)),
    }
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(8):
        for name, task in tasks.items():
            taken = threaded(task, height)
            if turn:
                times[name].append(taken)
    median = {name: float(np.median(values)) for name, values in times.items()}
    return {
        "megapixels": height * width / 1e6,
        "copy_ms": median["copy"] * 1e3,
        **{f"{name}_over_copy": median[name] / median["copy"] for name in ("look", "neutral")},
    }


def shown(stage: LookMap, rgb: Array) -> Array:
    """8-bit sRGB (H, W, 3) of scene light through the look and the output's gamut."""
    image = Image(pixels=planar(rgb.astype(np.float32)), state=SCENE, shot=Shot(), primaries="rec2020")
    return (Encode()(OutputColor()(stage(image))).pixels * 255 + 0.5).astype(np.uint8)


def test_chart(width: int = 720, row: int = 22) -> Array:
    """A 10-stop grey ramp, smooth and in steps, hue sweeps at five lightnesses, and colors from dark to overexposed."""
    stops = np.linspace(-7, 3, width)
    rows = [curve.MID_GREY * np.exp2(one)[:, None] * np.ones(3) for one in (stops, np.floor(stops))]
    angle = np.linspace(0, 2 * np.pi, width)
    for lightness in (0.35, 0.5, 0.65, 0.8, 0.9):
        for chroma in (0.06, 0.12):
            swept = np.stack([np.full(width, lightness), chroma * np.cos(angle), chroma * np.sin(angle)], -1)
            rows.append(look.rec2020(swept))
    ends = (1, 0.05, 0.03), (0.05, 0.02, 1), (0.1, 0.9, 0.05), (0.9, 0.6, 0.05), (0.6, 0.36, 0.26), (0.25, 0.45, 0.95)
    rows += [np.exp2(stops)[:, None] * end @ color.rgb_from_rgb("rec2020", "srgb").T for end in ends]
    return np.maximum(np.repeat(np.stack(rows), row, 0), 0)


def pictures() -> None:
    """`docs/pictures/look_NAME.jpg` and the gradients of all looks side by side."""
    from PIL import Image as Pil

    folder = DOCS / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    scene, lines = sample.scene(600, 900).rgb, test_chart()
    for name in shipped():
        Pil.fromarray(shown(load(name).map, scene)).save(folder / f"look_{name}.jpg", quality=88)
    four = [shown(load(name).map, lines) for name in shipped()]
    sheet = np.concatenate([np.concatenate(four[i : i + 2], 1) for i in range(0, len(four), 2)])
    Pil.fromarray(sheet).save(folder / "look_gradients.jpg", quality=92)


def tables(figures: dict[str, Any]) -> str:
    """The tables of docs/looks.md, from the figures."""
    looks = figures["looks"]
    heads = ["| |" + "|".join(looks) + "|", "|---|" + "---|" * len(looks)]
    lines = {
        "chroma ratio": [f"{one['chart']['chroma_ratio']:.3f}" for one in looks.values()],
        "chroma ratio on other colors (ColorChecker SG)": [
            f"{one['chart']['other_colors'].get('chroma_ratio', float('nan')):.3f}" for one in looks.values()
        ],
        "contrast at mid grey (stops a stop)": [
            f"{one['tone']['mid_contrast_stops_per_stop']:.2f}" for one in looks.values()
        ],
        "contrast at mid grey (8-bit codes a stop)": [
            f"{one['tone']['mid_contrast_codes_a_stop']:.0f}" for one in looks.values()
        ],
        "shadow depth: code 5 stops under mid grey": [
            f"{one['tone']['shadow_code_at_minus_5']:.0f}" for one in looks.values()
        ],
        "where code 10 is reached (EV)": [f"{one['tone']['stops_where_code_is_10']:+.1f}" for one in looks.values()],
        "where white is reached (EV)": [f"{one['tone']['stops_where_white']:+.1f}" for one in looks.values()],
        **{
            f"hue turn of {patch} (degrees)": [
                "-" if name == "mono" else f"{one['chart']['hue_turn_by_patch_deg'][patch] + 0.0:+.1f}"
                for name, one in looks.items()
            ]
            for patch in ("light skin", "dark skin", "blue sky")
        },
        "p99 of second differences along 200 ramps of 256 steps (8-bit codes)": [
            f"{one['gradients']['second_difference_p99_8_bit_codes']:.2f}" for one in looks.values()
        ],
        "highest valid strength, up to 2": [
            f"{one['gradients']['highest_valid_strength']:.2f}" for one in looks.values()
        ],
    }
    rows = [f"| {name} | {' | '.join(values)} |" for name, values in lines.items()]
    grey = [
        f"| {float(stops):+g} | "
        + " | ".join(f"{one['tone']['codes_by_stops'][stops]:.0f}" for one in looks.values())
        + " |"
        for stops in next(iter(looks.values()))["tone"]["codes_by_stops"]
    ]
    return "\n".join([*heads, *rows, "", "8-bit sRGB code of a grey by stops from mid grey:", "", *heads, *grey])


def accuracy_table(figures: dict[str, Any]) -> str:
    """The table of what compiling costs in accuracy, and of the time it takes."""
    names = {
        "srgb": "scene colors inside sRGB",
        "rec2020": "scene colors inside Rec. 2020",
        "srgb_to_plus_2_ev": "from 8 EV below the clipping point to 2 EV above",
    }
    chosen = {name: one for name, one in figures["looks"].items() if name != "neutral"}
    lines = ["| ΔE2000, mean / p99 |" + "|".join(chosen) + "|", "|---|" + "---|" * len(chosen)]
    for key, said in names.items():
        values = [f"{one['accuracy'][key]['mean']:.3f} / {one['accuracy'][key]['p99']:.2f}" for one in chosen.values()]
        lines.append(f"| {said} | {' | '.join(values)} |")
    taken = [f"{one['build_cpu_ms']:.0f}" for one in chosen.values()]
    lines.append(f"| processor time to compile (ms) | {' | '.join(taken)} |")
    return "\n".join(lines)


def write_tables(figures: dict[str, Any]) -> None:
    """Put the tables between their marks in docs/looks.md."""
    path = DOCS / "looks.md"
    text = path.read_text()
    for mark, body in (("figures", tables(figures)), ("accuracy", accuracy_table(figures))):
        begin, end = f"<!-- {mark}: written by benchmarks/looks.py -->", f"<!-- end of {mark} -->"
        head, rest = text.split(begin)
        text = f"{head}{begin}\n{body}\n{end}{rest.split(end)[1]}"
    path.write_text(text)


def solve(name: str, ratio: float) -> float:
    """The factor of chroma with which a look has this chroma ratio on the chart."""
    low, high = 0.5, 1.8
    for _ in range(20):
        middle = (low + high) / 2
        below = chart(replace(load(name).map, saturation=middle))["chroma_ratio"] < ratio
        low, high = (middle, high) if below else (low, middle)
    return (low + high) / 2


def quick() -> dict[str, float]:
    """By look: chroma ratio and hue turns (degrees) on the chart, codes of greys, the CIEDE2000 between table and look,
    and the second differences (codes) along smooth ramps."""
    told: dict[str, float] = {}
    for name in shipped():
        stage, rng = load(name).map, np.random.default_rng(SEED)
        found, rgb = chart(stage), in_gamut(rng, 2000)["srgb"]
        told[f"chroma_ratio, {name}"] = round(found["chroma_ratio"], 4)
        if name != "mono":
            turns = found["hue_turn_by_patch_deg"]
            told |= {
                f"hue_turn, {patch}, {name}": turns[patch] + 0.0 for patch in ("light skin", "foliage", "blue sky")
            }
        told |= {f"code, {stops} EV, {name}": code for stops, code in tone(stage)["codes_by_stops"].items()}
        difference = color.delta_e_2000(lab(stage.render(rgb)), lab(developed(stage, rgb)))
        told[f"table, mean, {name}"] = round(float(difference.mean()), 4)
        second = np.abs(np.diff(curve.encode_tone(developed(stage, ramps(rng, 50))), 2, axis=1))
        told[f"roughness, {name}"] = round(float(np.percentile(second, 99)) * 255, 3)
    return told


def main() -> None:
    if sys.argv[1:] == ["--quick"]:
        sys.exit(check_quick("looks", quick(), QUICK_TOLERANCE))
    if sys.argv[1:2] == ["--solve"]:
        print(f"{solve(sys.argv[2], float(sys.argv[3])):.3f}")
        return
    if sys.argv[1:] == ["--tables"]:
        write_tables(json.loads((RESULTS / "looks.json").read_text())["figures"])
        return
    rng = np.random.default_rng(SEED)
    looks = {}
    for name in shipped():
        stage = load(name).map
        looks[name] = {"chart": chart(stage), "tone": tone(stage), "gradients": gradients(name, rng)}
        if name != "neutral":
            looks[name] |= {"accuracy": accuracy(stage, rng), "build_cpu_ms": build_cpu_ms(stage)}
    figures = {"looks": looks, "cost": cost(), "table": {"nodes": look_map.TABLE_SIZE, "shaper": lut.SHAPER_SIZE}}
    figures["quick"] = quick()
    path = save("looks", figures, SEED)
    pictures()
    write_tables(figures)
    print(path)


if __name__ == "__main__":
    main()
