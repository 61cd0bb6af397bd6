"""Golden pictures: small scenes whose developed pixels are kept. `python tests/golden.py --write` rewrites them and
prints ΔE.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from twinlens.core.image import Image
from twinlens.numerics import color
from twinlens.pipeline.develop import develop
from twinlens.simulate import sample

FOLDER = Path(__file__).with_name("golden")


def scenes() -> dict[str, Image]:
    """The sources, by name."""
    return {
        "clean": sample.shoot(96, 128, noisy=False),
        "noisy": sample.shoot(96, 128, iso=1600, seed=4),
        "bright": sample.shoot(96, 128, exposure=2.5, noisy=False, cfa="GBRG"),
    }


def pictures() -> dict[str, np.ndarray]:
    """Every golden picture as it is made today, (H, W, 3) uint8."""
    made = {}
    for name, image in scenes().items():
        for look in ("neutral", "authentic", "vibrant", "mono"):
            made[f"{name}-{look}"] = develop(image, look=look).pixels
    made["clean-p3-small"] = develop(
        scenes()["clean"], edits={"output_color": {"space": "p3"}, "resize": {"long_edge": 64}}
    ).pixels
    return made


def kept(name: str) -> np.ndarray | None:
    """The stored picture, if there is one."""
    path = FOLDER / f"{name}.npy"
    return np.load(path) if path.exists() else None


def difference(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """CIEDE2000 pixel by pixel."""
    return color.delta_e_2000(color.lab_from_rgb(one / 255), color.lab_from_rgb(other / 255))


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, pixels in pictures().items():
        old = kept(name)
        told = "new"
        if old is not None and old.shape == pixels.shape:
            change = difference(old, pixels)
            told = f"mean {change.mean():.3f}, max {change.max():.2f} ΔE2000"
        print(f"{name:<22}{told}")
        if "--write" in sys.argv:
            np.save(FOLDER / f"{name}.npy", pixels)


if __name__ == "__main__":
    main()
