"""Scenes: how exactly photographs become spectra, and whether their metamers are as hard as real ones.

Round trip: XYZ of the scene under the photograph's light against XYZ of the photograph, CIEDE2000 over all pixels.
Metamerism floor: what is left in CIEDE2000 after the best map from a phone's RGB to a reference camera's (fitted and
judged on different samples, five folds), on measured reflectances that had no part in `spectra/metamers.csv`, and on
lifted reflectances of the very same colors; the ratio of both has a 95 % interval from resampled reflectances. 1 is as
hard as reality; a smooth upsampling alone has nearly nothing left. One map serves all samples, as one camera serves all
things. The same ratio is given for pixels of photographs made into scenes, whose colors are other ones.

    python benchmarks/scenes.py             all figures but the seconds -> results/scenes.json
    python benchmarks/scenes.py --speed     the seconds -> results/scenes.json
    python benchmarks/scenes.py --fresh     the floor on a set that came after the model was chosen -> the same file
    python benchmarks/scenes.py --sheet     the contact sheet of the docs -> docs/pictures/scenes.jpg
    python benchmarks/scenes.py --quick     a small share against the committed figures
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from record import RESULTS, check_quick, save

from twinlens.files.spectrum import read_reflectances, read_spectra
from twinlens.numerics import color, metamers, spectra, upsampling
from twinlens.simulate import scenes
from twinlens.simulate.scene import Scene
from twinlens.simulate.scenes.picture import covering, linear_srgb

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
HELD_OUT = ("Nature_Vhrel", "Objects_Vhrel", "MunsellSamples_Vhrel")
PHONES = {
    "Galaxy S20": "Samsung_Galaxy-S20_Tominaga_etal_2021",
    "iPhone 12 Pro Max": "iPhone_12-Pro-Max_Tominaga_etal_2021",
}
REFERENCE = "Leica_M8_Mauer-2009"
LIGHTS, MAPS = ("D65", "A"), {"3x3": 3, "root polynomial": 6}
DRAWS, FOLD_ROUNDS, RESAMPLES = 12, 4, 1000
LONG_EDGE = 480
QUICK_TOLERANCE = {"round trip": 0.005, "": 0.05}


def main() -> None:
    print(update({"round_trip": round_trip(), "floor": floor_figures(), "quick": quick()}))


def update(figures: dict[str, Any]) -> Path:
    """Write these figures, and keep the others that are recorded."""
    path = RESULTS / "scenes.json"
    known = json.loads(path.read_text())["figures"] if path.exists() else {}
    return save("scenes", {**known, **figures})


def photographs() -> dict[str, Any]:
    """Pictures by name: the real files, and those that scikit-image brings."""
    import skimage

    found = {
        path.name: path for path in sorted((DATA / "photos").glob("*")) if path.suffix.lower() in (".jpg", ".heic")
    }
    data = Path(skimage.__file__).parent / "data"
    return found | {path.name: path for name in ("astronaut", "chelsea", "coffee") for path in data.glob(f"{name}.png")}


def round_trip() -> dict[str, dict[str, float]]:
    """Per photograph: quantiles of the difference, the extremes of reflectance, and the share that none can have."""
    light, found = spectra.illuminant("D65"), {}
    for name, path in photographs().items():
        linear = linear_srgb(path)
        scale = LONG_EDGE / max(linear.shape[:2])
        shape = (round(linear.shape[0] * scale), round(linear.shape[1] * scale))
        scene = scenes.make("photograph", *shape, picture=path)
        truth = covering(linear, *shape) @ upsampling.xyz_from_primaries(light).T
        white = spectra.white_xyz(light)
        apart = color.delta_e_2000(color.lab_from_xyz(scene.xyz(), white), color.lab_from_xyz(truth, white))
        reflectance = scene.seen_by(np.diag((light @ spectra.observer()[:, 1]) / light))
        found[name] = _quantiles(apart) | {
            "lowest_reflectance": float(reflectance.min()),
            "highest_reflectance": float(reflectance.max()),
            "beyond_share": scene.facts["beyond_share"],
        }
        print(name, {key: round(value, 5) for key, value in found[name].items()})
    return found


def _quantiles(apart: np.ndarray) -> dict[str, float]:
    return {"p50": float(np.median(apart)), "p99": float(np.quantile(apart, 0.99)), "max": float(apart.max())}


def sensor(name: str) -> np.ndarray:
    """Measured sensitivities (31, 3)."""
    nm, columns = read_spectra(DATA / "spectral" / "sensitivities" / f"{name}.csv")
    return spectra.resampled(nm, np.array(list(columns.values())))[0].T


def camera_rgb(reflectance: np.ndarray, sensitivities: np.ndarray, light: np.ndarray) -> np.ndarray:
    """White-balanced RGB (N, 3)."""
    return (reflectance * light) @ sensitivities / (light @ sensitivities)


def lifted(measured: np.ndarray, seed: int, scale: float = 1.0) -> np.ndarray:
    """Other reflectances (N, 31) of the same colors under D65."""
    light = spectra.illuminant("D65")
    seen = measured @ upsampling.observer_under(light)
    smooth = upsampling.reflectances(seen, light)
    black = scale * metamers.blacks(upsampling.coordinates(seen, light), light, np.random.default_rng(seed))
    return smooth + metamers.held(smooth, black)[:, None] * black


def errors(
    reflectance: np.ndarray, phone: np.ndarray, reference: np.ndarray, light: np.ndarray, terms: int, xyz: np.ndarray
) -> np.ndarray:
    """CIEDE2000 (N,) of the map phone -> reference for each sample, fitted without it; `xyz` (3, 3) shows the
    reference's RGB as XYZ."""
    seen, wanted = camera_rgb(reflectance, phone, light), camera_rgb(reflectance, reference, light)
    features = metamers.root_terms(seen)[:, :terms]
    weight = 1 / (0.03 + wanted.mean(axis=1, keepdims=True))
    white, total = spectra.white_xyz(light), np.zeros(len(seen))
    truth = color.lab_from_xyz(np.maximum(wanted @ xyz, 1e-5), white)
    for round_ in range(FOLD_ROUNDS):
        order = np.random.default_rng(round_).permutation(len(seen))
        for part in np.array_split(order, 5):
            rest = np.setdiff1d(order, part)
            fit = np.linalg.lstsq(features[rest] * weight[rest], wanted[rest] * weight[rest], rcond=None)[0]
            shown = color.lab_from_xyz(np.maximum(features[part] @ fit @ xyz, 1e-5), white)
            total[part] += color.delta_e_2000(shown, truth[part])
    return total / FOLD_ROUNDS


