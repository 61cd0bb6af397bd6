"""Pictures for tests of comparing: drawn scenes of colored shapes, rendered in known ways, as files."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from twinlens.files import photo
from twinlens.numerics.color import encode, luminance, oklab_from_rec2020, rec2020_from_oklab, rgb_from_rgb

Array = np.ndarray
SIZE = (504, 672)


def drawn(seed: int, size: tuple[int, int] = SIZE) -> Array:
    """Linear Rec. 2020 (H, W, 3) of a scene: a grey gradient with shapes of many colors, brightnesses and turns."""
    rng = np.random.default_rng(seed)
    height, width = size
    y, x = np.mgrid[:height, :width] / max(size)
    light = np.repeat((0.08 + 0.12 * x + 0.06 * y)[..., None], 3, axis=2).astype(np.float32)
    for _ in range(90):
        middle = rng.uniform(0, (width, height))
        length = rng.uniform(0.02, 0.09, 2) * width
        angle = rng.uniform(0, 180)
        lab = np.array([rng.uniform(0.4, 0.85), *rng.uniform(-0.07, 0.07, 2)])
        color = np.clip(rec2020_from_oklab(lab), 0.004, 0.8)
        box = cv2.boxPoints((middle.tolist(), length.tolist(), angle))
        mask = np.zeros(size, np.uint8)
        cv2.fillPoly(mask, [np.rint(box * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        light += (mask[..., None] / 255.0) * (color.astype(np.float32) - light)
    texture = cv2.GaussianBlur(rng.standard_normal(size).astype(np.float32), (0, 0), 1.5)
    return light * (1 + 0.1 * texture[..., None])


def rendered(
    light: Array, *, exposure: float = 0.0, contrast: float = 1.0, chroma: float = 1.0, turn_deg: float = 0.0,
    corner: float = 0.0,
) -> Array:  # fmt: skip
    """Codes (H, W, 3) uint8 sRGB: exposure and corner in EV, contrast about mid grey, chroma and hue in Oklab."""
    height, width = light.shape[:2]
    y, x = np.mgrid[:height, :width]
    square = (x - (width - 1) / 2) ** 2 + (y - (height - 1) / 2) ** 2
    stops = exposure + corner * square / square.max()
    bright = luminance(light) * 2.0**stops
    light = light * (2.0**stops * (bright / 0.18) ** (contrast - 1))[..., None]
    lab = oklab_from_rec2020(light)
    c = (lab[..., 1] + 1j * lab[..., 2]) * chroma * np.exp(1j * np.radians(turn_deg))
    srgb = rec2020_from_oklab(np.stack([lab[..., 0], c.real, c.imag], -1)) @ rgb_from_rgb("srgb", "rec2020").T
    return np.rint(255 * np.clip(encode(np.clip(srgb, 0, 1)), 0, 1)).astype(np.uint8)


def moved(light: Array, seed: int) -> Array:
    """The scene as seen from a slightly other place."""
    rng = np.random.default_rng(seed)
    height, width = light.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-2, 2), rng.uniform(1.02, 1.06))
    matrix[:, 2] += rng.uniform(-6, 6, 2)
    return cv2.warpAffine(light, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def written(codes: Array, path: Path, *, quality: int = 97, exif: bytes | None = None) -> Path:
    """A picture file, and its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    photo.write(codes, path, quality=quality, exif=exif)
    return path
