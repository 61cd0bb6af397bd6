"""Demosaic: how near to the truth our methods and other programs' come, on photographs nobody tuned on.

    python benchmarks/demosaic.py            all figures -> results/demosaic.json, pictures -> docs/pictures, build
    python benchmarks/demosaic.py --quick    a synthetic picture against the committed figures (0.1 dB)
    python benchmarks/demosaic.py --tuning   the photographs that the method's numbers were chosen on, printed only

A photograph is decoded to linear light, averaged over 4 x 4 pixels, seen by a simulated sensor (a color matrix, the
channels' own sensitivities), sampled behind a Bayer array, given noise, and written as a 16-bit DNG. Every method
gets the same counts and the true white balance. 16 pixels of border are cut. PSNR and SSIM (mean over the channels)
compare with the averaged photograph: *linear* in balanced camera RGB, *display* in sRGB code values after the inverse
of the sensor's matrix. Sensors: `camera` has the color matrix of the invented sensor of `twinlens.simulate.sample`;
`primaries` measures linear sRGB itself (channels less alike than a real sensor's; gains 2, 1, 1.5). Noise at ISO 800:
variance = gain * signal + offset with gain 1 / 750, as of a sensor that holds 6000 electrons at ISO 100.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from record import check_quick, save

from twinlens.core.image import MOSAIC, Image
from twinlens.core.noise import NoiseModel
from twinlens.core.shot import Cfa, Shot
from twinlens.files.dng import writer
from twinlens.numerics import color
from twinlens.simulate import sample
from twinlens.stages.demosaic import Demosaic

ROOT = Path(__file__).resolve().parents[1]
MATE, PLASMA = Path("/usr/share/backgrounds/mate/nature"), Path("/usr/share/wallpapers")
TESTING = (  # the photographs among Debian's mate-backgrounds and plasma-workspace-wallpapers; drawings are left out
    *(MATE / f"{name}.jpg" for name in ("Aqua", "Blinds", "Dune", "FreshFlower", "Garden", "GreenMeadow", "LadyBird",
                                        "RainDrops", "Storm", "TwoWings", "Wood", "YellowFlower")),
    *(PLASMA / name / "contents/images/2560x1600.jpg" for name in (
        "BytheWater", "ColdRipple", "ColorfulCups", "DarkestHour", "EveningGlow", "FallenLeaf", "Grey", "Kite",
        "OneStandsOut", "Path", "summer_1am")),
)  # fmt: skip
TUNING = ROOT.parent / "shared" / "data" / "photos"
BLACK, WHITE = 2048, 65535
BORDER = 16
SEED = 0
NOISE = {"clean": None, "iso800": sample.noise_model(800)}
PEERS = ("libraw_ahd", "libraw_dcb", "libraw_dht", "opencv_ea")
QUICK_TOLERANCE_DB = 0.1
Method = Callable[["Capture"], Any]


@dataclass(frozen=True)
class Sensor:
    """`balanced_from_srgb` (3, 3), rows sum to 1, and the white balance gains, green 1."""

    name: str
    balanced_from_srgb: Any
    gains: tuple[float, float, float]


@dataclass(frozen=True)
class Capture:
    """One mosaic: 16-bit counts (H, W), RGGB, and what a raw file would state."""

    counts: Any
    sensor: Sensor
    noise: NoiseModel | None


def sensors() -> list[Sensor]:
    matrix = sample.CAMERA_FROM_XYZ_D65 @ color.XYZ_FROM_SRGB
    response = matrix.sum(axis=1)
    gains = tuple(float(response[1] / one) for one in response)
    return [
        Sensor("camera", matrix / response[:, None], gains),  # type: ignore[arg-type]
        Sensor("primaries", np.eye(3), (2.0, 1.0, 1.5)),
    ]


def reduced(path: Path) -> Any:
    """Linear sRGB (h, w, 3) float32 of a photograph, averaged over 4 x 4 pixels, even size."""
    from PIL import Image as Photo

    if path.suffix.lower() == ".heic":
        from pillow_heif import register_heif_opener

        register_heif_opener()
    with Photo.open(path) as photo:
        code = np.asarray(photo.convert("RGB"))
    height, width = code.shape[0] // 8 * 8, code.shape[1] // 8 * 8
    light = color.decode(np.arange(256) / 255).astype(np.float32)[code[:height, :width]]
    return light.reshape(height // 4, 4, width // 4, 4, 3).mean((1, 3))


def captured(rgb: Any, sensor: Sensor, noise: NoiseModel | None, seed: int) -> Capture:
    camera = rgb @ sensor.balanced_from_srgb.T / sensor.gains
    site = np.tile([[0, 1], [1, 2]], (rgb.shape[0] // 2, rgb.shape[1] // 2))
    light = np.take_along_axis(camera, site[..., None], 2)[..., 0]
    if noise is not None:
        variance = noise.gain[0] * np.maximum(light, 0) + noise.offset[0]
        light = light + np.sqrt(variance) * np.random.default_rng(seed).standard_normal(light.shape)
    counts = np.clip(np.rint(light * (WHITE - BLACK) + BLACK), 0, WHITE).astype(np.uint16)
    return Capture(counts, sensor, noise)


# Methods: from a capture to balanced camera RGB


def ours(method: str, *, knows_noise: bool = True) -> Method:
    def run(capture: Capture) -> Any:
        light = (capture.counts.astype(np.float32) - BLACK) / (WHITE - BLACK)
        noise = capture.noise if knows_noise else None
        image = Image(pixels=light, state=MOSAIC, shot=Shot(), cfa=Cfa.bayer("RGGB"), noise=noise)
        stage = Demosaic(method=method, balance=capture.sensor.gains)  # type: ignore[arg-type]
        return stage(image).pixels * np.array(capture.sensor.gains, np.float32)

    return run


def libraw(algorithm: str) -> Method:
    def run(capture: Capture) -> Any:
        import rawpy

        height, width = capture.counts.shape
        red, green, blue = capture.sensor.gains
        shot = Shot(make="Twinlens", model="Simulated", unique_camera_model="Simulated", cfa=Cfa.bayer("RGGB"),
                    width=width, height=height, bits=16, black_level=np.full((1, 1, 1), BLACK), white_level=(WHITE,),
                    color=sample.camera_color(), as_shot_neutral=(1 / red, 1 / green, 1 / blue))  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "capture.dng"
            writer.write(path, capture.counts, shot, compression="none")
            with rawpy.imread(str(path)) as raw:
                made = raw.postprocess(
                    demosaic_algorithm=rawpy.DemosaicAlgorithm[algorithm], output_color=rawpy.ColorSpace.raw,
                    user_wb=[red, green, blue, green], gamma=(1, 1), no_auto_bright=True, output_bps=16, user_flip=0,
                    adjust_maximum_thr=0.0, highlight_mode=rawpy.HighlightMode.Clip,
                )  # fmt: skip
        return made / np.float32(65535)

    return run


def opencv_ea(capture: Capture) -> Any:
    import cv2

    gains = np.tile([[capture.sensor.gains[0], 1], [1, capture.sensor.gains[2]]], np.array(capture.counts.shape) // 2)
    balanced = (capture.counts.astype(np.float64) - BLACK) * gains + BLACK
    made = cv2.cvtColor(np.clip(np.rint(balanced), 0, WHITE).astype(np.uint16), cv2.COLOR_BayerRGGB2RGB_EA)
    return (made.astype(np.float32) - BLACK) / (WHITE - BLACK)


def methods() -> dict[str, Method]:
    return {
        "lmmse": ours("lmmse"),
        "lmmse_no_noise_model": ours("lmmse", knows_noise=False),
        "malvar": ours("malvar"),
        "libraw_ahd": libraw("AHD"),
        "libraw_dcb": libraw("DCB"),
        "libraw_dht": libraw("DHT"),
        "opencv_ea": opencv_ea,
    }


# Measures


def displayed(balanced: Any, sensor: Sensor) -> Any:
    """sRGB code values of balanced camera RGB."""
    return color.encode(np.clip(balanced @ np.linalg.inv(sensor.balanced_from_srgb).T, 0, 1))


def measured(made: Any, truth: Any, sensor: Sensor) -> dict[str, float]:
    from skimage.metrics import structural_similarity

    inner = slice(BORDER, -BORDER)
    shown, wanted = displayed(made, sensor)[inner, inner], color.encode(truth[inner, inner])
    light = truth[inner, inner] @ sensor.balanced_from_srgb.T
    similar: Any = structural_similarity(shown, wanted, channel_axis=2, data_range=1)
    return {
        "linear": psnr(made[inner, inner], light),
        "display": psnr(shown, wanted),
        "ssim": float(np.asarray(similar)),
    }


def psnr(one: Any, other: Any) -> float:
    return float(-10 * np.log10(np.mean((np.asarray(one, np.float64) - other) ** 2)))


def summary(values: list[float]) -> dict[str, float]:
    """Mean and the half width of its 95 % interval over pictures (Student's t)."""
    from scipy.stats import t

    half = t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    return {"mean": round(float(np.mean(values)), 3), "interval": round(float(half), 3)}


def photographs(paths: tuple[Path, ...]) -> Iterator[tuple[str, Any]]:
    for path in paths:
        if path.exists():
            name = path.parents[2].name if path.parent.name == "images" else path.stem
            yield name, reduced(path)


def compare(pictures: list[tuple[str, Any]], wanted: dict[str, Method]) -> dict[str, Any]:
    """By sensor and noise: each picture, each method's mean, and ours less the best peer, picture by picture."""
    result: dict[str, Any] = {}
    for sensor in sensors():
        for level, noise in NOISE.items():
            table: dict[str, dict[str, dict[str, float]]] = {}
            for index, (name, rgb) in enumerate(pictures):
                capture = captured(rgb, sensor, noise, SEED + index)
                table[name] = {key: measured(run(capture), rgb, sensor) for key, run in wanted.items()}
            result[f"{sensor.name}_{level}"] = {"mean": means(table), "gain_over_best_peer": gains(table),
                                                "pictures": rounded(table)}  # fmt: skip
            print(f"{sensor.name} {level}", json.dumps(result[f"{sensor.name}_{level}"]["gain_over_best_peer"]))
    return result


def means(table: dict[str, Any]) -> dict[str, Any]:
    keys = next(iter(table.values()))
    return {
        method: {figure: summary([row[method][figure] for row in table.values()]) for figure in keys[method]}
        for method in keys
    }


def gains(table: dict[str, Any]) -> dict[str, Any]:
    """The default method less the peer that is best on average, and less the best peer of each single picture."""
    rows = list(table.values())
    result: dict[str, Any] = {}
    for figure in ("linear", "display"):
        best = max(PEERS, key=lambda one: np.mean([row[one][figure] for row in rows]))
        each = [row["lmmse"][figure] - max(row[one][figure] for one in PEERS) for row in rows]
        result[figure] = {
            "best_peer": best,
            "over_it": summary([row["lmmse"][figure] - row[best][figure] for row in rows]),
            "over_the_best_of_each_picture": summary(each),
        }
    return result


def rounded(table: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {method: [round(one["linear"], 2), round(one["display"], 2), round(one["ssim"], 4)]
               for method, one in row.items()}
        for name, row in table.items()
    }  # fmt: skip


# Made by formula: false color, mazes, the quick check


def zone_plate(size: int = 384) -> Any:
    """A grey zone plate whose rings reach the sampling limit at the sides: linear RGB (size, size, 3)."""
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    rings = 0.5 + 0.45 * np.cos(np.pi * (x * x + y * y) / size)
    return np.repeat(color.decode(rings)[..., None], 3, axis=2).astype(np.float32)


def grey_greens(excess: float, size: int = 128) -> Capture:
    """A flat grey at ISO 100 whose greens in red rows are brighter by `excess`, as real ones may be: it draws mazes."""
    capture = captured(np.full((size, size, 3), 0.18, np.float32), sensors()[0], sample.noise_model(100), SEED)
    counts = capture.counts.astype(np.float64)
    counts[::2, 1::2] = (counts[::2, 1::2] - BLACK) * (1 + excess) + BLACK
    return Capture(np.rint(counts).astype(np.uint16), capture.sensor, None)


def artefacts(wanted: dict[str, Method]) -> dict[str, Any]:
    """False color of the zone plate: mean distance of sRGB code values (0 to 255) from their own grey. Maze: what a
    difference of 2 % between the two greens adds to green, standard deviation in percent (the sites' own: 1)."""
    sensor, plate = sensors()[0], zone_plate()
    capture, even, uneven = captured(plate, sensor, None, SEED), grey_greens(0.0), grey_greens(0.02)
    result = {}
    inner = (slice(BORDER, -BORDER), slice(BORDER, -BORDER))
    for name, run in wanted.items():
        shown = displayed(run(capture), sensor)[inner] * 255
        greens = [run(one)[inner][..., 1] for one in (even, uneven)]
        result[name] = {
            "false_color": round(float(np.abs(shown - shown.mean(axis=2, keepdims=True)).mean()), 3),
            "zone_plate_display": round(psnr(shown / 255, color.encode(plate)[inner]), 2),
            "maze_percent": round(float(100 * np.std(greens[1] - greens[0]) / np.mean(greens[0])), 3),
        }
    return result


def quick() -> dict[str, float]:
    """Display PSNR of the sample scene by our two methods, both noise levels."""
    light = sample.scene(384, 512).rgb @ color.rgb_from_rgb("srgb", "rec2020").T
    rgb, sensor = np.clip(light, 0, 1).astype(np.float32), sensors()[0]
    figures = {}
    for level, noise in NOISE.items():
        capture = captured(rgb, sensor, noise, SEED)
        for name in ("lmmse", "malvar"):
            figures[f"{name}_{level}"] = round(measured(ours(name)(capture), rgb, sensor)["display"], 3)
    return figures


# Speed


def speed(height: int = 3000, width: int = 4000, repeats: int = 5) -> dict[str, float]:
    """Wall time of the stage at 12 megapixels, in tiles on two threads, over that of a copy of float32 RGB; medians."""
    light = np.random.default_rng(SEED).random((height, width), np.float32)
    image = Image(pixels=light, state=MOSAIC, shot=Shot(), cfa=Cfa.bayer("RGGB"))
    source, target = np.ones((3, height, width), np.float32), np.zeros((3, height, width), np.float32)

    def copy(rows: slice) -> None:
        target[:, rows] = source[:, rows]

    def through(stage: Demosaic) -> Callable[[slice], None]:
        def run(rows: slice) -> None:
            for top in range(rows.start, rows.stop, 256):
                for left in range(0, width, 1024):
                    part = image.window.__class__(
                        top, left, min(top + 256, rows.stop), min(left + 1024, width), (height, width)
                    )
                    stage.over(image.cut(stage.source_window(part, height, width)), part)

        return run

    works = {"copy": copy, **{name: through(Demosaic(method=name)) for name in ("lmmse", "malvar")}}  # type: ignore
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            halves = [threading.Thread(target=work, args=(slice(half * height // 2, (half + 1) * height // 2),))
                      for half in (0, 1)]  # fmt: skip
            began = time.perf_counter()
            for one in halves:
                one.start()
            for one in halves:
                one.join()
            times[name].append(time.perf_counter() - began)
    medians = {name: float(np.median(one)) for name, one in times.items()}
    return {f"{name}_over_copy": round(medians[name] / medians["copy"], 2) for name in ("lmmse", "malvar")} | {
        f"{name}_ms": round(1000 * one, 1) for name, one in medians.items()
    }


# Pictures


def worst_places(pictures: list[tuple[str, Any]], size: int = 40) -> list[tuple[str, str, Any, tuple[int, int]]]:
    """Where the default is worst: two places of false color (Lab a, b), then two others of zipper (Lab L), clean; of
    several pictures each shows one place."""
    sensor, places = sensors()[0], []
    found: dict[str, list[Any]] = {"false color": [], "zipper": []}
    for name, rgb in pictures:
        made = displayed(ours("lmmse")(captured(rgb, sensor, None, SEED)), sensor)
        off = np.abs(color.lab_from_rgb(made) - color.lab_from_rgb(color.encode(rgb)))
        for kind, error in (("false color", off[..., 1] + off[..., 2]), ("zipper", off[..., 0])):
            inner = error[BORDER:-BORDER, BORDER:-BORDER]
            rows, columns = inner.shape[0] // size, inner.shape[1] // size
            blocks = inner[: rows * size, : columns * size].reshape(rows, size, columns, size).mean((1, 3))
            for place in np.argsort(blocks, axis=None)[-(1 if len(pictures) > 1 else 4) :]:
                corner = tuple(int(one) * size + BORDER for one in np.unravel_index(place, blocks.shape))
                found[kind].append((float(blocks.flat[place]), name, rgb, corner))
    for kind, candidates in found.items():
        taken = {name if len(pictures) > 1 else corner for _, name, _, corner in places}
        fresh = [one for one in sorted(candidates, key=lambda one: -one[0]) if taken.isdisjoint((one[1], one[3]))]
        places += [(kind, *one[1:]) for one in fresh[:2]]
    return places


def sheet(places: list[tuple[str, str, Any, tuple[int, int]]], path: Path, size: int = 40, zoom: int = 4) -> None:
    """Rows: the places; columns: truth, the default, Malvar, LibRaw DHT, LibRaw AHD, OpenCV EA."""
    from PIL import Image as Photo
    from PIL import ImageDraw

    sensor, known = sensors()[0], methods()
    shown = ("lmmse", "malvar", "libraw_dht", "libraw_ahd", "opencv_ea")
    step = size * zoom + 6
    page = Photo.new("RGB", (step * (len(shown) + 1), (step + 14) * len(places)), "white")
    draw = ImageDraw.Draw(page)
    for row, (kind, name, rgb, (top, left)) in enumerate(places):
        capture = captured(rgb, sensor, None, SEED)
        views = [("truth", color.encode(rgb)), *((one, displayed(known[one](capture), sensor)) for one in shown)]
        for column, (title, view) in enumerate(views):
            crop = np.rint(np.clip(view[top : top + size, left : left + size], 0, 1) * 255).astype(np.uint8)
            tile = Photo.fromarray(crop).resize((size * zoom, size * zoom), Photo.Resampling.NEAREST)
            page.paste(tile, (column * step, row * (step + 14) + 12))
            label = f"{title} ({kind}: {name})" if column == 0 else title
            draw.text((column * step, row * (step + 14)), label, fill="black")
    path.parent.mkdir(parents=True, exist_ok=True)
    page.quantize(256).save(path, optimize=True)


def formula_places() -> list[tuple[str, str, Any, tuple[int, int]]]:
    """The zone plate's corners and the worst places of the sample scene: pictures that the project may ship."""
    plate = zone_plate()
    light = np.clip(sample.scene(768, 1024).rgb @ color.rgb_from_rgb("srgb", "rec2020").T, 0, 1).astype(np.float32)
    scene = worst_places([("sample scene", light)])
    return [("rings", "zone plate", plate, (172, 318)), ("rings", "zone plate", plate, (300, 300)), *scene]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="compare a synthetic picture with the committed figures")
    parser.add_argument("--tuning", action="store_true", help="print the figures of the tuning photographs")
    asked = parser.parse_args()
    if asked.quick:
        sys.exit(check_quick("demosaic", quick(), QUICK_TOLERANCE_DB))
    if asked.tuning:
        tuning = [(name, rgb[:480, :640]) for name, rgb in photographs(tuple(sorted(TUNING.glob("*"))))]
        compare(tuning, methods())
        return
    pictures = list(photographs(TESTING))
    if not pictures:
        sys.exit("none of the test photographs is here: install mate-backgrounds and plasma-workspace-wallpapers")
    figures = compare(pictures, methods())
    figures |= {"artefacts": artefacts(methods()), "speed": speed(), "quick": quick()}
    sheet(formula_places(), ROOT / "docs" / "pictures" / "demosaic.png")
    sheet(worst_places(pictures), ROOT / "build" / "demosaic_worst.png")
    print(save("demosaic", figures, SEED))


if __name__ == "__main__":
    main()