def shown_by(reflectance: np.ndarray, reference: np.ndarray, light: np.ndarray) -> np.ndarray:
    """(3, 3): the best matrix from the reference's RGB to XYZ."""
    return np.linalg.lstsq(
        camera_rgb(reflectance, reference, light), spectra.xyz_from_reflectance(reflectance, light), rcond=None
    )[0]


def held_out() -> dict[str, np.ndarray]:
    return {
        name: np.array(list(read_reflectances(DATA / "spectral" / "reflectances" / f"{name}.csv")[0].values()))
        for name in HELD_OUT
    }


def floor_figures() -> dict[str, Any]:
    """For each phone, light and map: floors (mean CIEDE2000; by set and of all together) and their ratios to measured,
    with intervals: "same colors" of lifted reflectances, "photographs" of pixels of photographs."""
    sets, pixels, reference = held_out(), photograph_pixels(), sensor(REFERENCE)
    together = np.concatenate(list(sets.values()))
    found: dict[str, Any] = {"measured reflectances": len(together), "pixels": len(pixels)}
    for phone, file in PHONES.items():
        for light_name in LIGHTS:
            light = spectra.illuminant(light_name)
            xyz = shown_by(together, reference, light)
            for name, terms in MAPS.items():
                key = f"{phone}, {light_name}, {name}"
                found[key] = _compared(together, pixels, (sensor(file), reference, light, terms, xyz))
                print(key, found[key])
    for kind in ("same colors", "photographs"):
        ratios = [one[f"ratio, {kind}"] for one in found.values() if isinstance(one, dict)]
        found[f"geometric mean of ratios, {kind}"] = round(float(np.exp(np.mean(np.log(ratios)))), 3)
    return found


