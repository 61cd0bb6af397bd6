"""Output color: how far the gamut mapping turns hues, beside two simple ways; and what the last kernels cost.

Colors: a grid of 9 steps a side in linear Rec. 2020 (spaced with exponent 2.2), those outside the target and not
darker than 2 % of white. Turn of hue in Oklab, IPT and CIELAB where the result keeps a chroma of 0.03 (Oklab).
Run: python benchmarks/output_color.py (IPT needs colour-science, extra `science`). `--quick` compares the turns
that the stage makes with the committed figures.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from record import check_quick, save

from twinlens.core.image import DISPLAY, Image, empty_rgb, planar
from twinlens.core.shot import Shot
from twinlens.kernels import encode as encode_kernel
from twinlens.kernels import library, output_color
from twinlens.kernels.resample import resample
from twinlens.numerics import color, gamut
from twinlens.numerics.resample import weights
from twinlens.stages.output_color import OutputColor

SPACES = ("srgb", "p3", "adobe")
QUICK_TOLERANCE = {
    "oklab": 0.03,
    "cielab": 0.03,
    "lightness": 0.0005,
    "chroma": 0.002,
}  # degrees, degrees, Oklab L, share
HEIGHT, WIDTH = 1500, 4000  # half of 12 megapixels, on one thread
TILE = (256, 1024)


def outside(space: str) -> np.ndarray:
    steps = np.linspace(0, 1, 9) ** 2.2
    grid = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1).reshape(-1, 3)
    plain = grid @ color.rgb_from_rgb(space, "rec2020").T
    far = (plain.min(-1) < -1e-4) | (plain.max(-1) > 1 + 1e-4)
    return grid[far & (color.luminance(grid) > 0.02)]


def clipped(rgb: np.ndarray, space: str) -> np.ndarray:
    return np.clip(rgb @ color.rgb_from_rgb(space, "rec2020").T, 0, 1)


def per_channel(rgb: np.ndarray, space: str) -> np.ndarray:
    """ACES Reference Gamut Compression's curve (AMPAS 2021: threshold 0.85, power 1.2) on this pair of spaces."""
    plain = rgb @ color.rgb_from_rgb(space, "rec2020").T
    achromatic = np.maximum(plain.max(-1, keepdims=True), 1e-9)
    distance = (achromatic - plain) / achromatic
    corners = np.eye(3) @ color.rgb_from_rgb(space, "rec2020").T
    limit = ((corners.max(-1, keepdims=True) - corners) / corners.max(-1, keepdims=True)).max(0) + 1e-3
    threshold, power = 0.85, 1.2
    scale = (limit - threshold) / (((1 - threshold) / (limit - threshold)) ** -power - 1) ** (1 / power)
    x = np.maximum(distance - threshold, 0) / scale
    pressed = np.where(distance < threshold, distance, threshold + scale * x / (1 + x**power) ** (1 / power))
    return np.clip(achromatic - pressed * achromatic, 0, 1)


def planes(rgb: np.ndarray) -> dict[str, np.ndarray]:
    """Lightness and the two color axes of linear Rec. 2020 in several spaces."""
    found = {"oklab": color.oklab_from_rec2020(rgb)}
    xyz = rgb @ color.XYZ_FROM_REC2020.T
    found["cielab"] = color.lab_from_xyz(xyz, color.xyz_from_xy(color.D65_XY))
    try:
        import colour
    except ImportError:
        print("IPT is left out: colour-science is not installed")
    else:
        found["ipt"] = colour.XYZ_to_IPT(xyz)
    return found


def hue_turns(method: Callable[[np.ndarray, str], np.ndarray], space: str) -> dict[str, Any]:
    source = outside(space)
    mapped = method(source, space) @ color.rgb_from_rgb("rec2020", space).T
    before, after = planes(source), planes(mapped)
    colored = np.hypot(*np.moveaxis(after["oklab"][:, 1:], -1, 0)) > 0.03
    result: dict[str, Any] = {"colors": int(colored.sum())}
    for name in before:
        hue = [np.degrees(np.arctan2(one[name][:, 2], one[name][:, 1])) for one in (before, after)]
        turn = np.abs((hue[1] - hue[0] + 180) % 360 - 180)[colored]
        result[name] = {key: round(float(value), 2) for key, value in _summary(turn).items()}
    result["lightness"] = round(float(np.abs(after["oklab"][:, 0] - before["oklab"][:, 0]).mean()), 4)
    chroma = [np.hypot(one["oklab"][:, 1], one["oklab"][:, 2]) for one in (before, after)]
    result["chroma_kept"] = round(float(np.mean(chroma[1] / chroma[0])), 3)
    return result


def _summary(turn: np.ndarray) -> dict[str, float]:
    return {"mean": turn.mean(), "p95": np.quantile(turn, 0.95), "largest": turn.max()}


def by_stage(rgb: np.ndarray, space: str) -> np.ndarray:
    """The mapping as a picture gets it: by the stage, with its kernel."""
    light = planar(rgb.astype(np.float32).reshape(1, -1, 3))
    image = Image(pixels=light, state=DISPLAY, shot=Shot(), primaries="rec2020")
    return OutputColor(space=space)(image).pixels.reshape(rgb.shape).astype(float)  # type: ignore[arg-type]


