"""Writes docs/accuracy.md: the figures of the benchmarks as tables, each with the command that makes it.

`--check` fails when the page is not what the committed figures give.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE / "accuracy.md"
RESULTS = HERE.parent / "benchmarks" / "results"
BUSY = 1.5  # load from which times are said to be of a busy machine
HEAD = """# How good, how fast

Every figure here was made by a command of `benchmarks/` and is kept as JSON in `benchmarks/results` with the commit and
the machine; this page is written from there by `make docs`. Times are of a shared machine with two cores: read ratios,
not milliseconds. *Copies* are multiples of one parallel copy of a float32 RGB image of the same size, measured in the
same run.

Intervals are 95 % (Student's t over pictures) where a table has them. Figures without an interval are single
measurements or medians. What a table does not show was not measured.
"""


def figures(name: str) -> dict[str, Any]:
    """The figures of a benchmark; its head in `_`."""
    data = json.loads((RESULTS / f"{name}.json").read_text())
    return {**data["figures"], "_": data}


def made(name: str, data: dict[str, Any]) -> str:
    """Where a table came from."""
    head = data["_"]
    where = f"{head['machine']['cpu']}, {head['machine']['cores']} cores"
    return f"`python benchmarks/{name}.py`, {head['made']}, commit {head['commit']}, {where}.\n"


def table(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """A Markdown table."""
    head = list(head)
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def speed() -> str:
    """Cold against other programs, warm by stage, previews, start."""
    data = figures("speed")
    parts = ["## Speed\n", made("speed", data)]
    for label, programs in data["cold"].items():
        base = programs["LibRaw AHD"]["wall_s"]
        rows = [
            (name, one["wall_s"], one["wall_min_s"], one["cpu_s"], one["peak_mb"], f"{one['wall_s'] / base:.2f}")
            if "skipped" not in one
            else (name, one["skipped"], "", "", "", "")
            for name, one in programs.items()
        ]
        parts.append(f"A raw file to a full-size JPEG (quality 92), each a process of its own: **{label}**\n")
        parts.append(
            table(("program", "wall s (median)", "wall s (min)", "CPU s", "peak MB", "wall / LibRaw AHD"), rows)
        )
    for name, one in data["warm"].items():
        parts.append(
            f"Warm, *{name}*, decoding and encoding of the file left out: **{one['whole_in_copies']} copies**"
            f" ({one['whole_ms']} ms; a copy is {one['copy_ms']} ms, the compute-bound reference"
            f" {one['compute_reference_ms']} ms). By stage, as the difference of the plan cut off behind each;"
            " neighbours that only mix channels are one pass, and what follows them may take it along:\n"
        )
        parts.append(table(("stage", "copies"), one["stages_in_copies"].items()))
    view, start = data["preview"], data["start"]
    parts.append(
        f"A preview of 1600 pixels of the 12-megapixel file: {view['from_file_ms']} ms from the file,"
        f" {view['look_ms']} ms for another look, {view['exposure_ms']} ms for another exposure.\n"
    )
    parts.append("Start: " + ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in start.items()) + ".\n")
    return "\n".join(parts)


def demosaic() -> str:
    """PSNR against other methods."""
    data = figures("demosaic")
    parts = ["## Demosaic\n", made("demosaic", data)]
    parts.append(
        "Other photographs than the tuning ones, reduced 4x in linear light, mosaicked, borders cut; PSNR in dB and"
        " SSIM of display-encoded values. Ours is told the noise model, the others have no use for one; the row without"
        " it says what that is worth. See [demosaic](demosaic.md).\n"
    )
    for name, one in data.items():
        if name == "_" or not isinstance(one, dict) or "mean" not in one:
            continue
        rows = [
            (method, *(f"{values[key]['mean']:.2f} ± {values[key]['interval']:.2f}" for key in ("linear", "display")),
             f"{values['ssim']['mean']:.3f}")
            for method, values in one["mean"].items()
        ]  # fmt: skip
        parts.append(f"**{name.replace('_', ', ')}**\n")
        parts.append(table(("method", "PSNR linear", "PSNR display", "SSIM"), rows))
        over = one.get("gain_over_best_peer", {})
        told = [
            f"{key}: {value['over_it']['mean']:+.2f} ± {value['over_it']['interval']:.2f} dB over {value['best_peer']}"
            for key, value in over.items()
        ]
        if told:
            parts.append("Over the best of the others on average: " + "; ".join(told) + ".\n")
    return "\n".join(parts)


def quad_bayer() -> str:
    """Quad Bayer mosaics at full size, beside simpler ways."""
    data = figures("quad_bayer")
    names = {"ours": "`remosaic` full", "bin": "`remosaic` bin, enlarged", "nearest": "nearest site of that color",
             "average": "normalised convolution", "bayer": "the same behind a Bayer array"}  # fmt: skip
    rows = [
        (told, *(f"{one['mean']:.2f} ± {one['interval']:.2f}"
                 for level in ("clean", "iso800") for one in (data[level]["mean"][name]["display"],)))
        for name, told in names.items()
    ]  # fmt: skip
    return "\n".join(["## Quad Bayer\n", made("quad_bayer", data),
                      f"Display PSNR in dB of {data['pictures']} photographs, each followed by the default demosaic "
                      "that is told the noise model; [demosaic](demosaic.md#quad-bayer).\n",
                      table(("", "clean", "ISO 800"), rows)])  # fmt: skip


def denoise() -> str:
    """PSNR, SSIM and texture beside other methods."""
    data = figures("denoise")
    rows = []
    for method in data["iso100"]["mean"]:
        cells = [data[level]["mean"][method] for level in ("iso100", "iso800", "iso3200")]
        rows.append(
            (
                method.replace("_", " "),
                *(
                    f"{one['psnr']['mean']:.2f} ± {one['psnr']['interval']:.2f} / {one['ssim']['mean']:.3f}"
                    f" / {one['texture']['mean']:.2f}"
                    for one in cells
                ),
            )
        )
    over = [
        f"{level}: {data[level]['twinlens_less_best_peer']['psnr']['psnr']['mean']:+.2f} ±"
        f" {data[level]['twinlens_less_best_peer']['psnr']['psnr']['interval']:.2f} dB against"
        f" {data[level]['twinlens_less_best_peer']['psnr']['best_peer']}"
        for level in ("iso100", "iso800", "iso3200")
    ]
    return "\n".join(
        [
            "## Denoise\n",
            made("denoise", data),
            "PSNR / SSIM / texture kept, after the same demosaic; [denoise](denoise.md) says how and on what.\n",
            table(("method", "ISO 100", "ISO 800", "ISO 3200"), rows),
            "Paired with the best other method by PSNR: " + "; ".join(over) + ".\n",
        ]
    )


def white() -> str:
    """Automatic white balance."""
    data = figures("auto_white")
    rows = [(name.replace("_", " "), one["mean"], one["median"], one["p95"]) for name, one in data["methods"].items()]
    return "\n".join(
        [
            "## Automatic white balance\n",
            made("auto_white", data),
            f"{data['estimates']} estimates, {data['unit']}, cameras {', '.join(data['cameras'])}."
            " See [color](color.md).\n",
            table(("method", "mean", "median", "p95"), rows),
        ]
    )


def dcp() -> str:
    """The same DCP here and in RawTherapee."""
    data = figures("dcp_rawtherapee")
    keys = ("daylight", "tungsten", "between", "between_tables_off")
    rows = [
        (name, *(f"{one[key]['mean']} / {one[key]['p95']}" if key in one else "" for key in keys))
        for name, one in data["profiles"].items()
    ]
    return "\n".join(
        [
            "## Camera profiles: the same DCP in RawTherapee 5.9\n",
            made("dcp_rawtherapee", data),
            "CIEDE2000 of patch means, mean / p95. *Between* is 4300 K, where the two programs weigh a profile's two"
            " hue and saturation tables differently; [color](color.md) explains it.\n",
            table(("profile", *(key.replace("_", ", ") for key in keys)), rows),
        ]
    )


def sharpen() -> str:
    """Edge and noise of capture sharpening."""
    data = figures("sharpen")
    rows = [(name, one["overshoot_percent"], one["mtf50"]) for name, one in data["edge"].items()]
    return "\n".join(
        [
            "## Capture sharpening on a slanted edge\n",
            made("sharpen", data),
            table(("", "overshoot, % of the step", "MTF50, cycles a pixel"), rows),
            "More in [detail](detail.md).\n",
        ]
    )


def raw_files() -> str:
    """Reading and writing raw files."""
    data = figures("raw_files")
    rows = [(name, one.get("ms"), one.get("copies", "")) for name, one in data.items() if name != "_" and "ms" in one]
    return "\n".join(["## Reading and writing raw files, 12 megapixels\n", made("raw_files", data),
                      table(("", "ms", "copies"), rows)])  # fmt: skip


def calibration() -> str:
    """Color from one chart, on cameras that were left out of the prior."""
    data = figures("color")
    names = {"matrix": "3x3, least squares", "root_polynomial_2": "root-polynomial 2, least squares",
             "model": "sensor model"}  # fmt: skip
    rows, lights = [], []
    for group, told in _CAMERAS.items():
        for kind in ("clean", "realistic"):
            for key, name in names.items():
                one = data[group][kind][key]
                sets = [f"{one[part]['mean']:.2f} / {one[part]['p95']:.2f}" for part in _SURFACES]
                rows.append((told, kind, name, *sets, f"{one['mean']:.2f}"))
            one = data[group][f"other_lights_{kind}"]
            each = [f"{found['mean']:.2f}" for found in one.values() if isinstance(found, dict)]
            means = [f"{one[key]:.2f}" for key in ("mean", "known white mean", "known sensor mean")]
            lights.append((told, kind, *each, *means))
    tried = [light for light, one in data["rawtoaces_left_out"]["other_lights_clean"].items() if isinstance(one, dict)]
    return "\n".join(["## Color from one chart under D65\n", made("color", data),
                      "Simulated; mean / p95 CIEDE2000 on surfaces that the model has not seen; pairs of cameras and "
                      "matrices alone: [color calibration](calibrate-color.md).\n",
                      table(("cameras", "chart", "method", *_SURFACES, "mean"), rows),
                      "The same chart used under lights that were never shot, mean CIEDE2000 over the four sets. "
                      "*White known*: the camera's white under that light is told, by a grey card or the picture's own "
                      "neutral, as in `develop`; *sensor known*: maps of the true sensitivities, which no chart can "
                      "beat.\n",
                      table(("cameras", "chart", *tried, "mean", "white known", "sensor known"), lights)])  # fmt: skip


def booth() -> str:
    """A real chart whose light is uneven."""
    data = figures("light_booth")
    kinds = ("uneven light fitted", "even light assumed")
    rows = [
        (edition + (" (taken: it explains the patches)" if edition == data["edition taken"] else ""),
         *(f"{one[kind][f'{name} mean']:.2f} / {one[kind][f'{name} p95']:.1f}"
           for kind in kinds for name in ("model", "matrix")))
        for edition, one in data.items() if isinstance(one, dict) and edition != "_"
    ]  # fmt: skip
    head = ("edition of the chart", *(f"{kind}, {name}" for kind in kinds for name in ("model", "3x3")))
    return "\n".join(["## A real chart in a light booth\n", made("light_booth", data),
                      f"{data['patches']} patches, each read by a model made without it, mean / p95 CIEDE2000; light "
                      f"({data['light assumed']}) and black are assumed: nobody states them.\n",
                      table(head, rows)])  # fmt: skip


def estimates() -> str:
    """Sensitivities from color matrices alone."""
    data = figures("simulate_matrices")
    told = data["estimated"]
    kinds = {"from published matrices": "published", "from our matrices": "made by us"}
    rows = [
        (f"{len(told[kind])} cameras", name, *(f"{one[f'{channel} rms']:.1%}" for channel in ("red", "green", "blue")),
         f"{one['D65 patches']:.2f}", f"{one['A patches']:.2f}")
        for kind, name in kinds.items() for one in (told[f"mean {kind}"],)
    ]  # fmt: skip
    return "\n".join(["## Sensitivities from two color matrices\n", made("simulate_matrices", data),
                      "By a prior without the camera and its aliases: rms error of each channel relative to its peak, "
                      "and mean CIEDE2000 of the 24 patches; camera by camera in "
                      "[simulated cameras](simulate-cameras.md).\n",
                      table(("", "matrices", "red", "green", "blue", "patches, D65", "patches, A"), rows)])  # fmt: skip


_CAMERAS = {"rawtoaces_left_out": "52 cameras, each left out", "measured_elsewhere": "7 cameras measured elsewhere"}
_SURFACES = ("munsell64", "nature", "objects", "ces99")


def simulated() -> str:
    """Simulated cameras: what comes back of their physics, and what other programs make of their DNGs."""
    data, physics = figures("simulate"), figures("simulate_physics")
    rows = [
        (light, program, f"{one['mean']:.2f}", f"{one['worst']:.2f}")
        for light, programs in data["colors"].items()
        for program, one in programs.items()
        if "mean" in one
    ]
    edges = [
        (camera, kind, one["against the lens' formula"], one["against the stated MTF"])
        for camera in ("phone", "reference")
        for kind, one in physics[f"{camera} edge"].items()
    ]
    transfer = [
        (camera, iso, *(f"{one[key]:+.2%}" for key in ("gain", "read noise", "full well")))
        for camera in ("phone", "reference")
        for iso, one in physics[f"{camera} photon transfer"].items()
    ]
    return "\n".join(["## Simulated cameras\n", made("simulate", data),
                      "A simulated chart in each program's neutral rendering: CIEDE2000 of 24 patches.\n",
                      table(("light", "program", "mean", "worst"), rows), made("simulate_physics", physics),
                      "Photon transfer of simulated flats: what comes back, against what was put in.\n",
                      table(("camera", "", "gain", "read noise", "full well"), transfer),
                      "A slanted edge's response, largest difference up to Nyquist.\n",
                      table(("camera", "scene", "to the lens's formula", "to the stated MTF"), edges)])  # fmt: skip


def module() -> str:
    """A module's numbers, against the simulated camera that was photographed."""
    data = figures("module")
    rows = []
    for camera in ("phone", "reference"):
        noise, shading = data[camera]["noise"], data[camera]["shading"]
        of_noise = [f"{noise[key]:.2%}" for key in ("gain", "read noise", "full well")]
        of_shading = [f"{shading['largest']:.2%}", f"{shading['rms']:.3%}"]
        rows.append((camera, *of_noise, *of_shading, f"{data[camera]['tone']['linearity']:.3%}"))
    times = ", ".join(f"{name} {value:.1f} s" for name, value in data["seconds"].items())
    head = ("camera", "gain", "read noise", "full well", "shading, largest", "shading, rms", "linearity")
    return "\n".join(["## A module, calibrated\n", made("module", data),
                      "Largest relative error of the three colors, against the simulated camera.\n", table(head, rows),
                      f"Flats of 2 megapixels in memory: {times} (on a busy machine).\n"])  # fmt: skip


def share(rate: float, interval: list[float]) -> str:
    """A rate with its interval."""
    return f"{rate:.1%} ({interval[0]:.1%} to {interval[1]:.1%})"


def charts() -> str:
    """Color charts: found, how exactly, beside other detectors."""
    data = figures("charts")
    rows = [
        (name, one["shots"], share(one["found"], one["found_interval"]),
         share(one["within_2_percent"], one["within_2_percent_interval"]),
         f"{one['median_error_patches']:.2%}", f"{one['p95_error_patches']:.2%}")
        for name, one in data["simulated"].items() if isinstance(one, dict)
    ]  # fmt: skip
    real = [one for one in data["marked"].values() if one["found"]]
    far = sorted(one["largest_patches"] for one in real)
    without = data["without_chart"]
    parts = [
        "## Color charts found\n",
        made("charts", data),
        "Simulated shots, 1200 x 900; corner errors in patches, intervals by Wilson. See [charts](charts.md).\n",
        table(("kind", "shots", "found", "all corners within 2 %", "median", "95th percentile"), rows),
        f"Real charts: {len(real)} of {len(data['marked'])} found, their worst corner {far[len(far) // 2]:.1%} of a"
        f" patch (median; at most {far[-1]:.1%}) from where two markings by eye have it. Pictures without a chart:"
        f" {len(without['claimed'])} claimed in {without['pictures']}"
        f"{', ' + without['run'] if 'run' in without else ''}"
        f" (at most {without['rate_interval'][1]:.1%}).\n",
    ]
    if "disturbed" in data:
        rows = [(name, one["pictures"], share(one["found"] / one["pictures"], one["interval"]))
                for name, one in data["disturbed"].items()]  # fmt: skip
        parts.append(
            "The Classic charts of the marked photographs, turned, tilted and scaled at random, and made harder:\n"
        )
        parts.append(table(("what was done", "pictures", "found, all corners within a tenth of a patch"), rows))
    if "times" in data:
        times = data["times"]
        busy = f"; the machine was busy (load {times['load']:g})" if times["load"] > BUSY else ""
        rows = [(name, *one.values()) for name, one in times.items() if isinstance(one, dict)]
        parts.append(f"A 12-megapixel DNG of a chart, medians of {times['runs']}{busy}:\n")
        parts.append(table(("", "wall s", "CPU s"), rows))
    names = {"ours": "twinlens", "opencv_mcc": "OpenCV mcc", "colour_checker_detection": "colour-checker-detection"}
    peers = data.get("peers", {})
    rows = [
        (label, *(_found(one, name) for one in peers.values()))
        for name, label in names.items()
    ]  # fmt: skip
    if peers:
        head = ("Classic charts found", *(f"{name} ({one['pictures']})" for name, one in peers.items()))
        parts.append(table(head, rows))
    return "\n".join(parts)


def _found(part: dict[str, Any], name: str) -> str:
    one = part[name]
    return one if isinstance(one, str) else share(one["rate"], one["interval"])


def learned() -> str:
    """Looks learned from colors of photographs, on other photographs, beside what others learn."""
    data = figures("learn")
    cases = ("3 noisy", "3 noisy + chart", "10 clean", "10 noisy")
    others = ("camera-match LUT3D", "camera-match RBF", "camera-match root-polynomial", "color-matcher default")

    def cell(value: list[float]) -> str:
        return f"{value[0]:.2f} / {value[1]:.1f}"

    rows = [
        (look, *(cell(found[case]["test"]) for case in cases), cell(found["matrix and curve"]["test"]),
         *(cell(data["peers"][other][look]) for other in others))
        for look, found in data["looks"].items()
    ]  # fmt: skip
    head = ("true look", *(f"{case}" for case in cases), "matrix and curve, 10 clean", *others)
    fits = ("3 clean", "3 noisy", "10 clean", "10 noisy")
    held = [
        (look, *(cell(found[f"3 {kind} + chart"]["over_gamut"]) for kind in ("noisy", "clean")),
         *(f"{found[case]['neutral']:.2f}" for case in ("3 noisy", "10 noisy")),
         f"{max(found[case]['bends_ratio'] for case in fits):.2f}",
         str(sum(found[case]["grey_inversions"] + len(found[case]["problems"]) for case in fits)))
        for look, found in data["looks"].items()
    ]  # fmt: skip
    held_head = (
        "true look",
        "3 noisy + chart",
        "3 clean + chart",
        "greys, 3 noisy",
        "greys, 10 noisy",
        "bends",
        "out of order",
    )
    return "\n".join([
        "## Looks, learned\n", made("learn", data),
        "CIEDE2000, mean / 95th percentile, on flat blocks of photographs of other scenes, by a color map made from 3 "
        "or 10 photographs; *noisy*: noise on blocks as of a raw and a JPEG; *chart*: a 24-patch chart beside them. No "
        "look is of the family that is fitted. color-matcher is given the very pair that it is judged on.\n",
        table(head, rows),
        "In colors that no photograph shows a look is a guess: with three of these photographs about half of the test "
        "colors lie 20 (CIELAB) and more from any that was seen. Weights were chosen on most of these photographs with "
        "natural, cinematic, random:4 and by hue, film being watched; how far the evidence may go with natural, film "
        "and two real makers; the others were watched, and by hue and random:3 decided against one setting, random:13 "
        "and random:14 for taking compression more seldom. Otherwise random:12 to random:17 had no part. "
        "camera-match's RBF (with xalglib) was given 1000 of the 12,000 colors, its time growing with their square.\n",
        "Of the same maps: the error over the whole gamut where a chart was beside three photographs; of a neutral "
        "ramp, where greys were seen; the most of four (3 and 10, clean and noisy) of the bends along 200 ramps of 256 "
        "steps, as a multiple of the true look's (p99 of second differences, away from clipping); folds, falling greys "
        "and steep places of all four.\n",
        table(held_head, held),
    ])  # fmt: skip


def features() -> str:
    """Features of `compare` against changes whose truth is known, and what each change does to other features."""
    data = figures("fingerprint")
    measured = [
        (cause, key, value(one["truth"]), value(one["measured"]), value(one["spread of scenes"]))
        for cause, found in data["accuracy"].items()
        for key, one in found.items()
    ]
    blocks = list(dict.fromkeys(block for found in data["crosstalk"].values() for block in found))
    crossed = [
        (cause, *(f"{found[block]['floors']:+.1f}" if block in found else "" for block in blocks))
        for cause, found in data["crosstalk"].items()
    ]
    return "\n".join([
        "## Compare: features of a processing\n", made("fingerprint", data),
        "JPEGs of three still lifes, photographed by hand again for each change. Units as in "
        "[compare](compare.md): exposure, shadow, highlight and corners in EV, others in % (100 times a natural "
        "logarithm) or degrees.\n",
        table(("change", "feature", "truth", "measured", "spread of scenes"), measured),
        "What each change does to every block of features: the feature of the block that moves most, in floors (the "
        "least difference that counts, in `compare/features/catalog.py`; the verdict scales by more than them).\n",
        table(("change", *blocks), crossed),
    ])  # fmt: skip


def value(number: float | None) -> str:
    """A number of any size in few digits."""
    return "" if number is None else f"{number:.3g}"


SECTIONS: dict[str, Callable[[], str]] = {
    "speed": speed,
    "demosaic": demosaic,
    "quad_bayer": quad_bayer,
    "denoise": denoise,
    "auto_white": white,
    "dcp_rawtherapee": dcp,
    "sharpen": sharpen,
    "charts": charts,
    "raw_files": raw_files,
    "color": calibration,
    "light_booth": booth,
    "simulate_matrices": estimates,
    "module": module,
    "learn": learned,
    "fingerprint": features,
    "simulate": simulated,
}


def page() -> str:
    """The whole page."""
    parts = [HEAD, *(write() for name, write in SECTIONS.items() if (RESULTS / f"{name}.json").exists())]
    parts.append(
        "## More\n\nEach of these pages has the figures of its subject: [looks](looks.md), [highlights](highlights.md),"
        " [detail](detail.md), [local tone](local-tone.md), [output color](output-color.md), [color](color.md),"
        " [opcodes and lenses](opcodes.md), [charts](charts.md), [color calibration](calibrate-color.md),"
        " [scenes](simulate-scenes.md), [simulated cameras](simulate-cameras.md), [exported"
        " looks](export.md), [verdicts](compare-verdict.md).\n"
    )
    return "\n".join(parts)


if __name__ == "__main__":
    text = page()
    if "--check" in sys.argv:
        if not PAGE.exists() or PAGE.read_text() != text:
            sys.exit("docs/accuracy.md is stale: run `make docs`")
    else:
        PAGE.write_text(text)