def _compared(measured: np.ndarray, pixels: np.ndarray, judge: tuple) -> dict[str, Any]:
    real, made = _floors(measured, judge)
    photographed = errors(pixels, *judge)
    rng = np.random.default_rng(0)
    same, other = [], []
    for _ in range(RESAMPLES):
        chosen = rng.integers(len(real), size=len(real))
        same.append(made[chosen].mean() / real[chosen].mean())
        other.append(rng.choice(photographed, len(photographed)).mean() / real[chosen].mean())
    return {
        "measured": round(float(real.mean()), 3),
        "lifted": round(float(made.mean()), 3),
        "smooth": round(float(errors(lifted(measured, 0, scale=0.0), *judge).mean()), 3),
        "photographs": round(float(photographed.mean()), 3),
        "ratio, same colors": round(float(made.mean() / real.mean()), 3),
        "its 95 %, same colors": _rounded(np.quantile(same, (0.025, 0.975))),
        "ratio, photographs": round(float(photographed.mean() / real.mean()), 3),
        "its 95 %, photographs": _rounded(np.quantile(other, (0.025, 0.975))),
    }


def fresh_set() -> dict[str, Any]:
    """The floors of 99 color evaluation samples of CIE 224:2017 (colour-science), which chose nothing in the model, and
    of reflectances lifted from their colors; the ratio's interval is over samples."""
    from colour import SpectralShape
    from colour.quality.cfi2017 import load_TCS_CIE2017

    nm = np.arange(380, 781, 5)
    samples = load_TCS_CIE2017(SpectralShape(380, 780, 5)).values.T
    measured, reference = spectra.resampled(nm, samples)[0], sensor(REFERENCE)
    found: dict[str, Any] = {"measured reflectances": len(measured)}
    for phone, file in PHONES.items():
        for light_name in LIGHTS:
            light = spectra.illuminant(light_name)
            xyz = shown_by(measured, reference, light)
            for name, terms in MAPS.items():
                found[f"{phone}, {light_name}, {name}"] = _same_colors(
                    measured, (sensor(file), reference, light, terms, xyz)
                )
    return found


def _same_colors(measured: np.ndarray, judge: tuple) -> dict[str, Any]:
    real, made = _floors(measured, judge)
    chosen = np.random.default_rng(0).integers(len(real), size=(RESAMPLES, len(real)))
    return {
        "measured": round(float(real.mean()), 3),
        "lifted": round(float(made.mean()), 3),
        "ratio, same colors": round(float(made.mean() / real.mean()), 3),
        "its 95 %, same colors": _rounded(np.quantile(made[chosen].mean(1) / real[chosen].mean(1), (0.025, 0.975))),
    }


def _floors(measured: np.ndarray, judge: tuple) -> tuple[np.ndarray, np.ndarray]:
    """What is left for each sample (N,): of the measured ones, and (mean of draws) of others of their colors."""
    made = np.mean([errors(lifted(measured, seed), *judge) for seed in range(DRAWS)], axis=0)
    return errors(measured, *judge), made


def _rounded(values: Any) -> list[float]:
    return [round(float(one), 3) for one in values]


def photograph_pixels() -> np.ndarray:
    """Reflectances (N, 31) of one pixel of each of 64 regions of each photograph; black and emitted ones left out."""
    samples, light = [], spectra.illuminant("D65")
    for index, path in enumerate(photographs().values()):
        scene = scenes.make("photograph", 240, 320, picture=path, seed=index)
        labels, rng = scene.facts["regions"].ravel(), np.random.default_rng(index)
        reflectance = scene.seen_by(np.diag((light @ spectra.observer()[:, 1]) / light)).reshape(-1, spectra.BANDS)
        chosen = [rng.choice(np.flatnonzero(labels == label)) for label in np.unique(labels)]
        samples.append(reflectance[chosen].astype(float))
    pixels = np.concatenate(samples)
    return pixels[(pixels.mean(axis=1) > 0.01) & (pixels.max(axis=1) <= 1)]