def quick() -> dict[str, float]:
    """What the stage does to the colors outside each space; nothing that needs colour-science."""
    told: dict[str, float] = {}
    for space in SPACES:
        found = hue_turns(by_stage, space)
        told |= {
            f"{plane}, {key}, {space}": found[plane][key] for plane in ("oklab", "cielab") for key in ("mean", "p95")
        }
        told |= {f"{key}, {space}": found[key] for key in ("lightness", "chroma_kept")}
    return told


def costs() -> dict[str, dict[str, float]]:
    """CPU time of each kernel over 6 megapixels on one thread, and as a multiple of a float32 copy; medians of 7."""
    rng = np.random.default_rng(0)
    wild, tame, result = (empty_rgb(HEIGHT, WIDTH) for _ in range(3))
    wild[...] = rng.uniform(0, 1, wild.shape)
    tame[...] = rng.uniform(0.2, 0.7, (HEIGHT, WIDTH, 1)) * rng.uniform(0.8, 1.2, tame.shape)
    result[...] = 0
    codes = {bits: np.zeros(wild.shape, np.uint8 if bits == 8 else np.uint16) for bits in (8, 16)}
    tables = gamut.packed_boundary("srgb", 0.85), gamut.matrices("srgb"), 0.85, gamut.safe_ratio("srgb", 0.85)
    kernel = library.find("output_color")
    assert kernel is not None, "the compiled kernels are not there"
    rows, columns = weights(HEIGHT, HEIGHT * 2 // 5), weights(WIDTH, WIDTH * 2 // 5)
    jobs: dict[str, Callable[[Any], Any]] = {
        "copy": lambda part: np.copyto(result[part].transpose(2, 0, 1), wild[part].transpose(2, 0, 1)),
        "output_color, no color outside": lambda part: kernel(tame[part], *tables, result[part]),
        "output_color, every block outside": lambda part: kernel(wild[part], *tables, result[part]),
        "encode 8 bits": lambda part: encode_kernel.quantize(tame[part], "srgb", 8, codes[8][part]),
        "encode 16 bits": lambda part: encode_kernel.quantize(tame[part], "srgb", 16, codes[16][part]),
        "finish 8 bits, no color outside": lambda part: output_color.finish(tame[part], "srgb", 8, codes[8][part]),
        "finish 8 bits, every block outside": lambda part: output_color.finish(wild[part], "srgb", 8, codes[8][part]),
    }
    times: dict[str, list[float]] = {name: [] for name in [*jobs, "resize to 40 %"]}
    for _ in range(7):
        for name, job in jobs.items():
            times[name].append(_tiled(job))
        start = time.thread_time()
        resample(tame, rows, columns)
        times["resize to 40 %"].append(time.thread_time() - start)
    medians = {name: statistics.median(one) for name, one in times.items()}
    return {
        name: {"ms": round(value * 1e3, 1), "copies": round(value / medians["copy"], 2)}
        for name, value in medians.items()
    }


def _tiled(job: Callable[[Any], Any]) -> float:
    start = time.thread_time()
    for top in range(0, HEIGHT, TILE[0]):
        for left in range(0, WIDTH, TILE[1]):
            job((slice(top, top + TILE[0]), slice(left, left + TILE[1])))
    return time.thread_time() - start


def sweep(method: Callable[[np.ndarray, str], np.ndarray]) -> np.ndarray:
    """Codes of sRGB (H, W, 3): all hues, grey below to the edge of Rec. 2020 above, at three lightnesses."""
    angle = np.linspace(0, 4, 480, endpoint=False)
    a, b = gamut.direction(angle)
    edge = gamut._largest_saturation("rec2020", angle)
    share = np.linspace(1, 0, 90)[:, None]
    panels = []
    for lightness in (0.75, 0.55, 0.38):
        tint = np.stack([np.ones_like(angle * share), share * edge * a, share * edge * b], -1)
        panels.append(color.rec2020_from_oklab(lightness * tint))
    mapped = method(np.maximum(np.concatenate(panels), 0), "srgb")
    return (color.encode(mapped, "srgb") * 255 + 0.5).astype(np.uint8)


def picture() -> Path:
    """`docs/pictures/gamut.png`: clipping on the left, the method on the right."""
    from twinlens.files import photo

    path = Path(__file__).parents[1] / "docs" / "pictures" / "gamut.png"
    gap = np.full((270, 12, 3), 255, np.uint8)
    photo.write(np.concatenate([sweep(clipped), gap, sweep(gamut.map_gamut)], 1), path, overwrite=True)
    return path


if __name__ == "__main__":
    if sys.argv[1:] == ["--quick"]:
        sys.exit(check_quick("output_color", quick(), QUICK_TOLERANCE))
    methods = {"twinlens": gamut.map_gamut, "clip": clipped, "per channel": per_channel}
    turns = {space: {name: hue_turns(method, space) for name, method in methods.items()} for space in SPACES}
    figures = {"hue_turn_deg": turns, "cost": costs(), "quick": quick()}
    for space, rows in turns.items():
        for name, row in rows.items():
            print(space, name, row)
    for name, row in figures["cost"].items():
        print(f"{name:36} {row['ms']:7.1f} ms {row['copies']:6.2f} copies")
    print(picture())
    print(save("output_color", figures))
