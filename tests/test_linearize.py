"""Linearize: levels against numbers worked out by hand, the compiled loops against their references."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinlens.core.errors import ParameterError
from twinlens.core.image import MOSAIC, SENSOR, Image, Window
from twinlens.core.noise import NoiseModel
from twinlens.core.shot import Cfa, Shot
from twinlens.core.stage import Facts
from twinlens.kernels.bin_mosaic import bin_mosaic
from twinlens.kernels.linearize import linearize
from twinlens.numerics import linearize as reference
from twinlens.stages.linearize import Linearize, white_level_note

ORDERS = ("RGGB", "GRBG", "GBRG", "BGGR")


def source(raw, order="RGGB", **facts):
    facts = {"bits": 10, **facts}
    cfa = Cfa.bayer(order) if raw.ndim == 2 and order else None
    shot = Shot(width=raw.shape[1], height=raw.shape[0], cfa=cfa, **facts)
    return Image(pixels=raw, state=SENSOR, shot=shot, cfa=cfa)


def resolved(image, **values):
    return Linearize(**values).resolve(Facts(shot=image.shot, source=image, arriving=lambda: image))


def noise(height, width, seed=0, top=1000):
    return np.random.default_rng(seed).integers(0, top, (height, width), dtype=np.uint16)


def level(rows):
    return np.array(rows, np.float64)[..., None]


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 70), st.integers(1, 6), st.integers(0, 9))
def test_compiled_linearize_is_the_reference(height, width, repeat, seed):
    rng = np.random.default_rng(seed)
    raw = rng.integers(0, 65536, (height, width), dtype=np.uint16)
    black = rng.uniform(0, 100, (repeat, width)).astype(np.float32)
    rows = rng.uniform(0, 9, height).astype(np.float32)
    fast, slow = (one(raw, black, rows, 1 / 60000, 0.995) for one in (linearize, reference.linearize))
    np.testing.assert_allclose(fast[0], slow[0], rtol=1e-6, atol=1e-7)
    assert np.count_nonzero(fast[1] != slow[1]) <= np.count_nonzero(np.abs(slow[0] - 0.995) < 1e-6)


def test_one_black_level_and_the_clip_mask():
    raw = np.array([[50, 100, 561], [1018, 1019, 1023]], np.uint16)
    image = source(raw, black_level=level([[100]]), white_level=(1023.0,))
    result = resolved(image)(image)
    expected = (raw.astype(float) - 100) / 923
    np.testing.assert_allclose(result.pixels, expected, rtol=1e-6)
    assert result.pixels[0, 0] < 0 and result.state is MOSAIC and result.pixels.dtype == np.float32
    np.testing.assert_array_equal(result.clipped, [[0, 0, 0], [0, 1, 1]])  # 0.995 of white is 1018.4 DN


def test_black_repeats_from_the_corner_of_the_active_area():
    raw = np.full((5, 6), 400, np.uint16)
    pattern = [[10, 20], [30, 40], [50, 60], [70, 80]]
    image = source(raw, black_level=level(pattern), white_level=(1080.0,), active_area=(1, 1, 5, 6), bits=12)
    result = resolved(image)(image)
    black = np.array(pattern)[:, [0, 1, 0, 1, 0]]
    np.testing.assert_allclose(result.pixels, (400 - black) / 1000, rtol=1e-6)  # rescaled by the largest black
    assert result.window == Window.whole(4, 5)
    assert result.cfa == Cfa.bayer("BGGR")


@pytest.mark.parametrize("order", ORDERS)
def test_each_bayer_order_gets_its_own_black_and_phase(order):
    raw = np.full((4, 4), 100, np.uint16)
    image = source(raw, order, black_level=level([[1, 2], [3, 4]]), white_level=(104.0,), active_area=(0, 1, 4, 4))
    result = resolved(image)(image)
    np.testing.assert_allclose(result.pixels[:2, :2], [[0.99, 0.98], [0.97, 0.96]], rtol=1e-5)
    assert result.cfa == Cfa.bayer(order).shifted(0, 1)


def test_deltas_add_to_black_by_column_and_row():
    raw = np.full((3, 4), 100, np.uint16)
    facts = {"black_delta_h": np.array([0.0, 1, 2]), "black_delta_v": np.array([0.0, 10])}
    image = source(raw, black_level=level([[5]]), white_level=(1017.0,), active_area=(1, 1, 3, 4), **facts)
    result = resolved(image)(image)  # the largest black is 5 + 2 + 10
    np.testing.assert_allclose(result.pixels, np.array([[95, 94, 93], [85, 84, 83]]) / 1000, rtol=1e-6)


def test_linearization_table_comes_before_black():
    raw = np.array([[0, 1, 2, 900]], np.uint16)
    table = np.array([0, 100, 600], np.uint16)
    image = source(raw, linearization_table=table, black_level=level([[100]]), white_level=(600.0,))
    result = resolved(image)(image)
    np.testing.assert_allclose(result.pixels, [[-0.2, 0, 1, 1]], atol=1e-6)  # past the end: the last entry


def test_linear_raw_has_levels_by_sample_and_bits_by_channel():
    raw = np.full((2, 3, 3), 500, np.uint16)
    raw[0, 0] = (1000, 1000, 1000)
    black = np.array([10.0, 20, 30]).reshape(1, 1, 3)
    image = source(raw, black_level=black, white_level=(1010.0, 1020.0, 2030.0), bits=12)
    result = resolved(image)(image)
    np.testing.assert_allclose(result.pixels[1, 1], [0.49, 0.48, 0.235], rtol=1e-6)
    np.testing.assert_allclose(result.pixels[0, 0], [0.99, 0.98, 0.485], rtol=1e-6)
    assert result.clipped.max() == 0
    bright = image.with_pixels(np.full((2, 3, 3), 1020, np.uint16))
    assert (resolved(image)(bright).clipped == 3).all()


def test_float_counts_are_taken_as_they_are():
    raw = np.array([[0.25, 0.5]], np.float32)
    image = source(raw, black_level=level([[0]]), white_level=(1.0,))
    np.testing.assert_allclose(resolved(image)(image).pixels, raw)


def test_missing_black_is_read_from_masked_pixels():
    raw = noise(8, 10, top=500)
    masked = np.tile([[60, 61], [62, 63]], (4, 2)).astype(np.uint16)
    raw[:, :4] = masked
    raw[3, 2] = 900  # a hot pixel does not move the median
    image = source(raw, masked_areas=((0, 0, 8, 4),), active_area=(0, 4, 8, 10), white_level=(1023.0,))
    assert resolved(image).black == (((60.0,), (61.0,)), ((62.0,), (63.0,)))
    odd = source(raw, masked_areas=((0, 0, 8, 4),), active_area=(1, 5, 8, 10), white_level=(1023.0,))
    assert resolved(odd).black == (((63.0,), (62.0,)), ((61.0,), (60.0,)))
    assert resolved(source(raw, white_level=(1023.0,))).black == 0.0
    bad = source(raw, masked_areas=((90, 0, 99, 4),), white_level=(1023.0,))
    assert resolved(bad).black == 0.0


def test_masked_black_of_other_filters_goes_by_color():
    raw = np.full((6, 6), 10, np.uint16)
    tile = np.array([[0, 1, 2], [1, 2, 0], [2, 0, 1]])
    raw[np.tile(tile, (2, 2)) == 2] = 20
    black = reference.black_from_masked(raw, [(0, 0, 6, 6)], tile, (0, 0))
    np.testing.assert_array_equal(black, np.where(tile == 2, 20, 10))


def clipped_scene(clip, seed=0, height=200, width=300):
    rng = np.random.default_rng(seed)
    light = np.linspace(0, 1.4, width)[None, :] * clip * np.ones((height, 1))
    light[::2, 1::2] *= 0.8
    return np.minimum(rng.normal(light, 3 + light**0.5 / 3).clip(0), clip).astype(np.uint16)


def test_white_level_above_the_clipping_point_is_found():
    raw = clipped_scene(3600)
    image = source(raw, bits=12, white_level=(4095.0,), black_level=level([[64]]))
    assert resolved(image).white == 3600.0
    note = white_level_note(image.shot, image)
    assert "3600 DN" in note and "4095 DN" in note
    assert resolved(image, white=4000).white == 4000.0


def test_a_pile_up_of_green_alone_is_enough():
    raw = clipped_scene(3600)
    raw[::2, ::2] //= 2
    raw[1::2, 1::2] //= 2
    image = source(raw, bits=12, white_level=(4095.0,), black_level=level([[64]]))
    assert resolved(image).white == 3600.0


def test_missing_white_level_is_that_of_the_bits():
    image = source(noise(20, 20), bits=12, black_level=level([[0]]))
    assert resolved(image).white == 4095.0


@pytest.mark.parametrize("seed", range(4))
def test_pictures_that_do_not_clip_keep_the_tag(seed):
    rng = np.random.default_rng(seed)
    dark = rng.poisson(40, (100, 120)).astype(np.uint16) + 64
    bright = rng.normal(2500, 40, (100, 120)).astype(np.uint16)
    ramp = np.tile(np.linspace(64, 3000, 120).astype(np.uint16), (100, 1))
    steps = np.repeat(np.arange(1, 7, dtype=np.uint16) * 500, 20)[None, :].repeat(100, 0).copy()
    steps[::2, ::2] += 70  # patches without noise: each color ends at its own count
    flat = np.full((100, 120), 2000, np.uint16)
    one_hot = dark.copy()
    one_hot[5, 5] = 3000
    for raw in (dark, bright, ramp, steps, flat, one_hot, clipped_scene(4095)):
        image = source(raw, bits=12, white_level=(4095.0,), black_level=level([[64]]))
        assert resolved(image).white == 4095.0
        assert white_level_note(image.shot, image) == ""


def test_noise_model_follows_a_mended_white_level():
    model = NoiseModel((1e-4,) * 3, (1e-6,) * 3)
    image = source(clipped_scene(2047), bits=12, white_level=(4094.0,), black_level=level([[0]]), noise=model)
    result = resolved(image)(image)
    assert result.noise is not None
    np.testing.assert_allclose(result.noise.gain, 2e-4)
    np.testing.assert_allclose(result.noise.offset, 4e-6)


def test_parts_are_those_of_the_whole():
    raw = noise(37, 53)
    facts = {"black_delta_h": np.linspace(0, 3, 48), "black_delta_v": np.linspace(0, 2, 33)}
    image = source(raw, black_level=level([[60, 61], [62, 64]]), active_area=(1, 3, 34, 51), **facts)
    stage = resolved(image)
    whole = stage(image)
    assert stage.frame(37, 53) == (33, 48)
    for box in ((0, 0, 33, 48), (3, 5, 20, 33), (32, 47, 33, 48)):
        target = Window(*box, (33, 48))
        part = stage.over(image.cut(stage.source_window(target, 37, 53)), target)
        assert part.window == target and part.cfa == whole.cfa
        np.testing.assert_array_equal(part.pixels, whole.cut(target).pixels)
        np.testing.assert_array_equal(part.clipped, whole.cut(target).clipped)
    np.testing.assert_array_equal(Linearize()(image).pixels, whole.pixels)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (5, 1)])
def test_tiny_mosaics(shape):
    image = source(np.full(shape, 100, np.uint16))
    assert resolved(image)(image).pixels.shape == shape


def test_an_area_outside_the_frame_is_an_error():
    image = source(noise(10, 10), active_area=(0, 0, 11, 10))
    with pytest.raises(ParameterError, match="does not fit the 10 x 10 pixels"):
        resolved(image)


def test_an_area_of_another_size_of_file_is_an_error():
    image = source(noise(10, 10))
    with pytest.raises(ParameterError, match="does not fit the 10 x 10 pixels"):
        resolved(image, area=(0, 0, 20, 10))


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 70), st.integers(2, 90), st.sampled_from([2, 4, 6, 8]), st.sampled_from([0, 1, 2, 3]))
def test_compiled_binning_is_the_reference(height, width, factor, phase):
    if min(height, width) < factor:
        return
    rng = np.random.default_rng(height * width)
    raw = rng.integers(0, 1024, (height, width), dtype=np.uint16)
    levels = rng.uniform(50, 70, (2, 2)), rng.uniform(0.9e-3, 1e-3, (2, 2))
    clip = rng.uniform(900, 1000, (2, 2))
    arguments = (raw, divmod(phase, 2), *levels, factor, clip)
    for fast, slow in zip(bin_mosaic(*arguments), reference.bin_mosaic(*arguments), strict=True):
        assert fast.shape == slow.shape
        np.testing.assert_allclose(fast, slow, atol=1e-6)
    np.testing.assert_array_equal(bin_mosaic(*arguments, threads=2)[0], bin_mosaic(*arguments)[0])


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("factor", [2, 4, 8])
def test_binning_keeps_colors_together_on_a_ramp(order, factor):
    height, width = 32, 48
    y, x = np.mgrid[:height, :width]
    raw = (1000 + 8 * x + 16 * y).astype(np.uint16)
    tile = Cfa.bayer(order).indices
    phase = tuple(int(v[0]) for v in np.nonzero(tile == 0))
    ones = np.ones((2, 2))
    rgb, clipped = bin_mosaic(raw, phase, 0 * ones, ones, factor, 1500 * ones)
    cell = (np.arange(height // factor) + 0.5) * factor - 0.5
    row = (np.arange(width // factor) + 0.5) * factor - 0.5
    expected = 1000 + 8 * row[None, :] + 16 * cell[:, None]
    for plane in range(3):  # away from the border all three colors have the same center
        np.testing.assert_allclose(rgb[1:-1, 1:-1, plane], expected[1:-1, 1:-1], atol=1e-3)
    assert clipped[0, 0] == 0 and clipped[-1, -1] == 7


def test_binning_by_an_odd_factor_is_an_error():
    ones = np.ones((2, 2))
    with pytest.raises(ParameterError, match="even factor"):
        bin_mosaic(np.zeros((8, 8), np.uint16), (0, 0), ones, ones, 3, ones)
