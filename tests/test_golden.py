"""A picture may change only on purpose: the developed sample scenes are the stored ones, to one code value of 8
bits.
"""

from __future__ import annotations

import numpy as np
import pytest

import golden


@pytest.fixture(scope="module")
def made() -> dict[str, np.ndarray]:
    return golden.pictures()


def test_every_golden_picture_is_stored_and_none_is_left_over(made: dict[str, np.ndarray]) -> None:
    assert {path.stem for path in golden.FOLDER.glob("*.npy")} == set(made)


def test_pictures_are_the_stored_ones(made: dict[str, np.ndarray]) -> None:
    for name, pixels in made.items():
        stored = golden.kept(name)
        assert stored is not None and stored.shape == pixels.shape, name
        off = np.abs(pixels.astype(int) - stored)
        assert off.max() <= 1, f"{name}: {off.max()} code values; `make golden` shows ΔE and rewrites"
