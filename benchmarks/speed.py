"""Speed: a raw file to a full-size JPEG, cold, beside the programs that are installed; warm, stage by stage.

`python benchmarks/speed.py` makes its own files (12 megapixels uncompressed and tiled lossless JPEG, 50 megapixels),
runs every program in turn (interleaved, after one warm-up), prints medians and writes `results/speed.json`. Programs
that are not installed are skipped with a reason. Nothing is switched off for the benchmark: *lean* is `--look neutral
--denoise 0 --sharpen 0 --local-tone 0`, *default* has no options. Python's byte code of every program is there already,
as an installation leaves it: the warm-up writes it into a folder of the benchmark's own, whatever the environment says.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from record import save

LEAN = ["--look", "neutral", "--denoise", "0", "--sharpen", "0", "--local-tone", "0"]
SIZES = {"12": (3000, 4000), "50": (6144, 8192)}
RAWPY = """
import sys, rawpy, imagecodecs
with rawpy.imread(sys.argv[1]) as raw:
    rgb = raw.postprocess(demosaic_algorithm=getattr(rawpy.DemosaicAlgorithm, sys.argv[3]), use_camera_wb=True)
open(sys.argv[2], "wb").write(imagecodecs.jpeg8_encode(rgb, level=92))
"""


def twinlens() -> list[str]:
    """The command of this environment."""
    return [str(Path(sys.executable).with_name("twinlens"))]


def programs(folder: Path) -> dict[str, Callable[[Path], list[str]] | str]:
    """Each program's command for an input, or why it is skipped."""
    out = str(folder / "out.jpg")
    script = folder / "rawpy_develop.py"
    script.write_text(RAWPY)
    config = str(folder / "darktable")
    table: dict[str, Callable[[Path], list[str]] | str] = {
        "twinlens lean": lambda raw: [*twinlens(), "develop", str(raw), "-o", out, "--overwrite", *LEAN],
        "twinlens default": lambda raw: [*twinlens(), "develop", str(raw), "-o", out, "--overwrite"],
        "LibRaw LINEAR": lambda raw: [sys.executable, str(script), str(raw), out, "LINEAR"],
        "LibRaw AHD": lambda raw: [sys.executable, str(script), str(raw), out, "AHD"],
    }
    others: dict[str, tuple[str, Callable[[Path], list[str]]]] = {
        "dcraw -q 3": ("dcraw", lambda raw: ["sh", "-c", f"dcraw -c -w -q 3 '{raw}' > {folder}/out.ppm"]),
        "rawtherapee-cli default": (
            "rawtherapee-cli", lambda raw: ["rawtherapee-cli", "-q", "-Y", "-d", "-j92", "-o", out, "-c", str(raw)]
        ),
        "darktable-cli default": (
            "darktable-cli",
            lambda raw: ["darktable-cli", str(raw), out, "--core", "--configdir", config, "--library", ":memory:",
                         "--conf", "plugins/imageio/format/jpeg/quality=92"],
        ),
    }  # fmt: skip
    for name, (binary, command) in others.items():
        table[name] = command if shutil.which(binary) else f"{binary} is not installed"
    return table


