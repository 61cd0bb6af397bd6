"""Module: what the calibration of a module finds, against the simulated camera that was photographed.

    python benchmarks/module.py            writes results/module.json
    python benchmarks/module.py --quick    compares a small fixed share with the committed figures

Noise from flats and darks, shading from flats, the tone of raw data from an exposure series; and the seconds for 64
flats of 2 megapixels. Sharpness is in simulate_physics.py.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import numpy as np
import record

from twinlens.calibrate.frames import frame_of
from twinlens.calibrate.noise import fit_noise
from twinlens.calibrate.shading import fit_shading
from twinlens.calibrate.tone import fit_tone
from twinlens.core.shading import basis
from twinlens.simulate import scenes
from twinlens.simulate.photograph import Photograph, photograph

SIZE = (600, 800)
LEVELS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 6.0)
CELL = 10  # sites of one color
SEED = 5


def flat(camera: str, level: float, seed: int, size: tuple[int, int] = SIZE, **options) -> Photograph:
    """An evenly lit wall."""
    scene = scenes.make("flat" if level else "dark", *size, light="D65")
    return photograph(scene, camera, height=size[0], width=size[1], exposure=level or 1.0, seed=seed, **options)


def pairs(camera: str, levels: tuple[float, ...], size: tuple[int, int], count: int = 2) -> Iterator[tuple]:
    """`count` pairs of counts at each level, two frames held at a time."""
    for step, level in enumerate(levels):
        for number in range(count):
            seed = SEED + 100 * step + 2 * number
            yield tuple(frame_of(flat(camera, level, seed + k, size).image).counts for k in range(2))


def noise(camera: str, size: tuple[int, int] = SIZE, count: int = 2) -> dict[str, float]:
    """Relative errors of gain, read noise and full well; found defects."""
    shot = flat(camera, 0.5, SEED, size)
    frame, true = frame_of(shot.image), shot.truth["sensor"]
    fit = fit_noise(
        pairs(camera, LEVELS, size, count), pairs(camera, (0.0,), size, 2 * count),
        tile=frame.tile, white=frame.white, black=0.0, iso=shot.truth["iso"],
    )  # fmt: skip
    found, gain = fit.value, 1 / true["gain_dn_per_e"]
    quantized = np.hypot(true["read_noise_e"], gain / np.sqrt(12))
    true_full = min(true["saturation_e"], true["full_well_e"])
    return {
        "gain": float(np.abs(np.array(found.electrons_per_dn) / gain - 1).max()),
        "read noise": float(np.abs(np.array(found.read_noise_e) / quantized - 1).max()),
        "full well": float(np.abs(np.array(found.full_well_e) / true_full - 1).max()),
        "held out": float(fit.held_out or 0),
    }


def shading(camera: str, size: tuple[int, int] = SIZE) -> dict[str, float]:
    """The largest and the rms relative error of the response, against a picture without noise, cell by cell."""
    frames = [frame_of(flat(camera, 0.7, SEED + k, size).image) for k in range(4)]
    first, clean = frames[0], frame_of(flat(camera, 0.7, SEED, size, noisy=False).image)
    fit = fit_shading((one.counts for one in frames), tile=first.tile, black=0, white=first.white)
    errors = []
    for y, x in np.ndindex(2, 2):
        plane = clean.counts[y::2, x::2]
        cells = plane.reshape(size[0] // 2 // CELL, CELL, size[1] // 2 // CELL, CELL).mean((1, 3))
        places = [2 * (2 * (np.arange(n) * CELL + (CELL - 1) / 2) + first_site + 0.5) / whole - 1
                  for n, first_site, whole in zip(cells.shape, (y, x), size, strict=True)]  # fmt: skip
        v, h = np.meshgrid(*places, indexing="ij")
        color = fit.value.coefficients[first.tile[y, x]]
        ratio = np.exp(basis(np.stack([v.ravel(), h.ravel()], 1)) @ color) / cells.ravel()
        errors.append(ratio / np.median(ratio) - 1)
    joined = np.concatenate(errors)
    return {"largest": float(np.abs(joined).max()), "rms": float(np.sqrt(np.mean(joined**2)))}


def tone(camera: str) -> dict[str, float]:
    """How far raw data of an exposure series are from a line."""
    steps = 2.0 ** -np.arange(7.0)
    values = []
    for number, step in enumerate(steps):
        frame = frame_of(flat(camera, 0.85 * step, SEED + number).image)
        middle = frame.counts[200:400, 266:532][frame.tile[np.ix_(np.arange(200) % 2, np.arange(266) % 2)] == 1]
        values.append(middle.mean() / frame.white)
    return {"linearity": fit_tone(steps, np.array(values)).value.linearity}


def seconds() -> dict[str, float]:
    """64 flats of 2 megapixels to noise and shading, the pictures in memory."""
    size = (1224, 1632)
    frames = [frame_of(flat("phone", level, SEED + k, size).image) for level in LEVELS for k in range(8)]
    one = frames[0]
    began = time.perf_counter()
    fit_noise(((a.counts, b.counts) for a, b in zip(frames[::2], frames[1::2], strict=True)), tile=one.tile,
              white=one.white, black=0.0)  # fmt: skip
    middle = time.perf_counter()
    fit_shading((frame.counts for frame in frames[32:56]), tile=one.tile, black=0, white=one.white)
    return {"noise of 64 flats": middle - began, "shading of 24 flats": time.perf_counter() - middle}


def main() -> None:
    if "--quick" in sys.argv:
        told = {f"noise {key}": value for key, value in noise("phone", (200, 260), 1).items()}
        told |= {f"shading {key}": value for key, value in shading("phone", (200, 260)).items()}
        sys.exit(record.check_quick("module", told, {"noise": 0.003, "shading": 0.0005}))
    figures = {
        camera: {"noise": noise(camera), "shading": shading(camera), "tone": tone(camera)}
        for camera in ("phone", "reference")
    }
    quick = {f"noise {key}": round(value, 5) for key, value in noise("phone", (200, 260), 1).items()}
    quick |= {f"shading {key}": round(value, 5) for key, value in shading("phone", (200, 260)).items()}
    print(record.save("module", {**figures, "seconds": seconds(), "quick": quick}, SEED))


if __name__ == "__main__":
    main()
