"""Fingerprint: how well `compare` measures what one processing does otherwise than another.

Scenes are still lifes whose light is known. Both sets are the same scenes, photographed by hand (another crop, turn and
tilt every shot) and rendered by code of this file alone, once plainly and once with one thing changed by a known
amount. The truth of each change is a number of that code: a factor of chroma in Oklab, a turn, a slope, a gain; of
edges, the same processing of one ideal edge.

    python benchmarks/fingerprint.py             all figures -> results/fingerprint.json
    python benchmarks/fingerprint.py edges ...   prints some of edges, causes, hdr, looks, real, seconds, quick
    python benchmarks/fingerprint.py --quick     compares a small fixed share with the committed figures

What of the color features was chosen, was chosen on the still lifes 1 to 3; the figures are of 4 to 6.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import tempfile
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from record import check_quick, save
from scipy.ndimage import gaussian_filter1d
from scipy.special import ndtr

from twinlens.compare.features import FEATURES, INDEX, KEYS
from twinlens.compare.fingerprint import fingerprints
from twinlens.compare.fingerprint_single import fingerprint
from twinlens.compare.model import Fingerprints
from twinlens.simulate import scenes

Array = np.ndarray
SEEDS = (4, 5, 6)  # of the still lifes
QUICK = ("hue", "chroma of greens")  # causes of the quick share, on the first still life
QUICK_TOLERANCE = {"hue": 0.3, "chroma": 1.0}  # degrees; %
FINER = 4
SIZE, MARGIN = (900, 1200), 1.12  # rows, columns; how much larger the scene is than the picture
# IEC 61966-2-1: XYZ to linear sRGB; B. Ottosson 2020: linear sRGB to LMS, its cube root to Oklab
SRGB_FROM_XYZ = np.array(
    [[3.2404542, -1.5371385, -0.4985314], [-0.9692660, 1.8760108, 0.0415560], [0.0556434, -0.2040259, 1.0572252]]
)
LMS_FROM_SRGB = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
     [0.0883024619, 0.2817188376, 0.6299787005]]
)  # fmt: skip
OKLAB_FROM_ROOTS = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
     [0.0259040371, 0.7827717662, -0.8086757660]]
)  # fmt: skip
Y = np.array([0.2126729, 0.7151522, 0.0721750])


@dataclass(frozen=True)
class Rendering:
    """What the invented camera does. Everything is 0 or 1 where it does nothing."""

    exposure: float = 0.0  # EV
    contrast: float = 1.2  # slope of the curve at mid grey
    shadow: float = 1.0  # factor of the slope under -2 EV
    shoulder: float = 0.55  # display light from which highlights are compressed
    local: float = 0.0  # share of the surroundings' brightness that is taken away
    edge_aware: bool = False  # whether the surroundings stop at edges
    warm: float = 0.0  # mired
    green: float = 0.0  # duv
    chroma: float = 1.0
    greens: float = 1.0  # chroma of hues about 140 degrees
    hue: float = 0.0  # degrees
    oranges: float = 0.0  # degrees, of hues about 60 degrees
    vignette: float = 0.0  # EV at the corner
    red_corner: float = 0.0  # share
    sharpen: float = 0.0
    radius: float = 1.2  # px
    noise: float = 0.8  # codes
    color_noise: float = 0.4
    smooth: float = 0.0  # strength of a bilateral filter that takes texture away
    quality: int = 95


def plain_light(seed: int) -> Array:
    """Linear sRGB (H, W, 3) of a still life, larger than the picture by MARGIN."""
    height, width = (round(side * MARGIN) for side in SIZE)
    scene = scenes.make("still-life", height, width, seed=seed)
    light = np.maximum(scene.xyz() @ SRGB_FROM_XYZ.T, 1e-4)
    return (light * (0.18 / np.exp(np.mean(np.log(light @ Y))))).astype(np.float32)


def handheld(light: Array, rng: np.random.Generator, amount: float = 1.0) -> Array:
    """The scene from a slightly other place, as a picture of SIZE, with the optics' blur."""
    height, width = light.shape[:2]
    rows, columns = SIZE
    scale = 1 + amount * rng.uniform(-0.02, 0.05)
    turn = np.radians(amount * rng.uniform(-1.5, 1.5))
    cos, sin = scale * np.cos(turn), scale * np.sin(turn)
    moved = amount * rng.uniform(-0.01, 0.01, 2) * (columns, rows)
    tilt = amount * rng.uniform(-0.02, 0.02, 2) / columns
    to_middle = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1.0]])
    turned = np.array([[cos, -sin, 0], [sin, cos, 0], [tilt[0], tilt[1], 1.0]])
    back = np.array([[1, 0, columns / 2 + moved[0]], [0, 1, rows / 2 + moved[1]], [0, 0, 1.0]])
    seen = cv2.warpPerspective(light, back @ turned @ to_middle, (columns, rows), flags=cv2.INTER_CUBIC)
    return np.maximum(cv2.GaussianBlur(seen, (0, 0), 0.7), 1e-5)