def measure(command: list[str], folder: Path) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and peak memory (MB) of one run in a process of its own."""
    for old in folder.glob("out*"):
        old.unlink()
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    stderr = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    if status:
        raise RuntimeError(f"{command[0]} failed: {stderr.decode(errors='replace')[-400:]}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def cold(raw: Path, folder: Path, runs: int, only: list[str] | None = None) -> dict[str, Any]:
    """Every program on one input, in turn, `runs` times after a warm-up: medians."""
    table = programs(folder)
    figures: dict[str, Any] = {name: {"skipped": why} for name, why in table.items() if isinstance(why, str)}
    todo = {name: command for name, command in table.items() if not isinstance(command, str)}
    if only:
        todo = {name: command for name, command in todo.items() if any(part in name for part in only)}
    samples: dict[str, list[tuple[float, float, float]]] = {name: [] for name in todo}
    for turn in range(runs + 1):
        for name, command in todo.items():
            try:
                sample = measure(command(raw), folder)
            except RuntimeError as error:
                figures[name] = {"skipped": str(error)}
                continue
            if turn:
                samples[name].append(sample)
    for name, taken in samples.items():
        if taken:
            wall, cpu, memory = (statistics.median(one) for one in zip(*taken, strict=True))
            figures[name] = {
                "wall_s": round(wall, 3), "wall_min_s": round(min(one[0] for one in taken), 3),
                "cpu_s": round(cpu, 3), "peak_mb": round(memory),
            }  # fmt: skip
    return figures


def copier(height: int, width: int, threads: int = 2) -> Callable[[], None]:
    """A parallel copy of a float32 RGB image of this size: the unit of every warm figure."""
    source = np.ones((3, height, width), np.float32)
    target = np.ones_like(source)
    pool = ThreadPoolExecutor(threads)
    cuts = [slice(height * i // threads, height * (i + 1) // threads) for i in range(threads)]

    def copy() -> None:
        list(pool.map(lambda rows: np.copyto(target[:, rows], source[:, rows]), cuts))

    return copy


def arithmetic(threads: int = 2) -> Callable[[], None]:
    """A compute-bound reference beside the copy: square roots of a block that stays in the cache, 12 M values."""
    blocks = [np.linspace(0.1, 1, 65536, dtype=np.float32) for _ in range(threads)]
    pool = ThreadPoolExecutor(threads)

    def work(block: Any) -> None:
        out = np.empty_like(block)
        for _ in range(12_000_000 // 65536 // threads):
            np.sqrt(block, out=out)
            np.sqrt(out, out=out)

    def run() -> None:
        list(pool.map(work, blocks))

    return run


def timed(function: Callable[[], Any]) -> float:
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def warm(raw: Path, runs: int) -> dict[str, Any]:
    """The pixels' way alone (decode and encode left out) as multiples of the copy, whole and stage by stage."""
    from twinlens import files
    from twinlens.pipeline import develop, plan
    from twinlens.pipeline.resolve import Scans, resolve
    from twinlens.pipeline.steps import Prepared

    image = files.read(raw)
    copy, compute = copier(image.height, image.width), arithmetic()
    figures: dict[str, Any] = {}
    for name, options in {
        "lean": {"look": "neutral", "edits": {"denoise": {"amount": 0.0}, "sharpen": {"amount": 0.0}}},
        "default": {},
    }.items():
        recipe, _ = develop.build_recipe(image, **options)

        def measured(recipe: Any = recipe) -> Any:
            scans = Scans(image)
            made = develop.steps(resolve(recipe, image, None, scans), image, scans)
            for step in made:
                if isinstance(step.work, Prepared):
                    step.work.wait()  # which a development does beside its first tiles
            return made

        def whole(recipe: Any = recipe) -> None:
            scans = Scans(image)
            plan.run(develop.steps(resolve(recipe, image, None, scans), image, scans), image, bits=8)

        made = measured()
        cuts = _cuts(made)
        work = {"copy": copy, "compute": compute, "whole": whole, MEASURED: measured}
        samples: dict[str, list[float]] = {name: [] for name in [*work, *(cut for cut, _ in cuts)]}
        for _ in range(runs):
            for key, one in work.items():
                samples[key].append(min(timed(one) for _ in range(3)) if key == "copy" else timed(one))
            for cut, part in cuts:
                samples[cut].append(timed(lambda part=part: _discard(part, image)))
        middle = {key: statistics.median(values) for key, values in samples.items()}
        unit = middle["copy"]
        stages, before = {MEASURED: round(middle[MEASURED] / unit, 2)}, 0.0
        for cut, _ in cuts:
            stages[cut] = round((middle[cut] - before) / unit, 2)
            before = middle[cut]
        stages[LAST] = round((middle["whole"] - middle[MEASURED] - before) / unit, 2)
        figures[name] = {
            "copy_ms": round(unit * 1e3, 2),
            "compute_reference_ms": round(middle["compute"] * 1e3, 2),
            "whole_ms": round(middle["whole"] * 1e3, 1),
            "whole_in_copies": round(middle["whole"] / unit, 2),
            "stages_in_copies": stages,
        }
    return figures


MEASURED = "resolve: what is measured before the pixels"
LAST = "output_color and encode, in one kernel"


def _cuts(made: tuple[Any, ...]) -> list[tuple[str, tuple[Any, ...]]]:
    """The plan cut off behind each stage before the gamut mapping; differences of their times are the stages' times."""
    names = [step.stage.name() for step in made]
    return [(names[end - 1], made[:end]) for end in range(1, names.index("output_color") + 1)]


def _discard(made: tuple[Any, ...], image: Any) -> None:
    """Run the steps tile by tile and throw the tiles away."""
    from twinlens.pipeline import plan

    frame = made[-1].stage.frame(*made[-1].arriving)
    with ThreadPoolExecutor(plan.default_threads()) as pool:
        for _ in pool.map(lambda window: plan.run_tile(made, image, window) and None, plan.tiles(frame)):
            pass


