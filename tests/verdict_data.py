"""Fingerprints by formula whose truth is known, for the tests of verdicts."""

import numpy as np

from twinlens.compare.model import Feature, Fingerprints

BLOCKS = (("exposure", 1), ("white balance", 2), ("tone", 6), ("chroma", 8), ("hue", 8), ("sharpness", 2))


def features(blocks=BLOCKS, cause="rendering"):
    return tuple(
        Feature(
            key=f"{block.replace(' ', '_')}_{at}",
            label=f"{block} {at}",
            unit="%",
            block=block,
            cause=cause,
            floor=1.0,
        )
        for block, number in blocks
        for at in range(number)
    )


def axis(count, seed, length=4.0):
    found = np.random.default_rng(seed).normal(size=count)
    return found * length * np.sqrt(count) / np.linalg.norm(found)


def fingerprints(
    scenes=8,
    moved=0.0,
    off=0.0,
    *,
    length=4.0,
    noise=0.3,
    response=0.3,
    missing=0.0,
    seed=0,
    only=None,
    sets=("before", "after", "reference"),
    blocks=BLOCKS,
    repeats=True,
):
    """Sets whose `after` moved this part of the way and `off` of as far beside it; `only` (names): blocks that move."""
    rng, made = np.random.default_rng(seed), features(blocks)
    count = len(made)
    way, aside = axis(count, 1, length), axis(count, 2, length)
    if only is not None:
        way = np.where([one.block in only for one in made], way, 0)
        aside = np.where([one.block in only for one in made], aside, 0)
    names = [one.block for one in made]
    shares = np.array([1 / names.count(name) for name in names])  # as blocks are weighed
    aside = aside - way * (shares * aside @ way) / max(shares * way @ way, 1e-9)
    each = 1 + response * rng.normal(size=(scenes, 1))
    scene = rng.normal(size=(scenes, count))
    values = np.stack([scene, scene + moved * way * each + off * aside * each, scene + way * each])
    values += noise * rng.normal(size=values.shape)
    values[:, rng.random((scenes, count)) < missing] = np.nan
    kept = [("before", "after", "reference").index(role) for role in sets]
    return Fingerprints(
        features=made,
        sets=sets,
        scenes=tuple(f"scene {at}" for at in range(scenes)),
        values=values[kept],
        repeat_variance=np.full(values[kept].shape, noise**2 if repeats else np.nan),
        absolute=np.ones(count, bool),
        groups=np.zeros(scenes, int),
    )