def curve(x: Array, r: Rendering) -> Array:
    """Display light of scene light x: a power about mid grey, another slope in shadows, a shoulder."""
    stops = np.log2(np.maximum(x, 1e-6) / 0.18)
    stops = np.where(stops < -2, -2 + r.shadow * (stops + 2), stops) * r.contrast
    y = 0.18 * 2.0**stops
    room = 1 - r.shoulder
    return np.where(y < r.shoulder, y, r.shoulder + room * (1 - np.exp(-np.maximum(y - r.shoulder, 0) / room)))


CAMERA_FROM_XYZ = np.array(  # ColorMatrix2 (D65) of a DNG of the Canon EOS 5D Mark II
    [[0.4716, 0.0603, -0.0830], [-0.7798, 1.5474, 0.2480], [-0.1496, 0.1937, 0.6651]]
)


def white_matrix(r: Rendering) -> Array:
    """(3, 3) on linear sRGB that shows the display's white this many mired warmer, and this far off the locus: by
    gains of a real camera's channels, so not in the space in which `compare` takes white balance out."""
    u0, v0 = 0.19783, 0.31222  # D65 in CIE 1960
    du, dv = planckian(1e6 / 6504 + r.warm) - planckian(1e6 / 6504)
    step = planckian(155.0) - planckian(153.0)
    across = np.array([-step[1], step[0]]) / np.hypot(*step)  # towards green
    u, v = np.array([u0, v0]) + (du, dv) + r.green * across
    x, y = 1.5 * u / (u - 4 * v + 2), v / (u - 4 * v + 2)
    to_xyz = np.linalg.inv(SRGB_FROM_XYZ)
    gains = (CAMERA_FROM_XYZ @ np.array([x / y, 1, (1 - x - y) / y])) / (CAMERA_FROM_XYZ @ to_xyz @ np.ones(3))
    return SRGB_FROM_XYZ @ np.linalg.inv(CAMERA_FROM_XYZ) @ (gains[:, None] * CAMERA_FROM_XYZ) @ to_xyz


def planckian(mired: float) -> Array:
    """CIE 1960 (u, v) of a black body: rational approximation of Krystek (Color Research & Application 10, 1985)."""
    t = 1e6 / mired
    u = (0.860117757 + 1.54118254e-4 * t + 1.28641212e-7 * t * t) / (1 + 8.42420235e-4 * t + 7.08145163e-7 * t * t)
    v = (0.317398726 + 4.22806245e-5 * t + 4.20481691e-8 * t * t) / (1 - 2.89741816e-5 * t + 1.61456053e-7 * t * t)
    return np.array([u, v])


def oklab(rgb: Array) -> Array:
    return np.cbrt(np.maximum(rgb, 0) @ LMS_FROM_SRGB.T) @ OKLAB_FROM_ROOTS.T


def from_oklab(lab: Array) -> Array:
    return (lab @ np.linalg.inv(OKLAB_FROM_ROOTS).T) ** 3 @ np.linalg.inv(LMS_FROM_SRGB).T


def colored(rgb: Array, r: Rendering) -> Array:
    if (r.chroma, r.greens, r.hue, r.oranges) == (1, 1, 0, 0):
        return rgb
    lab = oklab(rgb)
    c = lab[..., 1] + 1j * lab[..., 2]
    hue = np.degrees(np.angle(c))

    def about(center: float) -> Array:
        away = (hue - center + 180) % 360 - 180
        return 0.5 + 0.5 * np.cos(np.pi * np.clip(np.abs(away) / 60, 0, 1))

    factor = r.chroma * (1 + (r.greens - 1) * about(140))
    c = c * factor * np.exp(1j * np.radians(r.hue + r.oranges * about(60)))
    return from_oklab(np.stack([lab[..., 0], c.real, c.imag], -1))


