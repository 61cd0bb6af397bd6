"""Learn: how near a learned look comes to the true one on colors it has not seen, beside other programs' methods.

One command: `python benchmarks/learn.py [--photographs FOLDER] [--peers-python PATH] [--quick]`. Looks are makers of
`simulate` and three written here, none of the form that `learn` fits. Training pictures are still lifes; test pictures
are other still lifes and the photographs of FOLDER. `--peers-python` is a Python that has camera-match[rbf] and
color-matcher; without it they are "not measured". Figures are CIEDE2000, mean and 95th percentile.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from record import check_quick, save

from twinlens.learn import ColorMap, fit_color_map, rendering
from twinlens.learn import base as bases
from twinlens.learn.base import Freedom, Rows
from twinlens.numerics import color, colorchecker, curve, spectra
from twinlens.pipeline.look import problems
from twinlens.simulate import camera, maker, scenes

Array = npt.NDArray[Any]
Look = Callable[[Array], Array]

SEED = 0
HEIGHT, WIDTH, BLOCK = 320, 480, 8
EARLIER = "natural", "cinematic", "random:1", "random:3", "random:4", "random:9", "random:11"
ADDED = tuple(f"random:{number}" for number in range(12, 18))  # last; two decided one choice (docs/accuracy.md)
TRAINING, TESTS = range(1, 11), range(101, 107)  # seeds of still lifes
ROWS = 1200  # of a picture
NOISE = 0.006  # code, of a block mean after demosaic, sharpening and JPEG
FLAT = 0.1  # spread within a block, of its mean
QUICK_TOLERANCE = 0.02  # CIEDE2000
PEERS = Path(__file__).with_name("learn_peers.py")

SRGB, P3 = color.rgb_from_rgb("srgb", "rec2020"), color.rgb_from_rgb("p3", "rec2020")


def s_curve(light: Array, power: float, grey: float = 0.19) -> Array:
    powered = np.maximum(light, 0) ** power
    knee = curve.MID_GREY**power * (1 - grey) / grey
    return powered / (powered + knee) * (1 + knee)


def by_hue(scene: Array) -> Array:
    """An S-curve on luminance, chroma by hue (18 %), hue turned (6 degrees), toned shadows; in Oklab."""
    light, a, b = np.moveaxis(color.oklab_from_rec2020(np.maximum(scene, 0)), -1, 0)
    luminance = np.maximum(color.luminance(np.maximum(scene, 0)), 1e-9)
    gain = np.cbrt(s_curve(luminance, 1.3) / luminance)
    hue = np.arctan2(b, a)
    chroma = np.hypot(a, b) * gain * (1 + 0.18 * np.cos(2 * hue - 0.5))
    hue = hue + np.radians(6) * np.sin(3 * hue)
    dark = np.clip(1 - light * gain, 0, 1) ** 3
    lab = np.stack([light * gain, chroma * np.cos(hue) - 0.006 * dark, chroma * np.sin(hue) - 0.018 * dark], -1)
    return np.clip(color.encode(color.rec2020_from_oklab(lab) @ SRGB.T), 0, 1)


def film(scene: Array) -> Array:
    """A matrix and a curve for each channel in P3, black lifted."""
    mixed = np.maximum(scene @ P3.T, 0) @ np.array([[1.12, -0.1, -0.02], [-0.05, 1.1, -0.05], [-0.01, -0.12, 1.13]]).T
    display = np.stack([s_curve(mixed[..., c], power, 0.18) for c, power in enumerate((1.5, 1.42, 1.36))], -1)
    display = 0.008 + 0.992 * display * np.array([1, 0.99, 0.96])
    return np.clip(color.encode(display @ color.rgb_from_rgb("srgb", "p3").T), 0, 1)


def warped(scene: Array) -> Array:
    """As cameras were measured to work: cut at white, a gamut map of radial basis functions, response curves."""
    rng = np.random.default_rng(11)
    centers, amounts = rng.uniform(-0.1, 1, (60, 3)), rng.normal(0, 0.035, (60, 3))
    light = np.clip(scene, 0, 1) @ SRGB.T
    grey = light.mean(-1, keepdims=True)
    off = light - grey
    spread = np.linalg.norm(off, axis=-1, keepdims=True) / (np.abs(grey) + 0.05)
    root = np.cbrt(np.maximum(grey + off * (1.15 / (1 + 0.22 * spread**2)), 0))
    near = np.exp(-np.square(root[..., None, :] - centers).sum(-1) / (2 * 0.22**2))
    chroma = np.linalg.norm(root - root.mean(-1, keepdims=True), axis=-1, keepdims=True)
    root = np.clip(root + (near @ amounts) * np.minimum(chroma * 3, 1), 0, 1)
    code = root ** (3 / 1.95)
    return np.clip(code - 0.11 * np.sin(2 * np.pi * code) * code * (1 - code) * 4 * 0.3, 0, 1)


def looks() -> dict[str, Look]:
    """The true looks: scene light, linear Rec. 2020, to sRGB codes."""
    makers = {name: maker.load(name).color for name in (*EARLIER, *ADDED)}
    return makers | {"by hue": by_hue, "film": film, "warped": warped}


def picture(name: str, seed: int, source: Any = None) -> dict[str, Array]:
    """Flat blocks (N, 3) of a scene: light in linear Rec. 2020, and a phone sensor's white-balanced RGB."""
    options = {} if source is None else {"picture": source}
    scene = scenes.make(name, HEIGHT, WIDTH, light="D65", seed=seed, **options)
    response = camera.load("phone").sensitivities
    white = scene.light / float(scene.light @ spectra.observer()[:, 1]) @ response
    light = scene.xyz() @ color.REC2020_FROM_XYZ.T.astype(np.float32)
    gain = 0.9 / np.quantile(light.max(-1), 0.995)
    seen = {"scene": light * gain, "sensor": scene.seen_by(response) / white * gain}
    cells = {key: _blocks(value) for key, value in seen.items()}
    mean = cells["scene"].mean((1, 3))
    keep = (cells["scene"].std((1, 3)).mean(-1) < FLAT * np.maximum(mean.mean(-1), 1e-3)) & (mean.max(-1) < 1)
    keep &= mean.min(-1) > 0
    chosen = np.flatnonzero(keep)
    chosen = np.random.default_rng(seed).choice(chosen, min(ROWS, len(chosen)), replace=False)
    return {key: value.mean((1, 3)).reshape(-1, 3)[chosen].astype(float) for key, value in cells.items()}


