"""Make expected: writes `src/twinlens/learn/expected.npz`, the changes that bases usually leave over.

    python tools/make_expected.py [--makers 400] [--fields FOLDER]

Invented makers (`invented_makers.py`) show pictures whose colors are invented too; a base (`learn/base.py`) is fitted
to three or to ten of these, with noise, for some makers with a chart beside them, as `learn` fits it. What it then
leaves over all colors, not those of the pictures alone, is a field of the kind of `learn/field.py`: so the collection
holds what bases get wrong where they saw nothing. Kept are the principal fields of all, each times the root of its
variance.
FOLDER keeps what was fitted, to go on from. 400 makers took about 20 minutes on one core.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from invented_makers import Step, invented
from scipy.linalg import cho_factor, cho_solve

from twinlens.learn import base as bases
from twinlens.learn import field as fields
from twinlens.learn import rendering
from twinlens.learn.base import Base, Freedom, Rows, one_sided
from twinlens.learn.color_map import white_gains
from twinlens.learn.coverage import COLORFUL, even_weights
from twinlens.numerics import color, colorchecker, curve
from twinlens.pipeline.look import problems
from twinlens.stages.look_map import LookMap

Array = npt.NDArray[Any]

OUT = Path(__file__).resolve().parents[1] / "src" / "twinlens" / "learn" / "expected.npz"
PICTURES = (3, 10)
SAMPLES = 1200  # of a picture
NOISE, LIGHT_NOISE, DARK_NOISE = 0.006, 0.004, 3e-4  # code of the target; relative and absolute of light
CHART_SHARE, CHART_WEIGHT = 3, 10.0  # every third maker's pictures come with a chart, whose patches count so much
BASE_ROWS = 1500
DRAWN, OF_A_CELL, BEYOND = 20_000, 12, 0.1  # colors over all that is shown; of a lattice cell; codes outside 0 to 1
SMOOTHING, REACH = 1e-6, 0.15  # of the field; code, how far it goes on where no color is
PASSES = 3  # of what is clipped
KEPT = 60  # principal fields
EVENED = 0.5  # power of a maker's own size that is taken out: few strong ones are not to say all


def picture(seed: int) -> Array:
    """The colors (N, 3) of an invented picture: a few things, shaded, some shining, mixed at their borders."""
    chance = np.random.default_rng([seed, 2])
    count = int(chance.integers(6, 26))
    strong = 0.28 * np.exp(chance.normal(0, 0.4))
    logs = chance.normal(0, strong, (count, 3)) * np.sqrt(1 / chance.gamma(2.0, 0.5, (count, 1))) * [1, 0.75, 1.15]
    logs = np.clip(logs - logs.mean(1, keepdims=True), -2.2, 2.2)
    things = curve.MID_GREY * 2 ** chance.normal(0.3, 1.3, (count, 1)) * np.exp(logs)
    many = 3 * SAMPLES
    one, other = chance.choice(count, (2, many), p=chance.dirichlet(np.full(count, 0.6)))
    mixed = np.where(chance.uniform(size=many) < 0.25, chance.uniform(size=many), 0)[:, None]
    light = ((1 - mixed) * things[one] + mixed * things[other]) * 2 ** chance.normal(-0.2, 0.8, (many, 1))
    light += (chance.uniform(size=(many, 1)) < 0.1) * chance.exponential(0.15, (many, 1))
    light = light[(light.max(1) < 1) & (light.min(1) > 2e-4)][:SAMPLES]
    return light * 0.9 / max(float(np.quantile(light.max(1), 0.995)), 0.3)


def rows_of(seed: int, maker: Step, count: int) -> tuple[Rows, Array]:
    """What a look of `count` pictures is fitted to, and the gains of its white."""
    chance = np.random.default_rng([seed, count, 4])
    shots = [picture(1000 * seed + 20 * count + k) for k in range(count)]
    given = np.ones(sum(map(len, shots)))
    if seed % CHART_SHARE == 0:
        shots.append(np.maximum(color.xyz_from_lab(colorchecker.LAB) @ color.REC2020_FROM_XYZ_D50.T, 1e-4))
        given = np.append(given, np.full(len(shots[-1]), CHART_WEIGHT))
    source = np.concatenate(shots)
    target = np.clip(maker(source) + chance.normal(0, NOISE, source.shape) * [1, 0.7, 1.3], 0, 1)
    source = source * (1 + chance.normal(0, LIGHT_NOISE, source.shape)) + chance.normal(0, DARK_NOISE, source.shape)
    source = np.maximum(source, 0)
    gains = white_gains(source, target)
    rows = Rows(
        source=source * gains,
        target=target,
        picture=np.repeat(np.arange(len(shots)), list(map(len, shots))),
        radius=np.full(len(source), np.nan),
        weight=even_weights(target, given),
        noise=np.full(len(source), NOISE),
    )
    return rows, gains


def based(rows: Rows, process: str) -> LookMap:
    """The look map of the base of rows, as `rendering` has it."""
    few, base = rendering.thinned(rows, BASE_ROWS), None
    freedom, there = Freedom(gain=False), color.rgb_from_rgb("srgb", process)
    plain = LookMap()
    for higher in bases.HIGHER_TERMS:
        base: Base | None = bases.fit(few, freedom, there, base, higher)
        plain = rendering.plain_map(base, "srgb", process)
        if not problems(plain):
            break
    return plain


def every_color(seed: int) -> Array:
    """Light (DRAWN, 3) of all colors that a display shows."""
    chance = np.random.default_rng([seed, 3])
    spread = chance.uniform(0, 1.4, (DRAWN, 1))
    light = curve.MID_GREY * 2 ** chance.uniform(-7, 2.6, (DRAWN, 1)) * np.exp(chance.normal(0, 1, (DRAWN, 3)) * spread)
    return np.minimum(light, 2) @ color.rgb_from_rgb("rec2020", "srgb").T


def _evenly(codes: Array) -> Array:
    """An index of codes (N, 3), no more than OF_A_CELL in a cell of the lattice."""
    key = np.clip(codes * fields.SIZE, 0, fields.SIZE - 0.01).astype(int) @ fields.SIZE ** np.arange(3)
    order = np.argsort(key, kind="stable")
    start = np.concatenate([[0], np.flatnonzero(np.diff(key[order])) + 1])
    place = np.arange(len(order)) - np.repeat(start, np.diff(np.append(start, len(order))))
    return order[place < OF_A_CELL]


def left_over(plain: LookMap, gains: Array, maker: Step, seed: int) -> Array:
    """The field (SIZE^3, 3) between what a base shows and what the maker shows, over all colors."""
    scene = every_color(seed)
    codes = rendering.display_codes(plain, scene * gains)
    inside = ((codes > -BEYOND) & (codes < 1 + BEYOND)).all(1)
    codes, target = codes[inside], maker(scene[inside])
    even = _evenly(codes)
    codes, target = codes[even], target[even]
    design, found = fields.interpolation(codes), np.zeros((fields.SIZE**3, 3))
    matrix = (design.T @ design).toarray() / len(codes) + SMOOTHING * fields.bending(REACH)
    matrix[np.diag_indices_from(matrix)] += 1e-8
    factor = cho_factor(matrix, overwrite_a=True, check_finite=False)
    for _ in range(PASSES):
        change = design @ found
        aim = change - one_sided(change - (target - codes), target)
        found = cho_solve(factor, design.T @ aim / len(codes), check_finite=False)
    return found


def collected(makers: int, folder: Path | None) -> Array:
    """The fields (F, SIZE^3, 3) of all makers and numbers of pictures."""
    found: list[Array] = []
    for seed in range(makers):
        for count in PICTURES:
            path = folder / f"{seed}-{count}.npy" if folder else None
            if path is None or not path.exists():
                family, maker = invented(seed)
                rows, gains = rows_of(seed, maker, count)
                process = rendering.PROCESSES[(seed + (count == PICTURES[0])) % len(rendering.PROCESSES)]
                one = left_over(based(rows, process), gains, maker, seed)
                print(f"{seed} {family}, {count} pictures: {np.sqrt(np.mean(one**2)):.4f} code", flush=True)
                if path is not None:
                    np.save(path, one.astype(np.float32))
            else:
                one = np.load(path).astype(float)
            found.append(one)
    return np.stack(found)


def principal(found: Array, kept: int = KEPT) -> Array:
    """The principal fields (kept, SIZE^3, 3) of fields, about nothing, times the roots of their variances.

    They are principal by a measure in which strong colors and what lies beyond the display count less."""
    flat = found.reshape(len(found), -1)
    importance = np.repeat(_importance(), 3)
    size = np.sqrt(np.square(flat) @ importance / importance.sum())[:, None]
    flat = flat * (np.median(size) / size) ** EVENED / np.sqrt(len(flat))
    mixtures, _, _ = np.linalg.svd(flat * np.sqrt(importance), full_matrices=False)
    ways = mixtures[:, :kept].T @ flat
    largest = ways[np.arange(len(ways)), np.abs(ways).argmax(1)]
    return (ways * np.sign(largest)[:, None]).reshape(-1, *found.shape[1:])


def _importance() -> Array:
    """How much each coefficient (SIZE^3,) counts."""
    place = (np.moveaxis(np.indices((fields.SIZE,) * 3), 0, -1).reshape(-1, 3) - 1) / fields.SPANS
    outside = np.abs(place - np.clip(place, 0, 1)).max(1) > 0
    return np.where(outside, 0.3, 1.0) / (1 + np.ptp(np.clip(place, 0, 1), axis=1) / COLORFUL) ** 2


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--makers", type=int, default=400)
    options.add_argument("--fields", type=Path)
    told = options.parse_args()
    if told.fields:
        told.fields.mkdir(parents=True, exist_ok=True)
    shapes = principal(collected(told.makers, told.fields)).astype(np.float16)
    np.savez_compressed(OUT, fields=shapes)
    print(f"{OUT}: {shapes.shape}, {OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