def rendered(light: Array, r: Rendering, rng: np.random.Generator) -> Array:
    """The picture (H, W, 3) uint8 sRGB of linear light."""
    light = light.astype(np.float64) * 2.0**r.exposure
    rows, columns = light.shape[:2]
    y, x = np.mgrid[:rows, :columns]
    square = ((x - (columns - 1) / 2) ** 2 + (y - (rows - 1) / 2) ** 2) / (((columns - 1) ** 2 + (rows - 1) ** 2) / 4)
    bright = light @ Y
    shown = curve(bright, r)
    if r.local:
        shown = shown * 2.0 ** (-r.local * surroundings(np.log2(shown), r.edge_aware))
    shown = shown * 2.0 ** (r.vignette * square)
    rgb = light * (shown / bright)[..., None] @ white_matrix(r).T
    rgb[..., 0] *= 1 + r.red_corner * square
    codes = 255 * encoded(np.clip(colored(rgb, r), 0, 1))
    return finished(codes, r, rng)


def surroundings(stops: Array, edge_aware: bool) -> Array:
    """Brightness at large, about its mean: by a Gaussian, or by a guided filter."""
    sigma = 0.07 * max(stops.shape)
    if not edge_aware:
        wide = cv2.GaussianBlur(stops, (0, 0), sigma)
        return wide - wide.mean()
    side = (2 * round(sigma) + 1,) * 2
    mean = cv2.blur(stops, side)
    variance = np.maximum(cv2.blur(stops * stops, side) - mean**2, 0)
    a = variance / (variance + 0.5**2)
    base = cv2.blur(a, side) * stops + cv2.blur(mean * (1 - a), side)
    return base - base.mean()


def encoded(linear: Array) -> Array:
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def finished(codes: Array, r: Rendering, rng: np.random.Generator) -> Array:
    shape = codes.shape[:2]
    grain = r.noise * rng.standard_normal(shape)
    tint = r.color_noise * rng.standard_normal((*shape, 3))
    codes = codes + grain[..., None] + tint - (tint @ Y)[..., None]
    if r.smooth:
        smoothed = cv2.bilateralFilter(codes.astype(np.float32), 7, 10, 2.0)
        codes = codes + r.smooth * (smoothed - codes)
    if r.sharpen:
        luma = codes @ Y
        codes = codes + r.sharpen * (luma - cv2.GaussianBlur(luma, (0, 0), r.radius))[..., None]
    return np.clip(np.rint(codes), 0, 255).astype(np.uint8)


def write(picture: Array, path: Path, quality: int) -> None:
    cv2.imwrite(str(path), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])


Renderer = Callable[[Array, np.random.Generator], Array]


def photographed(folder: Path, lights: dict[int, Array], r: Rendering, repeats: int, seed: int, amount: float) -> Path:
    """A set of pictures of these scenes in a folder of its own."""
    folder.mkdir(parents=True)
    for number, light in lights.items():
        for repeat in range(repeats):
            rng = np.random.default_rng([seed, number, repeat])
            picture = rendered(handheld(light, rng, amount), r, rng)
            write(picture, folder / f"{seed}-{number}-{repeat}.jpg", r.quality)
    return folder


CAUSES: dict[str, tuple[Rendering, dict[str, float | None]]] = {}


def cause(name: str, truth: dict[str, float | None], **changes: Any) -> None:
    CAUSES[name] = (replace(Rendering(), **changes), truth)


def tone_truth(r: Rendering) -> dict[str, float]:
    """What the two curves say at brightnesses of their mean, as `compare` defines its features."""
    x = 0.18 * 2.0 ** np.linspace(-9, 6, 20001)
    one, other = (np.log2(np.maximum(curve(x * 2.0**each.exposure, each), 1e-9)) for each in (Rendering(), r))
    u, apart = (one + other) / 2, other - one

    def at(stops: float) -> float:
        return float(np.interp(np.log2(0.18) + stops, u, apart))

    slope = (at(0.1) - at(-0.1)) / 0.2
    return {
        "exposure": at(0),
        "tone_contrast": 100 * float(np.log((1 + slope / 2) / (1 - slope / 2))),
        "tone_shadow": at(-3) - at(0),
        "tone_highlight": at(1.5) - at(0),
    }


