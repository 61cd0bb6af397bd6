"""Auto white: the angular error of the estimated neutral, on photographs relit in simulation.

A photograph (linear light, seen as reflectance through a smooth spectral basis fitted to 190 training reflectances) is
lit by a measured or standard illuminant and seen by a camera of measured sensitivities; the truth is the camera's RGB
of a perfect white. The camera's color matrices for A and D65 are fitted to the training reflectances, as a DNG's are.
Beside our method stand grey world, its own parts (shades of grey, grey edge, white patch at the 97th percentile), their
mean, and no estimate at all (a D55 neutral). Photographs and cameras here were not used to choose the method's
constants (`--tuning` runs those that were).

    python benchmarks/auto_white.py            all figures -> results/auto_white.json
    python benchmarks/auto_white.py --tuning   the photographs and cameras of the tuning, printed only
    python benchmarks/auto_white.py --quick    the sample scene in five lights against the committed figures
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from record import check_quick, save

from twinlens.core.camera_color import Calibration
from twinlens.numerics import color
from twinlens.numerics.auto_white import estimate_neutral, statistics
from twinlens.numerics.dng_color import lights_from, neutral_from_xy
from twinlens.simulate import sample

ROOT = Path(__file__).resolve().parents[2] / "shared" / "data"
NM = np.arange(400.0, 701.0, 10.0)
LONG_EDGE = 240
QUICK_LIGHTS = {
    "A": color.A_XY,
    "D50": color.D50_XY,
    "D55": (0.33242, 0.34743),
    "D65": color.D65_XY,
    "D75": (0.29902, 0.31485),
}
QUICK_TOLERANCE = 0.02  # degrees

MEASURE_CAMERAS = ("Sony_ILCE-7M3", "Canon_EOS_R5", "Fujifilm_X-T4")
TUNING_CAMERAS = ("Nikon_D700", "Canon_EOS_5D_Mark_II", "Sony_ILCE-6400")
LIGHTS = (
    "D50", "D55", "D65", "D75", "VivitarFlash", "illuminantA", "Tungsten", "Fluorescent2", "Fluorescent7",
    "Fluorescent11", "FluorescentOffice", "LED-B1", "LED-B2", "LED-B3", "LED-B4", "LED-B5", "LED-RGB1", "LED-V1",
)  # fmt: skip


def photographs(tuning: bool) -> list[Path]:
    """The files of the measured or of the tuning set that are installed."""
    if tuning:
        import skimage

        data = Path(skimage.__file__).parent / "data"
        walls = sorted(Path("/usr/share/wallpapers").glob("*/contents/images/1920x1080.jpg"))
        walls = [path for path in walls if path.parts[4] in ("Autumn", "BytheWater", "FallenLeaf", "Kite")]
        return [data / name for name in ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png")] + walls
    nature = sorted(Path("/usr/share/backgrounds/mate/nature").glob("*.jpg"))
    return sorted((ROOT / "photos").glob("*.jpg")) + nature


def spectrum(path: Path) -> np.ndarray:
    rows = np.array([[float(value) for value in row] for row in list(csv.reader(path.read_text().splitlines()))[1:]])
    return np.interp(NM, rows[:, 0], rows[:, 1])


def table(path: Path) -> np.ndarray:
    """(31, n) of a rawtoaces file."""
    main = json.loads(path.read_text())["spectral_data"]["data"]["main"]
    at = np.array(sorted(float(key) for key in main))
    values = np.array([main[key] for key in sorted(main, key=float)], float)
    return np.stack([np.interp(NM, at, column) for column in values.T], 1)


def light_spectrum(name: str) -> np.ndarray:
    """The measured spectra, and the LEDs of CIE 15:2018 from colour-science."""
    if name.startswith("LED"):
        import colour

        found = colour.SDS_ILLUMINANTS[name]
        return np.interp(NM, found.wavelengths, found.values)
    return spectrum(ROOT / "spectral/illuminants" / f"{name}.csv")


def basis(reflectances: np.ndarray, observer: np.ndarray) -> np.ndarray:
    """(31, 3) from linear sRGB under D65 to reflectance; (1, 1, 1) becomes a perfect white."""
    weighted = observer * light_spectrum("D65")[:, None]
    xyz = reflectances.T @ weighted / weighted[:, 1].sum()
    rgb = xyz @ np.linalg.inv(color.XYZ_FROM_SRGB).T
    ones = np.concatenate([rgb, 1e3 * np.ones((1, 3))])
    return np.linalg.lstsq(ones, np.concatenate([reflectances.T, 1e3 * np.ones((1, len(NM)))]), rcond=None)[0].T


def fitted(sensitivity: np.ndarray, light: np.ndarray, reflectances: np.ndarray, observer: np.ndarray) -> np.ndarray:
    """camera_from_xyz (3, 3) by least squares, exact on white."""
    scene = np.concatenate([reflectances, 30 * np.ones((len(NM), 1))], 1) * light[:, None]
    scale = (observer[:, 1] * light).sum()
    return np.linalg.lstsq(scene.T @ observer / scale, scene.T @ sensitivity / scale, rcond=None)[0].T


def photograph(path: Path) -> np.ndarray:
    """Linear sRGB (H, W, 3) of a reduced photograph."""
    from PIL import Image

    with Image.open(path) as file:
        file.draft("RGB", (LONG_EDGE * 2, LONG_EDGE * 2))
        code = file.convert("RGB")
        code.thumbnail((LONG_EDGE, LONG_EDGE))
        return color.decode(np.asarray(code, float) / 255)


def angle(one: np.ndarray, other: np.ndarray) -> float:
    cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    return float(np.degrees(np.arccos(min(cosine, 1.0))))


def measure(
    tuning: bool = False,
    cameras: tuple[str, ...] | None = None,
    names: tuple[str, ...] = LIGHTS,
    files: list[Path] | None = None,
) -> dict[str, Any]:
    """Angular errors in degrees, by method: mean, median, p95."""
    training = table(ROOT / "spectral/rawtoaces/training/training_spectral.json")
    observer = table(ROOT / "spectral/rawtoaces/cmf/cmf_1931.json")
    spectra = {name: light_spectrum(name) for name in {*names, "illuminantA", "D65"}}
    into, files = basis(training, observer), files or photographs(tuning)
    pictures = [photograph(path) for path in files]
    used = cameras or (TUNING_CAMERAS if tuning else MEASURE_CAMERAS)
    errors: dict[str, list[float]] = {}
    by_light: dict[str, list[float]] = {name: [] for name in names}
    by_picture: dict[str, list[float]] = {path.name: [] for path in files}
    rng = np.random.default_rng(0)
    for name in used:
        sensitivity = table(ROOT / f"spectral/rawtoaces/camera/{name}_380_780_5.json")
        sensitivity = sensitivity / sensitivity.max()
        calibrations = [
            Calibration(code, fitted(sensitivity, spectra[light], training, observer))
            for code, light in ((17, "illuminantA"), (21, "D65"))
        ]
        lights = lights_from(calibrations)
        daylight = neutral_from_xy(lights, (0.33242, 0.34743))
        for light in names:
            power = spectra[light]
            camera_from_rgb = (sensitivity * power[:, None]).T @ into
            truth = camera_from_rgb @ np.ones(3)
            camera_from_rgb = camera_from_rgb / truth.max()
            for path, picture in zip(files, pictures, strict=True):
                seen = np.maximum(picture @ camera_from_rgb.T, 0)
                seen = np.clip(seen + rng.normal(size=seen.shape) * np.sqrt(seen * 2e-4 + 1e-6), 0, 1).astype(
                    np.float32
                )
                parts = statistics(seen)
                found = dict(zip(("shades_of_grey", "grey_edge", "white_patch"), parts, strict=True))
                found["grey_world"] = seen.reshape(-1, 3).mean(0)
                found |= {"ours": estimate_neutral(seen, lights), "ours_without_matrices": estimate_neutral(seen)}
                found["always_daylight"] = daylight
                for method, neutral in found.items():
                    errors.setdefault(method, []).append(angle(neutral, truth))
                by_light[light].append(errors["ours"][-1])
                by_picture[path.name].append(errors["ours"][-1])
    told = {method: summary(values) for method, values in errors.items()}
    return {
        "unit": "degrees between estimated and true camera RGB of white",
        "cameras": list(used),
        "estimates": len(errors["ours"]),
        "methods": told,
        "ours_by_photograph": {name: round(float(np.mean(values)), 2) for name, values in by_picture.items()},
        "ours_by_light": {light: round(float(np.mean(values)), 2) for light, values in by_light.items()},
    }


def summary(values: list[float]) -> dict[str, float]:
    found = {"mean": np.mean(values), "median": np.median(values), "p95": np.percentile(values, 95)}
    return {key: round(float(value), 2) for key, value in found.items()}


def quick() -> dict[str, float]:
    """Angular errors on the sample scene, its light replaced by five others as the invented sensor's matrices see them;
    by our method and by its parts."""
    lights = lights_from(sample.camera_color().calibrations)
    balanced = np.maximum(sample.scene(180, 240).rgb @ sample.camera_matrix().T, 0) / sample.neutral()
    told: dict[str, float] = {}
    for name, xy in QUICK_LIGHTS.items():
        truth = neutral_from_xy(lights, xy)
        seen = np.clip(balanced * truth, 0, 1).astype(np.float32)
        found: dict[str, Any] = dict(zip(("shades_of_grey", "grey_edge", "white_patch"), statistics(seen), strict=True))
        found["ours"] = estimate_neutral(seen, lights)
        told |= {f"{method}, {name}": round(angle(neutral, truth), 3) for method, neutral in found.items()}
    return told


def main() -> int:
    if sys.argv[1:] == ["--quick"]:
        return check_quick("auto_white", quick(), QUICK_TOLERANCE)
    if not ROOT.is_dir():
        print(f"skipped: the spectral data is not here ({ROOT})")
        return 0
    tuning = "--tuning" in sys.argv[1:]
    figures = measure(tuning)
    for method, found in figures["methods"].items():
        print(f"{method:24} mean {found['mean']:5.2f}  median {found['median']:5.2f}  p95 {found['p95']:5.2f}")
    print(figures["ours_by_light"], figures["ours_by_photograph"])
    if not tuning:
        print(save("auto_white", {**figures, "quick": quick()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
