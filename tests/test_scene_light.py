"""Scene light for learning: the same light that develop shows, at reduced size."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from twinlens.core.image import ENCODED, Image, planar, upright
from twinlens.core.shot import Shot
from twinlens.files import dng, read
from twinlens.files.preview import read_preview
from twinlens.numerics import color
from twinlens.pipeline.develop import develop
from twinlens.pipeline.scene import CLIP_CODE, display_light, radii, scene_light
from twinlens.simulate import shot
from twinlens.stages.from_display import FromDisplay


@pytest.fixture(scope="module")
def frame() -> Any:
    return shot("still-life", "phone", megapixels=0.4, seed=4, name="frame")


def test_the_light_is_what_a_neutral_development_shows(frame: Any) -> None:
    found = scene_light(frame.image, long_edge=300)
    codes = np.asarray(develop(frame.image, look="neutral").pixels) / 255
    light = color.decode(codes) @ color.rgb_from_rgb("rec2020", "srgb").T
    factor = round(light.shape[1] / found.light.shape[1])
    rows, columns = (size // factor for size in light.shape[:2])
    means = light[: rows * factor, : columns * factor].reshape(rows, factor, columns, factor, 3).mean((1, 3))
    seen = found.light[:rows, :columns]
    inner = (seen.max(-1) < 0.7) & (seen.min(-1) > 0.02)
    assert abs(np.median(seen[inner] / means[inner]) - 1) < 0.02
    assert found.cct == pytest.approx(6500, rel=0.05)


@pytest.mark.parametrize("orientation", [3, 6])
def test_it_is_upright(frame: Any, orientation: int) -> None:
    turned = replace(frame.image, shot=replace(frame.image.shot, orientation=orientation))
    one, other = scene_light(frame.image), scene_light(turned)
    np.testing.assert_array_equal(other.light, upright(one.light, orientation))
    np.testing.assert_array_equal(other.radius, upright(one.radius, orientation))


def test_what_is_clipped_is_known(frame: Any) -> None:
    white = int(frame.image.shot.white_level[0])
    brighter = frame.image.with_pixels(np.minimum(frame.image.pixels.astype(np.uint32) * 4, white).astype(np.uint16))
    assert scene_light(brighter).clipped.mean() > scene_light(frame.image).clipped.mean() + 0.1


def test_a_picture_is_averaged_in_linear_light() -> None:
    pixels = np.zeros((64, 96, 3), np.float32)
    pixels[::2] = 1.0
    light, clipped = display_light(Image(pixels=pixels, state=ENCODED, shot=Shot(), primaries="srgb"), 2)
    np.testing.assert_allclose(light, 0.5, atol=1e-5)
    assert light.shape == (32, 48, 3) and clipped.all()


def test_radii_are_those_of_the_uncropped_frame() -> None:
    whole = radii(40, 60)
    assert whole.max() < 1 and whole.min() < 0.03
    part = radii(20, 60, (0.5, 0.0, 1.0, 1.0))
    np.testing.assert_allclose(part, whole[20:], atol=1e-6)


def test_the_preview_of_a_raw_is_a_picture(frame: Any, tmp_path: Path) -> None:
    dng.write(tmp_path / "a.dng", frame.image.pixels, frame.image.shot, preview=frame.picture)
    found = read_preview(tmp_path / "a.dng", read(tmp_path / "a.dng").shot)
    assert found.image.state is ENCODED and found.image.primaries == "srgb"
    assert np.abs(found.image.pixels * 255 - frame.picture).mean() < 4


@pytest.mark.parametrize(("size", "factor"), [((37, 50), 4), ((8, 8), 1), ((3, 9), 4)])
def test_display_light_is_the_mean_of_what_the_stage_makes_of_every_pixel(size: tuple[int, int], factor: int) -> None:
    codes = np.random.default_rng(3).random((*size, 3)).astype(np.float32)
    codes[0, 0] = 1
    picture = Image(pixels=planar(codes), state=ENCODED, primaries="p3", shot=Shot())
    light, clipped = display_light(picture, factor)
    each = FromDisplay()(picture).pixels
    rows, columns = (max(one // factor, 1) for one in size)
    for row, column in np.ndindex(rows, columns):
        block = slice(row * factor, (row + 1) * factor), slice(column * factor, (column + 1) * factor)
        assert light[row, column] == pytest.approx(each[block].reshape(-1, 3).mean(0), abs=1e-6)
        assert clipped[row, column] == (codes[block].max() >= CLIP_CODE)