cause("nothing", {})
cause("exposure", {"exposure": None}, exposure=0.3)
cause("contrast", {"tone_contrast": None, "tone_shadow": None, "tone_highlight": None}, contrast=1.38)
cause("shadows", {"tone_shadow": None}, shadow=1.25)
cause("highlights", {"tone_highlight": None}, shoulder=0.35)
cause("local", {}, local=0.15)
cause("local, edge-aware", {}, local=0.15, edge_aware=True)
cause("warmth", {"white_mired": 20.0}, warm=20.0)
cause("tint", {"white_duv": 0.006}, green=0.006)
cause("chroma", {"chroma": 100 * np.log(1.12)}, chroma=1.12)
cause("chroma of greens", {"chroma_green": 100 * np.log(1.2)}, greens=1.2)
cause("hue", {f"hue_{name}": 6.0 for name in ("red", "orange", "yellow", "green", "blue")}, hue=6.0)
cause("hue of oranges", {"hue_orange": 6.0}, oranges=6.0)
cause("vignette", {"vignette": -0.4}, vignette=-0.4)
cause("red corners", {"shading_red": 100 * np.log(1.05)}, red_corner=0.05)
cause("sharpening", {}, sharpen=1.0)
cause("halo", {}, sharpen=0.4, radius=6.0)
cause("noise", {"noise": 100 * np.log(2)}, noise=1.6, color_noise=0.8)
cause("color noise", {}, color_noise=1.6)
cause("smoothing", {}, smooth=0.7)
cause("JPEG", {}, quality=75)


def changes(found: Fingerprints) -> tuple[Array, Array]:
    """Mean over scenes of after - before (K,), and its standard deviation between scenes (K,)."""
    apart = found.values[1] - found.values[0]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        count = np.isfinite(apart).sum(axis=0)
        return np.nanmean(apart, axis=0), np.where(count > 1, np.nanstd(apart, axis=0, ddof=1), np.nan)


def compared(lights: dict[int, Array], r: Rendering, folder: Path, name: str) -> Fingerprints:
    before = folder / "before"
    if not before.exists():
        photographed(before, lights, Rendering(), 1, 1, 1.0)
    return fingerprints(before, photographed(folder / name.replace(" ", "-"), lights, r, 1, 2, 1.0))


