"""Looks of a few handheld pairs: what pictures do not show is taken for a saturation, and any saturation is found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from twinlens.learn import base, likely
from twinlens.learn.base import Base, Freedom, Rows
from twinlens.numerics import color

PICTURES, COLORS = 3, 25
METAMERISM = 0.05  # of light: what two cameras see differently of one surface
VIVID = 1.4


def pairs(saturation: float, metamerism: float) -> Rows:
    """Reds, yellows and greens of little chroma, each picture with a white of its own."""
    rng = np.random.default_rng(1)
    count = PICTURES * COLORS
    hue, chroma = np.radians(rng.uniform(0, 150, count)), rng.uniform(0, 0.06, count)
    lab = np.stack([rng.uniform(0.3, 0.75, count), chroma * np.cos(hue), chroma * np.sin(hue)], -1)
    light = np.maximum(color.rec2020_from_oklab(lab), 1e-3)
    grey = light.mean(-1, keepdims=True)
    shown = (grey + saturation * (light - grey)) @ color.rgb_from_rgb("srgb", "rec2020").T
    picture = np.repeat(np.arange(PICTURES), COLORS)
    white = rng.normal(1, 0.03, (PICTURES, 3))[picture] * rng.normal(1, metamerism, light.shape)
    return Rows(
        source=light * white, target=np.clip(color.encode(np.maximum(shown, 0)), 0, 1), radius=np.full(count, np.nan),
        picture=picture, noise=np.full(count, 0.004), weight=np.full(count, 1 / count),
    )  # fmt: skip


def fitted(rows: Rows, *, white: bool = True) -> Base:
    return base.fit(rows, Freedom(white=white, unlike=white), color.rgb_from_rgb("srgb", "rec2020"))


def unlike_a_saturation(found: Base) -> Any:
    return np.linalg.norm(likely.MORE_THAN_SATURATION @ found.matrix[:, :3].ravel())


def test_what_few_handheld_pairs_do_not_show_is_taken_for_a_saturation(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = pairs(1.0, METAMERISM)
    kept, aligned = unlike_a_saturation(fitted(rows)), fitted(rows, white=False)
    monkeypatch.setattr(base, "ONE_SATURATION", 0.0)
    assert kept < 0.3 * unlike_a_saturation(fitted(rows))
    assert np.array_equal(aligned.matrix, fitted(rows, white=False).matrix)  # aligned pairs decide for themselves


def test_any_saturation_is_found() -> None:
    found = fitted(pairs(VIVID, 0.0))
    assert found.matrix[:, :3].sum(1) == pytest.approx(1, abs=0.1)
    assert np.diag(found.matrix[:, :3]).mean() > 1.15


def test_aligned_pictures_of_one_light_have_one_white() -> None:
    rows = pairs(1.0, METAMERISM)  # each with a white of its own, and materials that two cameras see unlike
    lights = (0, 1, 1)
    each, together = (
        base.fit(rows, Freedom(white=True, lights=known), color.rgb_from_rgb("srgb", "rec2020")).whites[1:]
        for known in ((), lights)
    )
    assert np.ptp(together, axis=0).max() < 0.1 * np.ptp(each, axis=0).max()
    assert together.mean(0) == pytest.approx(each.mean(0), abs=0.01)