def timings() -> dict[str, float]:
    """Seconds and the peak of memory for a scene of 12 megapixels from a photograph, seen by two sensors, and seconds
    for 1.3 megapixels of each kind."""
    rng = np.random.default_rng(0)
    small = scenes.make("still-life", 375, 500)
    codes = (as_srgb(small) / 255).repeat(8, 0).repeat(8, 1) + rng.normal(0, 0.01, (3000, 4000, 3))
    picture = (np.clip(codes, 0, 1) * 255).astype(np.uint8)
    sensors = [rng.uniform(0, 1, (spectra.BANDS, 3)) for _ in range(2)]
    found: dict[str, float] = {}
    for _ in range(2):  # the second one is warm
        start = time.perf_counter()
        scene = scenes.make("photograph", 3000, 4000, picture=picture)
        found["photograph, 12 MP: lift"] = round(time.perf_counter() - start, 2)
        start = time.perf_counter()
        for one in sensors:
            for top in range(0, 3000, 250):
                scene.seen_by(one, slice(top, top + 250))
        found["photograph, 12 MP: two sensors"] = round(time.perf_counter() - start, 2)
    found["peak GB"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2)
    for name in scenes.SCENES:
        start = time.perf_counter()
        scenes.make(name, 1000, 1300, **({"picture": picture} if name == "photograph" else {}))
        found[f"{name}, 1.3 MP"] = round(time.perf_counter() - start, 2)
    print(found)
    return found


def quick() -> dict[str, float]:
    """A small share without real files: a still life photographed and lifted again."""
    light, lamp = spectra.illuminant("D65"), spectra.illuminant("A")
    codes = as_srgb(scenes.make("still-life", 120, 160, seed=2))
    lifted_, smooth = (scenes.make("photograph", 120, 160, picture=codes, light="A", metamerism=one) for one in (1, 0))
    under = scenes.make("photograph", 120, 160, picture=codes)
    truth = color.decode(codes / 255) @ upsampling.xyz_from_primaries(light).T
    found = {
        "round trip, max": _apart(under.xyz(), truth, light).max(),
        "metamers in A, mean": _apart(lifted_.xyz(), smooth.xyz(), lamp).mean(),
    }
    return {key: round(float(value), 4) for key, value in found.items()}


def _apart(one: np.ndarray, other: np.ndarray, light: np.ndarray) -> np.ndarray:
    white = spectra.white_xyz(light)
    return color.delta_e_2000(color.lab_from_xyz(one, white), color.lab_from_xyz(other, white))


def as_srgb(scene: Scene, exposure: float = 1.0) -> np.ndarray:
    """The scene for the eye, (H, W, 3) uint8: XYZ adapted to D65, as sRGB, clipped."""
    white, day = spectra.white_xyz(scene.light), color.xyz_from_xy(color.D65_XY)
    matrix = np.linalg.inv(color.XYZ_FROM_SRGB) @ color.adaptation(white, day)
    return (color.encode(np.clip(scene.xyz() * exposure @ matrix.T, 0, 1)) * 255 + 0.5).astype(np.uint8)


def sheet() -> Path:
    """The contact sheet of all kinds of scenes."""
    from PIL import Image

    from twinlens.report.contact_sheet import contact_sheet

    shown = [
        ("colorchecker", {}, 1.0), ("colorchecker-sg, D50", {"light": "D50"}, 1.0), ("grey-ramp", {}, 1.0),
        ("dynamic-range", {}, 1.0), ("slanted-edge", {"rows": 2, "columns": 3}, 1.0), ("siemens-star", {}, 1.0),
        ("dead-leaves", {"chroma": 40}, 1.0), ("gradients", {}, 1.0), ("metamers, D65", {}, 1.0),
        ("metamers, A", {"light": "A"}, 1.0), ("flat, D65 and A", {"light": ["D65", "A"], "reflectance": 0.7}, 1.0),
        ("night-lights", {}, 0.5), *((f"still-life, seed {seed}", {"seed": seed}, 1.0) for seed in (2, 3, 4, 5, 6)),
        ("still-life, D65 and LED-B1", {"seed": 8, "light": ["D65", "LED-B1"]}, 1.0),
    ]  # fmt: skip
    pictures = [
        (caption, as_srgb(scenes.make(caption.split(",")[0], 360, 480, **options), exposure))
        for caption, options, exposure in shown
    ]
    path = ROOT / "docs" / "pictures" / "scenes.jpg"
    Image.fromarray(contact_sheet(pictures, width=240, columns=6, gap=8)).save(path, quality=82, optimize=True)
    return path


if __name__ == "__main__":
    if "--sheet" in sys.argv:
        print(sheet())
    elif "--speed" in sys.argv:
        print(update({"seconds": timings()}))
    elif "--fresh" in sys.argv:
        print(json.dumps(fresh := fresh_set(), indent=1))
        print(update({"fresh set": fresh}))
    elif "--quick" in sys.argv:
        sys.exit(check_quick("scenes", quick(), QUICK_TOLERANCE))
    else:
        main()
