"""Drawn photographs for tests of comparisons: invented scenes, simple renderings, a hand that does not hold still."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

HEIGHT, WIDTH, MARGIN = 360, 480, 16


def scene(seed: int) -> Array:
    """Linear light (H + 2 margins, W + 2 margins, 3): rectangles and disks of many colors over a slow gradient."""
    rng = np.random.default_rng(seed)
    height, width = HEIGHT + 2 * MARGIN, WIDTH + 2 * MARGIN
    y, x = np.mgrid[0:height, 0:width]
    light = np.exp(rng.normal(0, 0.5) + 0.8 * np.sin(x / width * 2 + rng.uniform(0, 6)) + 0.4 * np.cos(y / height * 3))
    picture = np.full((height, width, 3), 0.18)
    for _ in range(90):
        top, left = rng.integers(0, height), rng.integers(0, width)
        size = rng.integers(14, 70)
        inside = (np.abs(y - top) < size) & (np.abs(x - left) < size * rng.uniform(0.4, 1.5))
        if rng.random() < 0.5:
            inside = (y - top) ** 2 + (x - left) ** 2 < size**2
        grey = 0.03 * 2 ** rng.uniform(0, 4.5)
        picture[inside] = grey * np.clip(1 + rng.choice([0.05, 0.3]) * rng.normal(0, 1, 3), 0.3, 2)
    return picture * light[..., None] * 0.5


def rendered(
    light: Array, *, exposure: float = 0.0, contrast: float = 1.0, chroma: float = 1.0, warm: float = 0.0
) -> Array:
    """sRGB codes (H, W, 3), 0 to 1: exposure in EV, contrast about mid grey, chroma against grey, warmth."""
    pixels = light * 2.0**exposure * np.array([1 + warm, 1.0, 1 - warm])
    grey = pixels @ [0.2126, 0.7152, 0.0722]
    pixels = grey[..., None] + chroma * (pixels - grey[..., None])
    toned = 0.18 * (np.maximum(grey, 1e-5) / 0.18) ** contrast
    toned = toned / (1 + np.maximum(toned - 0.6, 0))
    linear = np.clip(pixels * (toned / np.maximum(grey, 1e-5))[..., None], 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def write(
    folder: Path, name: str, codes: Array, *, camera: str = "Sample One", software: str = "", quality: int = 92
) -> Path:
    """A JPEG with the facts that a camera writes."""
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(np.rint(255 * codes).astype(np.uint8))
    exif = Image.Exif()
    exif[271], exif[272] = camera.split(" ")[0], camera
    if software:
        exif[305] = software
    picture.save(folder / name, quality=quality, exif=exif, subsampling="4:4:4")
    return folder / name


def photographed(
    folder: Path, seeds: range | list[int], *, repeats: int = 1, hand: int = 0, **rendering: float
) -> Path:
    """A folder of photographs of scenes: `repeats` of each, framed by a hand of its own, with a little noise."""
    for seed in seeds:
        light = scene(seed)
        for repeat in range(repeats):
            rng = np.random.default_rng([seed, repeat, hand])
            top, left = rng.integers(0, 2 * MARGIN, 2)
            cut = light[top : top + HEIGHT, left : left + WIDTH]
            exposure = rendering.get("exposure", 0.0) + rng.normal(0, 0.02)
            codes = rendered(cut, **{**rendering, "exposure": exposure}) + rng.normal(0, 0.006, cut.shape)
            write(folder, f"IMG_{hand}{seed:02d}{repeat}.jpg", np.clip(codes, 0, 1))
    return folder
