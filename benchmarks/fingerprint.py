"""Fingerprint: how well `compare` measures what one processing does otherwise than another.

Scenes are still lifes whose light is known. Both sets are the same scenes, photographed by hand (another crop, turn and
tilt every shot) and rendered by code of this file alone, once plainly and once with one thing changed by a known
amount. The truth of each change is a number of that code: a factor of chroma in Oklab, a turn, a slope, a gain.

    python benchmarks/fingerprint.py             all figures -> results/fingerprint.json
    python benchmarks/fingerprint.py --quick     a small share against the committed figures
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from twinlens.compare.features import FEATURES, INDEX, KEYS
from twinlens.compare.fingerprint import fingerprints
from twinlens.compare.model import Fingerprints
from twinlens.simulate import scenes

Array = np.ndarray
SIZE, MARGIN = (1200, 1600), 1.12  # rows, columns; how much larger the scene is than the picture
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


CAUSES: dict[str, tuple[Rendering, dict[str, float]]] = {}


def cause(name: str, truth: dict[str, float], **changes: Any) -> None:
    CAUSES[name] = (replace(Rendering(), **changes), truth)


cause("nothing", {})
cause("exposure", {"exposure": 0.3 * 1.2}, exposure=0.3)
cause("contrast", {"tone_contrast": 100 * np.log(1.38 / 1.2)}, contrast=1.38)
cause("shadows", {}, shadow=1.25)
cause("highlights", {}, shoulder=0.35)
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
    with np.errstate(all="ignore"):
        count = np.isfinite(apart).sum(axis=0)
        return np.nanmean(apart, axis=0), np.where(count > 1, np.nanstd(apart, axis=0, ddof=1), np.nan)


def experiment(
    lights: dict[int, Array], name: str, folder: Path, amount: float = 1.0, repeats: int = 1
) -> Fingerprints:
    before = folder / "before"
    if not before.exists():
        photographed(before, lights, Rendering(), repeats, 1, amount)
    after = photographed(folder / name.replace(" ", "-"), lights, CAUSES[name][0], repeats, 2, amount)
    return fingerprints(before, after)


def main() -> None:
    import warnings

    warnings.simplefilter("ignore")
    seeds = range(1, 1 + int(sys.argv[2]) if len(sys.argv) > 2 else 4)
    lights = {seed: plain_light(seed) for seed in seeds}
    with tempfile.TemporaryDirectory() as place:
        for name in CAUSES if len(sys.argv) < 4 else [one for one in sys.argv[3:] if one in CAUSES]:
            found = experiment(lights, name, Path(place))
            mean, spread = changes(found)
            print(
                f"\n## {name}: {len(found.scenes)} scenes, left out {len(found.left_out)}; shift {found.shots['shift'].max():.2f}"
            )
            for key, value in CAUSES[name][1].items():
                print(f"  truth {key} {value:.3f}: {mean[INDEX[key]]:.3f} (sd {spread[INDEX[key]]:.3f})")
            floor = np.array([one.floor for one in FEATURES])
            for index in np.argsort(-np.nan_to_num(np.abs(mean) / floor))[:16]:
                if abs(mean[index]) > 0.7 * floor[index]:
                    print(
                        f"    {KEYS[index]:18s} {mean[index]:9.3f} sd {spread[index]:.3f}  ({mean[index] / floor[index]:.1f} floors)"
                    )


if __name__ == "__main__":
    main()