def causes(lights: dict[int, Array], folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """For every cause its features against the truth, and how far every block of features moved: the mean change of
    the feature that moved most, in floors and in SD (floor and spread between scenes together)."""
    accuracy: dict[str, Any] = {}
    crosstalk: dict[str, Any] = {}
    floors = np.array([one.floor for one in FEATURES])
    still = np.full(len(KEYS), np.nan)
    for name, (r, truth) in CAUSES.items():
        mean, spread = changes(compared(lights, r, folder, name))
        still = spread if name == "nothing" else still
        sd = np.sqrt(floors**2 + np.nan_to_num(spread) ** 2)
        known = tone_truth(r)
        accuracy[name] = {
            key: {"truth": round(known[key] if value is None else value, 4),
                  "measured": round(float(mean[INDEX[key]]), 4),
                  "spread of scenes": round(float(spread[INDEX[key]]), 4)}
            for key, value in truth.items()
        }  # fmt: skip
        crosstalk[name] = {block: _moved(block, mean / floors, mean / sd) for block in blocks()}
        print(name, accuracy[name], {key: one for key, one in crosstalk[name].items() if abs(one["SD"]) > 1})
    return accuracy, crosstalk


def blocks() -> list[str]:
    return list(dict.fromkeys(one.block for one in FEATURES if not one.is_derived))


def _moved(block: str, in_floors: Array, in_sd: Array) -> dict[str, Any]:
    own = [index for index, one in enumerate(FEATURES) if one.block == block and not one.is_derived]
    own = [index for index in own if np.isfinite(in_sd[index])]
    if not own:
        return {"floors": 0.0, "SD": 0.0, "feature": ""}
    most = max(own, key=lambda index: abs(in_sd[index]))
    return {"floors": round(float(in_floors[most]), 2), "SD": round(float(in_sd[most]), 2), "feature": KEYS[most]}


def hdr_strength(lights: dict[int, Array], folder: Path) -> dict[str, list[float]]:
    """`local_contrast` of 10, 20 and 30 % of the surroundings taken away: smooth ones, and such that stop at edges."""
    found: dict[str, list[float]] = {"truth": [round(-100 * float(np.log(1 - share)), 2) for share in (0.1, 0.2, 0.3)]}
    for edge_aware in (False, True):
        told = []
        for share in (0.1, 0.2, 0.3):
            r = Rendering(local=share, edge_aware=edge_aware)
            mean, _ = changes(compared(lights, r, folder, f"hdr {share} {edge_aware}"))
            told.append(round(float(mean[INDEX["local_contrast"]]), 2))
        found["edge-aware" if edge_aware else "smooth"] = told
    print("hdr", found)
    return found


def cards(seed: int) -> Array:
    """Linear light of grey cards at many angles, each a square of 0.12 in 0.36 with a pattern of its own inside."""
    rng = np.random.default_rng([seed, 7])
    rows, columns = (round(side * MARGIN) for side in SIZE)
    light = np.full((rows * FINER, columns * FINER), 0.36, np.float32)
    for row in range(4):
        for column in range(5):
            middle = np.array([(column + 0.5) * columns / 5, (row + 0.5) * rows / 4]) + rng.uniform(-15, 15, 2)
            side = rng.uniform(125, 150)
            box = cv2.boxPoints((middle.tolist(), (side, side), float(rng.uniform(4, 41))))
            cv2.fillPoly(light, [np.rint(box * FINER * 16).astype(np.int32)], 0.12, shift=4)
            for _ in range(12):
                at = middle + rng.uniform(-0.2, 0.2, 2) * side
                size, level = rng.uniform(4, 15), float(rng.uniform(0.05, 0.6))
                middle_px = np.rint(at * FINER).astype(int).tolist()
                cv2.circle(light, middle_px, round(size * FINER), level, -1)
    light = cv2.resize(light, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.repeat(light[..., None], 3, axis=2)


def edge_truth(r: Rendering, low: float = 0.12, high: float = 0.36) -> dict[str, float]:
    """Overshoot, undershoot (% of the step) and MTF50 (cycles a picture height) of one ideal edge."""
    step = 1 / 32
    x = np.arange(-60, 60, step)
    sigma = float(np.sqrt(0.7**2 + 1 / 12))  # optics, and a pixel
    light = low + (high - low) * ndtr(x / sigma)
    codes = 255 * encoded(curve(light, r))
    codes = codes + r.sharpen * (codes - gaussian_filter1d(codes, r.radius / step))
    linear = np.where(codes <= 255 * 0.04045, codes / 255 / 12.92, ((codes / 255 + 0.055) / 1.055) ** 2.4)
    inside = slice(round(20 / step), -round(20 / step))
    value = (linear - linear[inside][0]) / (linear[inside][-1] - linear[inside][0])
    spectrum = np.abs(np.fft.rfft(np.gradient(value[inside])))
    frequency = np.fft.rfftfreq(len(value[inside]), step)
    below = int(np.flatnonzero(spectrum < 0.5 * spectrum[0])[0])
    half = np.interp(-0.5, -spectrum[below - 1 : below + 1] / spectrum[0], frequency[below - 1 : below + 1])
    over, under = max(float(value.max()) - 1, 0), max(-float(value.min()), 0)
    return {"edge_overshoot": 100 * over, "edge_undershoot": 100 * under, "mtf50": float(half) * SIZE[0]}


def edges(folder: Path) -> dict[str, Any]:
    """Overshoot, undershoot and MTF50 of cards against those of one ideal edge, sharpened in three ways."""
    lights = {seed: cards(seed) for seed in (1, 2)}
    found: dict[str, Any] = {}
    for name, r in {
        "none": Rendering(),
        "fine": Rendering(sharpen=0.8),
        "strong": Rendering(sharpen=1.6, radius=1.0),
        "wide": Rendering(sharpen=0.4, radius=5.0),
    }.items():
        made = compared(lights, r, folder, f"edges {name}")
        with np.errstate(all="ignore"):
            mean = made.values[1].mean(axis=0)
        truth = edge_truth(r)
        told = {key: round(float(mean[INDEX[key]]), 2) for key in ("edge_overshoot", "edge_undershoot")}
        told["mtf50"] = round(float(np.exp(mean[INDEX["mtf50"]] / 100)), 1)
        found[name] = {key: {"truth": round(truth[key], 2), "measured": told[key]} for key in told}
        print("edges", name, found[name])
    return found


def shown(path: Path) -> Array:
    """Codes (H, W, 3), 0 to 1, of a picture file."""
    picture = cv2.imread(str(path))
    if picture is None:
        raise FileNotFoundError(path)
    return picture[..., ::-1] / 255.0


def looks(folder: Path) -> dict[str, Any]:
    """`authentic` against `vibrant` of the same raw files: features against numbers of the same pixels, taken with
    scikit-image's CIELAB."""
    from skimage.color import rgb2lab

    from twinlens.files import photo
    from twinlens.pipeline.develop import develop
    from twinlens.simulate import shot

    for seed in (11, 12, 13):
        frame = shot("still-life", camera="phone", seed=seed, megapixels=2.0, name=f"scene-{seed}")
        frame.write(folder / "raw")
        for look in ("authentic", "vibrant"):
            (folder / look).mkdir(exist_ok=True)
            picture = develop(folder / "raw" / f"scene-{seed}.dng", look=look)
            photo.write(picture.pixels, folder / look / f"scene-{seed}.jpg", quality=95)
    found = fingerprints(folder / "authentic", folder / "vibrant")
    mean, spread = changes(found)
    lightness, chroma, over_lightness = [], [], []
    for seed in (11, 12, 13):
        one, other = (rgb2lab(shown(folder / look / f"scene-{seed}.jpg"))
                      for look in ("authentic", "vibrant"))  # fmt: skip
        size = [np.hypot(lab[..., 1], lab[..., 2]) for lab in (one, other)]
        used = (size[0] > 8) & (one[..., 0] > 15) & (one[..., 0] < 85) & (other[..., 0] < 90)
        chroma.append(float(np.median(size[1][used] / size[0][used])))
        over_lightness.append(float(np.median(size[1][used] / other[used, 0] / (size[0][used] / one[used, 0]))))
        lightness.append(float(np.median((other - one)[..., 0])))
    keys = ("exposure", "tone_contrast", "tone_shadow", "local_contrast", "chroma", "white_mired")
    return {
        "features": {key: round(float(mean[INDEX[key]]), 3) for key in keys},
        "spread of scenes": {key: round(float(spread[INDEX[key]]), 3) for key in keys},
        "CIELAB": {
            "chroma ratio": round(float(np.mean(chroma)), 3),
            "ratio of chroma over lightness": round(float(np.mean(over_lightness)), 3),
            "lightness": round(float(np.mean(lightness)), 2),
        },
        "scenes": len(found.scenes),
    }


DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "photos"
PAIR = ("canon_sx60_hdr_off.jpg", "canon_sx60_hdr_on.jpg")
WALL = (  # of the real pair, by hand: the same places of the wall, middle (x, y) px without and with HDR
    ((1000, 420), (940, 360)), ((500, 300), (440, 240)), ((100, 750), (55, 695)), ((80, 1700), (65, 1650)),
    ((1400, 1800), (1375, 1725)), ((1430, 600), (1375, 520)),
)  # fmt: skip
SINGLES = ("samsung_galaxy_s7_edge.jpg", "apple_iphone_6.jpg", "nokia_lumia_800.jpg", "leica_t_typ701.jpg")


def real() -> dict[str, Any]:
    """The real pair against patches that were placed by hand, and what four single photographs say."""
    found = fingerprints(DATA / PAIR[0], DATA / PAIR[1])
    apart = found.values[1, 0] - found.values[0, 0]
    told = {key: round(float(apart[INDEX[key]]), 3) for key in KEYS if np.isfinite(apart[INDEX[key]])}
    bright = []
    for number, name in enumerate(PAIR):
        codes = shown(DATA / name)
        linear = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4) @ Y
        middles = [one[number] for one in WALL]
        bright.append([float(np.log2(linear[y - 25 : y + 25, x - 25 : x + 25].mean())) for x, y in middles])
    one, other = np.array(bright)
    slope, offset = np.polyfit((one + other) / 2, other - one, 1)
    singles = {}
    for name in SINGLES:
        alone = fingerprint(DATA / name)
        values = {
            key: round(float(value), 2) for key, value in zip(KEYS, alone.values, strict=True) if np.isfinite(value)
        }
        singles[name] = {**values, **{key: round(value, 3) for key, value in alone.facts.items()}}
    return {
        "pair": told,
        "by hand": {
            "exposure at mid grey": round(float(slope * np.log2(0.18) + offset), 3),
            "contrast": round(100 * float(np.log((1 + slope / 2) / (1 - slope / 2))), 1),
            "patches": len(WALL),
        },
        "notes": list(found.notes),
        "singles": singles,
    }


def seconds(folder: Path, scenes_wanted: int = 4) -> dict[str, float]:
    """CPU and wall seconds, and the largest memory, of three sets of photographs of 12 megapixels, one a scene."""
    count = 0
    for seed in range(1, 1 + scenes_wanted):
        light = plain_light(seed)
        for number, role in enumerate(("before", "after", "reference")):
            (folder / role).mkdir(exist_ok=True)
            rng = np.random.default_rng([number, seed])
            r = Rendering(contrast=1.2 + 0.1 * number, sharpen=0.5 * number)
            picture = cv2.resize(rendered(handheld(light, rng), r, rng), (4000, 3000), interpolation=cv2.INTER_CUBIC)
            noise = rng.integers(-2, 3, (3000, 4000, 1))
            write(np.clip(picture + noise, 0, 255).astype(np.uint8), folder / role / f"{seed}.jpg", 95)
            count += 1
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as alone:  # whose memory is all its own
        return {"pictures": count, **alone.submit(timed, folder).result()}


def timed(folder: Path) -> dict[str, float]:
    """What the sets in a folder cost a program that does nothing else."""
    import resource
    import time

    cv2.setNumThreads(1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu = time.perf_counter(), time.process_time()
    found = fingerprints(*(folder / role for role in ("before", "after", "reference")))
    return {
        "scenes": len(found.scenes), "CPU s": round(time.process_time() - cpu, 1),
        "wall s": round(time.perf_counter() - wall, 1), "MB before": round(before / 1024),
        "MB at most": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }  # fmt: skip


def quick(folder: Path) -> dict[str, float]:
    """What two causes move of one still life: every hue and chroma that it shows."""
    lights = {SEEDS[0]: plain_light(SEEDS[0])}
    told = {}
    for name in QUICK:
        mean, _ = changes(compared(lights, CAUSES[name][0], folder, name))
        for key in KEYS:
            if key.startswith(("hue_", "chroma")) and np.isfinite(mean[INDEX[key]]):
                told[f"{key}, {name}"] = round(float(mean[INDEX[key]]), 3)
    return told


def main() -> None:
    only = sys.argv[1:]
    with tempfile.TemporaryDirectory() as place:
        if only == ["--quick"]:
            sys.exit(check_quick("fingerprint", quick(_folder(place, "quick")), QUICK_TOLERANCE))
        figures = measured(only, place)
    if only:
        print(json.dumps(figures, indent=1))
    else:
        print(save("fingerprint", without_nan(figures)))  # all of one run, or none


def measured(only: list[str], place: str) -> dict[str, Any]:
    """The figures of these parts, or of all."""
    figures: dict[str, Any] = {}
    lights = {seed: plain_light(seed) for seed in SEEDS} if not only or {"causes", "hdr"} & set(only) else {}
    if not only or "edges" in only:
        figures["edges"] = edges(_folder(place, "edges"))
    if not only or "causes" in only:
        figures["accuracy"], figures["crosstalk"] = causes(lights, _folder(place, "causes"))
    if not only or "hdr" in only:
        figures["hdr strength"] = hdr_strength(lights, _folder(place, "hdr"))
    if not only or "looks" in only:
        figures["looks"] = looks(_folder(place, "looks"))
    if (not only or "real" in only) and DATA.exists():
        figures["real"] = real()
    if not only or "seconds" in only:
        figures["seconds"] = seconds(_folder(place, "seconds"))
    if not only or "quick" in only:
        figures["quick"] = quick(_folder(place, "quick"))
    return figures


def _folder(place: str, name: str) -> Path:
    folder = Path(place) / name
    folder.mkdir()
    return folder


def without_nan(value: Any) -> Any:
    """The same with None for what is not a number, which JSON does not know."""
    if isinstance(value, dict):
        return {key: without_nan(one) for key, one in value.items()}
    return None if isinstance(value, float) and np.isnan(value) else value


if __name__ == "__main__":
    main()
