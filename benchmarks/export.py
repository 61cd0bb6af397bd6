"""Export: how far other programs' rendering of exported looks is from ours, and the tables of docs/export.md.

One command: `python benchmarks/export.py [LOOK.toml ...]`. Every file is written by `pipeline.export` and read by the
program that it is for; differences are CIEDE2000 of display colors that no table was fitted to. Beside the shipped
looks stand three that are built as learned ones are (`tests/learned_looks.py`: wide process space, curve per channel,
residual table; one of them steep), and those named as arguments. `--tables` only rewrites the tables from the figures;
`--quick` compares a small share with them.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from record import RESULTS, check_quick, save

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import learned_looks
from twinlens.core.errors import FileError
from twinlens.core.look import Table
from twinlens.files import cube, dcp
from twinlens.numerics.encoding import ENCODINGS
from twinlens.pipeline.export import Request, engines, export, rendering
from twinlens.pipeline.export.table import sampled
from twinlens.pipeline.export.verify import Figures, colors_for, figures
from twinlens.pipeline.look import Look, blend, load, measure, orient, problems, shipped

DOCS = Path(__file__).parents[1] / "docs"
CAMERAS = Path("/usr/share/rawtherapee/dcpprofiles")  # Debian's rawtherapee-data
CAMERA_NAMES = ("LG Mobile LG-H815", "NIKON D750")
POSITIONS = (-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0)
SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)
FILES = {  # what is exported of each look: name of the figure, file and request
    "cube": ("look.cube", Request()),
    "hald": ("look.png", Request()),
    "clf": ("look.clf", Request()),
    "acescg": ("look.cube", Request(source="acescg")),
    "slog3_shaper": ("look.cube", Request(source="slog3", shaper=True)),
}
QUICK_TOLERANCE = {"cube": 0.005, "chroma_ratio": 0.002}


def told(found: Figures) -> dict[str, Any]:
    return {
        "mean": found.mean,
        "p95": found.p95,
        "max": found.largest,
        "at_input": " ".join(f"{one:g}" for one in found.worst),
    }


def written(look: Look, name: str, request: Request) -> dict[str, Any]:
    """What each program makes of one exported file: program, set of colors, figures."""
    with tempfile.TemporaryDirectory() as folder:
        made = export(look, Path(folder) / name, request)
    return {one.program: {key: told(found) for key, found in one.figures.items()} for one in made.readings}


def of_look(look: Look) -> dict[str, Any]:
    found: dict[str, Any] = {key: written(look, *asked) for key, asked in FILES.items()}
    found["sampled_cube"] = sampled_cube(look)
    for name in CAMERA_NAMES:
        path = CAMERAS / f"{name}.dcp"
        if path.exists():
            found[f"dcp, {name}"] = written(look, "look.dcp", Request(camera=dcp.read(path)))
    return found


def sampled_cube(look: Look) -> dict[str, Any]:
    """The same .cube of 33 nodes, sampled at the nodes instead of fitted, in OpenColorIO."""
    shown = rendering(look.map, "srgb")
    codes = colors_for(shown)["in gamut"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "look.cube"
        cube.write(Table(np.clip(sampled(shown.codes, 33), 0, 1)), path)
        values = {kind: engines.ocio(path, codes, kind) for kind in ("linear", "tetrahedral")}
    wanted = shown.codes(codes)
    return {
        kind: told(figures(shown.lab(wanted), shown.lab(one), codes, wanted, one))
        for kind, one in values.items()
        if one is not None
    }


def encodings() -> dict[str, Any]:
    """Each input encoding of `authentic` as .cube of 33 nodes: alone and behind a shaper, and alone with 65 nodes."""
    found = {}
    for name, one in ENCODINGS.items():
        ways = {"plain": Request(source=name, shaper=False), "nodes_65": Request(source=name, shaper=False, size=65)}
        if one.kind != "display":
            ways["shaper"] = Request(source=name, shaper=True)
        if one.kind == "linear":
            ways = {"shaper": ways["shaper"]}
        found[name] = {way: written(load("authentic"), "look.cube", asked) for way, asked in ways.items()}
    return found


def positions() -> dict[str, Any]:
    """What positions between authentic and vibrant measure, what is wrong with them, and their .cube in OpenColorIO."""
    found = {}
    for name in ("authentic", "vibrant"):
        for position in POSITIONS:
            look = orient(load(name), position)
            found[f"{name} {position:+.2f}"] = _position(look)
    for one, other in (("authentic", "vibrant"), ("neutral", "mono"), ("wide", "authentic"), ("wide", "plain")):
        for share in SHARES:
            found[f"{one} - {other} {share:.1f}"] = _position(blend(_named(one), _named(other), share))
    return found


def _named(name: str) -> Look:
    return {"wide": learned_looks.wide, "plain": learned_looks.plain}.get(name, lambda: load(name))()


def _position(look: Look) -> dict[str, Any]:
    measured = {key: round(value, 4) for key, value in vars(measure(look)).items()}
    return {**measured, "problems": list(problems(look.map)), "cube": written(look, "look.cube", Request(size=33))}


def seconds() -> dict[str, float]:
    """Processor seconds of the whole command, verification included."""
    cases = {
        "cube 33": ("look.cube", ()),
        "cube 65": ("look.cube", ("--size", "65")),
        "cube 33, S-Log3 with shaper": ("look.cube", ("--input", "slog3", "--shaper")),
        "HaldCLUT 8": ("look.png", ()),
        "CLF 33": ("look.clf", ()),
        "OCIO config": ("set", ("--kind", "ocio")),
    }
    found = {}
    for name, (path, options) in cases.items():
        with tempfile.TemporaryDirectory() as folder:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            command = [sys.executable, "-c", "from twinlens.cli import main; main()", "export", "vibrant"]
            subprocess.run([*command, "-o", f"{folder}/{path}", *options], check=True, capture_output=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found[name] = round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 2)
    return found


def cell(found: dict[str, Any] | None) -> str:
    return "-" if found is None else f"{found['mean']:.3f} / {found['p95']:.3f}"


def reading(file: dict[str, Any], program: str, colors: str = "in gamut") -> dict[str, Any] | None:
    return next((sets.get(colors) for name, sets in file.items() if name.startswith(program)), None)


ROWS: dict[str, Callable[[dict[str, Any]], dict[str, Any] | None]] = {
    "`.cube` 33, OpenColorIO linear": lambda one: reading(one["cube"], "OpenColorIO, linear"),
    "`.cube` 33, OpenColorIO tetrahedral": lambda one: reading(one["cube"], "OpenColorIO, tetrahedral"),
    "`.cube` 33, FFmpeg lut3d": lambda one: reading(one["cube"], "FFmpeg"),
    "the same sampled at its nodes, OpenColorIO linear": lambda one: one["sampled_cube"].get("linear"),
    "HaldCLUT 8, ImageMagick": lambda one: reading(one["hald"], "ImageMagick"),
    "HaldCLUT 8, RawTherapee": lambda one: reading(one["hald"], "RawTherapee"),
    "CLF 33 of scene light, OpenColorIO": lambda one: reading(one["clf"], "OpenColorIO"),
    "... to 2 EV above white": lambda one: reading(one["clf"], "OpenColorIO", "to 2 EV above white"),
    "`.cube` 33 + shaper, ACEScg, OpenColorIO linear": lambda one: reading(one["acescg"], "OpenColorIO, linear"),
    "`.cube` 33 + shaper, S-Log3, OpenColorIO linear": lambda one: reading(one["slog3_shaper"], "OpenColorIO, linear"),
    "`.dcp` of a phone (LG H815), RawTherapee": lambda one: reading(one.get(f"dcp, {CAMERA_NAMES[0]}", {}), "RawTher"),
    "`.dcp` of a camera (D750), RawTherapee": lambda one: reading(one.get(f"dcp, {CAMERA_NAMES[1]}", {}), "RawTher"),
}


def look_table(made: dict[str, Any]) -> str:
    looks = made["looks"]
    lines = ["| ΔE2000, mean / p95 |" + "|".join(looks) + "|", "|---|" + "---|" * len(looks)]
    lines += [f"| {name} | {' | '.join(cell(pick(one)) for one in looks.values())} |" for name, pick in ROWS.items()]
    return "\n".join(lines)


def encoding_table(made: dict[str, Any]) -> str:
    lines = ["| `--input` | encoding | `.cube` 33 | 65 nodes | 33 with `--shaper` | ... to 2 EV above white |",
             "|---|---|---|---|---|---|"]  # fmt: skip
    for name, ways in made["encodings"].items():
        cells = [cell(reading(ways.get(way, {}), "OpenColorIO, linear")) for way in ("plain", "nodes_65", "shaper")]
        bright = cell(reading(ways.get("shaper", {}), "OpenColorIO, linear", "to 2 EV above white"))
        lines.append(f"| `{name}` | {ENCODINGS[name].title} | {' | '.join(cells)} | {bright} |")
    return "\n".join(lines)


def position_table(made: dict[str, Any]) -> str:
    lines = ["| look and position | chroma ratio | mid contrast | shadow depth (stops) | brightness (EV) | problems |"
             " `.cube` in OpenColorIO |", "|---|---|---|---|---|---|---|"]  # fmt: skip
    for name, one in made["positions"].items():
        numbers = [f"{one[key]:.2f}" for key in ("chroma_ratio", "mid_contrast", "shadow_depth", "brightness")]
        shown = cell(reading(one["cube"], "OpenColorIO, linear"))
        lines.append(f"| {name} | {' | '.join(numbers)} | {len(one['problems'])} | {shown} |")
    return "\n".join(lines)


def seconds_table(made: dict[str, Any]) -> str:
    lines = ["| `twinlens export`, reading back included | processor seconds |", "|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {value:.1f} |" for name, value in made["cpu_s"].items())])


def write_tables(made: dict[str, Any]) -> None:
    """Put the tables between their marks in docs/export.md."""
    path = DOCS / "export.md"
    text = path.read_text()
    bodies = {
        "figures": look_table(made), "encodings": encoding_table(made), "positions": position_table(made),
        "seconds": seconds_table(made),
    }  # fmt: skip
    for mark, body in bodies.items():
        begin, end = f"<!-- {mark}: written by benchmarks/export.py -->", f"<!-- end of {mark} -->"
        head, rest = text.split(begin)
        text = f"{head}{begin}\n{body}\n{end}{rest.split(end)[1]}"
    path.write_text(text)


def quick() -> dict[str, float]:
    """By shipped look: the mean of the small .cube in the first program that is there; chroma ratios of positions."""
    found: dict[str, float] = {}
    for name in shipped():
        sets = next(iter(written(load(name), "look.cube", Request(size=17)).values()))
        found[f"cube 17, {name}, mean"] = sets["in gamut"]["mean"]
    for position in (-1.0, 0.5, 1.0):
        ratio = measure(orient(load("authentic"), position)).chroma_ratio
        found[f"chroma_ratio, authentic {position:+.1f}"] = round(ratio, 4)
    return found


def main() -> None:
    if sys.argv[1:] == ["--quick"]:
        sys.exit(check_quick("export", quick(), QUICK_TOLERANCE))
    if sys.argv[1:] == ["--tables"]:
        write_tables(json.loads((RESULTS / "export.json").read_text())["figures"])
        return
    looks = [load(name) for name in shipped()]
    looks += [learned_looks.wide(), learned_looks.plain(), learned_looks.steep()]
    looks += [_of_file(path) for path in sys.argv[1:]]
    made: dict[str, Any] = {"looks": {look.name: of_look(look) for look in looks}}
    made |= {"encodings": encodings(), "positions": positions(), "cpu_s": seconds(), "quick": quick()}
    print(save("export", made))
    write_tables(made)


def _of_file(path: str) -> Look:
    if not Path(path).is_file():
        raise FileError(f"{path}: a look file is wanted")
    look = load(path)
    return replace(look, map=replace(look.map, cct=None)) if look.map.lights else look


if __name__ == "__main__":
    main()