def preview(raw: Path, runs: int) -> dict[str, float]:
    """A 1600-pixel preview from the file, and for a change of look or exposure, warm, in ms."""
    from twinlens import Preview

    def opened() -> Any:
        view = Preview(raw)
        view.render()
        return view

    view = opened()
    first = [timed(opened) for _ in range(runs)]
    look = [timed(lambda i=i: view.render(look=("vibrant", "authentic")[i % 2])) for i in range(2 * runs)]
    light = [timed(lambda i=i: view.render(edits={"exposure": {"stops": 0.1 + i / 10}})) for i in range(2 * runs)]
    return {
        "from_file_ms": round(statistics.median(first) * 1e3, 1),
        "look_ms": round(statistics.median(look[2:]) * 1e3, 1),
        "exposure_ms": round(statistics.median(light[2:]) * 1e3, 1),
    }


def start(runs: int) -> dict[str, float]:
    """Seconds until help is shown, and milliseconds that the import costs beyond NumPy's."""

    def best(command: list[str]) -> float:
        subprocess.run(command, check=True, capture_output=True)
        return statistics.median(
            timed(lambda: subprocess.run(command, check=True, capture_output=True)) for _ in range(runs)
        )

    code = "import numpy, time; t = time.perf_counter(); import twinlens; print(time.perf_counter() - t)"
    imports = [
        float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
        for _ in range(runs)
    ]
    return {
        "help_s": round(best([*twinlens(), "--help"]), 3),
        **{
            f"{name}_help_s": round(best([*twinlens(), name, "--help"]), 3)
            for name in ("develop", "inspect", "looks", "demo")
        },
        "import_beyond_numpy_s": round(statistics.median(imports), 4),
    }


def make_inputs(folder: Path, sizes: list[str]) -> dict[str, Path]:
    """DNGs of the sample scene, made by a process of its own: a child's peak memory counts from its parent's size."""
    here = str(Path(__file__).resolve().parent)
    code = f"import sys; sys.path.insert(0, {here!r}); import speed; speed.write_inputs({str(folder)!r}, {sizes!r})"
    subprocess.run([sys.executable, "-c", code], check=True)
    made = {}
    for size in sizes:
        for path in sorted(folder.glob(f"{size}mp_*.dng"), reverse=True):
            made[f"{size} MP {path.stem.partition('_')[2]}"] = path
    return made


def write_inputs(folder: str, sizes: list[str]) -> None:
    """Write the DNGs of `make_inputs`."""
    from twinlens.files import dng
    from twinlens.simulate import sample

    for size in sizes:
        height, width = SIZES[size]
        tile = sample.scene(height // 2, width // 2) if size == "50" else None
        light = None if tile is None else np.repeat(np.repeat(tile.rgb, 2, 0), 2, 1)
        shot = sample.shoot(height, width, light=light, bits=12)
        for compression in ("none", "ljpeg") if size == "12" else ("ljpeg",):
            dng.write(Path(folder) / f"{size}mp_{compression}.dng", shot.pixels, shot.shot, compression=compression)


def keep_bytecode(folder: Path) -> None:
    """Let the processes that are timed write and find byte code, as installed programs do; a source tree in an
    environment with PYTHONDONTWRITEBYTECODE is compiled anew by every process, which costs a fifth of a second."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--sizes", default="12,50")
    parser.add_argument("--only", help="programs whose name has one of these words, with commas; nothing is written")
    parser.add_argument("--part", choices=("cold", "warm", "preview", "start"), help="one part; nothing is written")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keep_bytecode(folder)
        inputs = make_inputs(folder, options.sizes.split(","))
        figures: dict[str, Any] = {"cold": {}}
        wanted = [options.part] if options.part else ["start", "preview", "warm", "cold"]
        only = options.only.split(",") if options.only else None
        if "cold" in wanted:
            for label, path in inputs.items():
                figures["cold"][label] = cold(path, folder, options.runs if "12" in label else 2, only)
        if "start" in wanted:
            figures["start"] = start(options.runs)
        if "preview" in wanted:
            figures["preview"] = preview(inputs["12 MP none"], options.runs)
        if "warm" in wanted:
            figures["warm"] = warm(inputs["12 MP none"], options.runs)
        show(figures)
        if not options.part and not only:
            print(save("speed", figures))


def show(figures: dict[str, Any]) -> None:
    """Print the figures, a line each."""
    for label, table in figures["cold"].items():
        base = table.get("LibRaw AHD", {}).get("wall_s")
        print(f"\n{label}, cold to JPEG: wall s (min), CPU s, peak MB, wall / LibRaw AHD")
        for name, one in table.items():
            if "skipped" in one:
                print(f"  {name:<26}skipped: {one['skipped']}")
                continue
            ratio = f"{one['wall_s'] / base:6.2f}" if base else ""
            print(
                f"  {name:<26}{one['wall_s']:7.3f} ({one['wall_min_s']:.3f}) {one['cpu_s']:7.2f}"
                f" {one['peak_mb']:6} {ratio}"
            )
    for name in ("start", "preview", "warm"):
        if name in figures:
            print(name, figures[name])


if __name__ == "__main__":
    main()