def _blocks(rgb: Array) -> Array:
    return rgb.reshape(rgb.shape[0] // BLOCK, BLOCK, rgb.shape[1] // BLOCK, BLOCK, 3)


def pictures(folder: Path | None) -> tuple[list[dict[str, Array]], list[dict[str, Array]]]:
    """Training and test pictures; photographs are divided, every other one to either."""
    train = [picture("still-life", seed) for seed in TRAINING]
    test = [picture("still-life", seed) for seed in TESTS]
    files = sorted(folder.glob("*.jpg")) if folder else []
    shots = [picture("photograph", index, str(path)) for index, path in enumerate(files)]
    shots = [one for one in shots if len(one["scene"]) > ROWS // 4]
    if len(shots) >= 12:  # real pictures train and test, still lifes are left
        return shots[::2][:10], shots[1::2]
    return train, test + shots


def rows(chosen: list[dict[str, Array]], look: Look, key: str, noise: float) -> tuple[Array, Array, Array]:
    """Source, target (noisy where asked for) and picture of rows."""
    rng = np.random.default_rng(SEED)
    source = np.concatenate([one[key] for one in chosen])
    target = look(np.concatenate([one["scene"] for one in chosen]))
    if noise:
        target = np.clip(target + rng.normal(0, noise, target.shape) * [1, 0.7, 1.3], 0, 1)
        source = np.maximum(source * (1 + rng.normal(0, 0.004, source.shape)) + rng.normal(0, 3e-4, source.shape), 0)
    return source, target, np.repeat(np.arange(len(chosen)), [len(one[key]) for one in chosen])


def with_chart(source: Array, target: Array, picture: Array, look: Look) -> tuple[Array, Array, Array, Array]:
    """Rows with a 24-patch chart seen by both beside them, and their weights."""
    patches = np.maximum(color.xyz_from_lab(colorchecker.LAB) @ color.REC2020_FROM_XYZ_D50.T, 1e-4)
    weights = np.concatenate([np.ones(len(source)), np.full(len(patches), 10.0)])
    index = np.concatenate([picture, np.full(len(patches), picture.max() + 1)])
    return np.concatenate([source, patches]), np.concatenate([target, look(patches)]), index, weights


def over_gamut(look: Look, count: int = 5) -> tuple[Array, Array]:
    """Scene colors (N, 3) whose display codes are spread evenly over those the look can show, and the codes."""
    rng = np.random.default_rng(5)
    light = curve.MID_GREY * 2 ** rng.uniform(-6, 2.4, (60_000, 1)) * np.exp(rng.normal(0, 1, (60_000, 3)))
    scene = np.minimum(light, 1.5) @ color.rgb_from_rgb("rec2020", "srgb").T
    codes = look(scene)
    inside = (codes.min(1) > 0.01) & (codes.max(1) < 0.99)
    scene, codes = scene[inside], codes[inside]
    cell = (codes * 9.99).astype(int) @ [1, 10, 100]
    order = np.argsort(cell, kind="stable")
    start = np.concatenate([[0], np.flatnonzero(np.diff(cell[order])) + 1])
    place = np.arange(len(order)) - np.repeat(start, np.diff(np.append(start, len(order))))
    return scene[order[place < count]], codes[order[place < count]]


def error(one: Array, other: Array) -> list[float]:
    found = color.delta_e_2000(color.lab_from_rgb(one), color.lab_from_rgb(other))
    return [round(float(found.mean()), 3), round(float(np.percentile(found, 95)), 3)]


def smoothness(found: ColorMap, look: Look) -> dict[str, Any]:
    """What must hold: no problem of order, rising greys, bends (p99 of second differences) beside the true look's."""
    ends = np.random.default_rng(SEED).uniform(0, 1, (2, 200, 1, 3))
    share = np.linspace(0, 1, 256)[:, None]
    ramps = color.decode((1 - share) * ends[0] + share * ends[1]) @ color.rgb_from_rgb("rec2020", "srgb").T
    own, true = found(ramps) * 255, look(ramps) * 255
    inside = np.all((own > 2) & (own < 253) & (true > 2) & (true < 253), -1)
    inside = inside[:, :-2] & inside[:, 1:-1] & inside[:, 2:]
    bends = [float(np.percentile(np.abs(np.diff(codes, 2, axis=1))[inside], 99)) for codes in (own, true)]
    light = np.repeat(curve.MID_GREY * np.exp2(np.linspace(-10, 4, 2000))[:, None], 3, 1)
    inversions = int((np.diff(found(light).mean(-1)) < -1e-6).sum())
    return {"problems": list(problems(found.look_map())), "grey_inversions": inversions,
            "bends_ratio": round(bends[0] / max(bends[1], 1e-6), 3)}  # fmt: skip


def neutral(found: ColorMap, look: Look, target: Array) -> float | None:
    """The mean error on a neutral ramp, where the training colors have greys near by."""
    light = np.repeat(curve.MID_GREY * np.exp2(np.linspace(-5, 2.3, 40))[:, None], 3, 1)
    true = look(light)
    labs = color.lab_from_rgb(true), color.lab_from_rgb(target)
    covered = (color.delta_e_2000(labs[0][:, None], labs[1][None]) < 2.5).sum(1) >= 3
    return error(found(light[covered]), true[covered])[0] if covered.any() else None


def matrix_and_curve(source: Array, target: Array) -> Callable[[Array], Array]:
    """A 3x3 and a rising curve a channel, more than programs do that fit a curve to the camera's own JPEG."""
    count = len(source)
    every = Rows(
        source=source, target=target, picture=np.zeros(count, int), radius=np.full(count, np.nan),
        weight=np.full(count, 1 / count), noise=np.zeros(count),
    )  # fmt: skip
    base = bases.fit(rendering.thinned(every, 4000), Freedom(gain=False), np.eye(3), None, 1e9)
    stage = rendering.plain_map(base, "srgb", "srgb")
    return lambda rgb: rendering.shown_codes(stage, rgb)


def peers(python: str | None, cases: dict[str, tuple[Array, Array, Array, Array]]) -> dict[str, Any]:
    """Errors of other programs, run by a Python that has them: training source and target, test source and target."""
    if python is None:
        return {"not measured": "no --peers-python"}
    import json

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.npz"
        keys = ("source", "target", "test", "truth")
        arrays = {f"{name}|{key}": one for name, case in cases.items() for key, one in zip(keys, case, strict=True)}
        np.savez(path, **arrays)  # pyright: ignore[reportArgumentType]
        told = subprocess.run([python, str(PEERS), str(path)], capture_output=True, text=True, check=False)
        if told.returncode:
            return {"not measured": told.stderr.strip().splitlines()[-1] if told.stderr.strip() else "it failed"}
        found: dict[str, Any] = json.loads(told.stdout.strip().splitlines()[-1])
        with np.load(path.with_suffix(".out.npz")) as shown:
            for label in shown.files:
                method, name = label.split("|")
                wanted = cases[name][3] if method.startswith("camera-match") else cases[name][1]
                found.setdefault(method, {})[name] = error(shown[label], wanted)
    return found


def measured(name: str, look: Look, train: Any, test: Any, counts: tuple[int, ...]) -> dict[str, Any]:
    """All figures of one look."""
    seen, wanted, _ = rows(test, look, "scene", 0)
    even, even_codes = over_gamut(look)
    figures: dict[str, Any] = {}
    for count in counts:
        for noise in (0.0, NOISE):
            source, target, index = rows(train[:count], look, "scene", noise)
            began = time.process_time()
            found = fit_color_map(source, target, noise=noise).value
            spent = time.process_time() - began
            figures[f"{count} {'noisy' if noise else 'clean'}"] = {
                "test": error(found(seen), wanted), "over_gamut": error(found(even), even_codes),
                "neutral": neutral(found, look, target), "cpu_s": round(spent, 2), **smoothness(found, look),
            }  # fmt: skip
            if count == min(counts):
                source, target, index, weights = with_chart(source, target, index, look)
                found = fit_color_map(source, target, noise=noise, weights=weights).value
                figures[f"{count} {'noisy' if noise else 'clean'} + chart"] = {
                    "test": error(found(seen), wanted), "over_gamut": error(found(even), even_codes),
                }  # fmt: skip
    source, target, _ = rows(train[: max(counts)], look, "sensor", 0.0)
    raw_seen = np.concatenate([one["sensor"] for one in test])
    figures["sensor"] = {"test": error(fit_color_map(source, target).value(raw_seen), wanted)}
    source, target, _ = rows(train[: max(counts)], look, "scene", 0.0)
    figures["matrix and curve"] = {"test": error(matrix_and_curve(source, target)(seen), wanted)}
    print(name, figures, flush=True)
    return figures


def quick() -> dict[str, float]:
    """A small fixed share: one look from noisy still lifes, on others."""
    look, (train, test) = looks()["natural"], pictures(None)
    seen, wanted, _ = rows(test, look, "scene", 0)
    found: dict[str, float] = {}
    for count in (3, 10):
        source, target, _ = rows(train[:count], look, "scene", NOISE)
        fit = fit_color_map(source, target, noise=NOISE)
        mean, p95 = error(fit.value(seen), wanted)
        found |= {f"{count} noisy, mean": mean, f"{count} noisy, p95": p95, f"{count} noisy, residual": fit.residual}
    return found


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--photographs", type=Path)
    options.add_argument("--peers-python")
    options.add_argument("--quick", action="store_true", help="compares a small fixed share with the committed figures")
    told = options.parse_args()
    if told.quick:
        return check_quick("learn", quick(), QUICK_TOLERANCE)
    train, test = pictures(told.photographs)
    figures, cases = {}, {}
    for name, look in looks().items():
        figures[name] = measured(name, look, train, test, (3, 10))
        source, target, _ = rows(train, look, "scene", 0.0)
        seen, wanted, _ = rows(test, look, "scene", 0.0)
        cases[name] = source, target, seen, wanted
    others = peers(told.peers_python, cases)
    names = sorted(path.name for path in told.photographs.glob("*.jpg")) if told.photographs else []
    counted = {"training": len(train), "test": len(test), "photographs": names}
    print(save("learn", {"pictures": counted, "looks": figures, "peers": others, "quick": quick()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
