"""Opcode lists: their bytes, and every opcode changes pixels by the amount worked out by hand."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinlens.core.errors import FileError
from twinlens.core.image import MOSAIC, SENSOR, Image, Window, empty_rgb
from twinlens.core.opcodes import (
    DeltaPerColumn,
    DeltaPerRow,
    FixBadPixelsConstant,
    FixBadPixelsList,
    FixVignetteRadial,
    GainMap,
    MapPolynomial,
    MapTable,
    ScalePerColumn,
    ScalePerRow,
    TrimBounds,
    UnknownOpcode,
    WarpFisheye,
    WarpRectilinear,
    WarpRectilinear2,
)
from twinlens.core.shot import Cfa, Shot
from twinlens.core.stage import Facts
from twinlens.files.opcodes import decode, encode
from twinlens.kernels import gain_map as compiled
from twinlens.numerics import opcodes as reference
from twinlens.numerics.opcode_lists import unapplied
from twinlens.stages.linearize import Linearize
from twinlens.stages.shading import Shading

AREA = {"area": (0, 0, 4, 4)}


def every_opcode():
    warp2 = np.zeros((1, 19))
    warp2[0, [0, 2, 18]] = 1, -0.1, 1
    return [
        WarpRectilinear(coefficients=np.arange(18.0).reshape(3, 6), center=(0.4, 0.6)),
        WarpFisheye(coefficients=np.arange(4.0).reshape(1, 4), center=(0.5, 0.5)),
        FixVignetteRadial(coefficients=(0.1, 0.2, 0.3, 0.4, 0.5), center=(0.5, 0.4)),
        FixBadPixelsConstant(constant=7, bayer_phase=2),
        FixBadPixelsList(bayer_phase=1, points=((1, 2), (3, 4)), areas=((0, 1, 2, 3),)),
        TrimBounds(area=(1, 2, 3, 4)),
        MapTable(**AREA, table=np.array([0, 5, 9], np.uint16)),
        MapPolynomial(**AREA, coefficients=(0.0, 0.5, 0.5)),
        GainMap(**AREA, row_pitch=2, column_pitch=2, gains=np.ones((2, 3, 1), "f4"), spacing=(1, 0.5), origin=(0, 0)),
        DeltaPerRow(**AREA, values=np.arange(4, dtype=np.float32)),
        DeltaPerColumn(area=(0, 0, 4, 3), column_pitch=2, values=np.arange(2, dtype=np.float32)),
        ScalePerRow(**AREA, values=np.arange(4, dtype=np.float32)),
        ScalePerColumn(**AREA, plane=1, planes=2, values=np.arange(4, dtype=np.float32), optional=False),
        WarpRectilinear2(coefficients=warp2, center=(0.5, 0.5), reciprocal_radial=True, version=0x01060000),
        UnknownOpcode(id=99, data=b"abc", preview_skip=True),
    ]


def test_all_opcodes_survive_writing_and_reading():
    opcodes = every_opcode()
    back = decode(encode(opcodes))
    assert [type(one) for one in back] == [type(one) for one in opcodes]
    for before, after in zip(opcodes, back, strict=True):
        for name, value in vars(before).items():
            np.testing.assert_array_equal(getattr(after, name), value, err_msg=f"{type(before).__name__}.{name}")


def test_bytes_are_big_endian_as_the_specification_lays_them_out():
    data = encode([FixBadPixelsConstant(constant=7, bayer_phase=2)])
    assert data == struct.pack(">7I", 1, 4, 0x01030000, 1, 8, 7, 2)
    data = encode([TrimBounds(area=(1, 2, 3, 4), preview_skip=True)])
    assert data == struct.pack(">9I", 1, 6, 0x01030000, 3, 16, 1, 2, 3, 4)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "ends too soon"),
        (struct.pack(">I", 5), "announces 5 opcodes"),
        (struct.pack(">5I", 1, 4, 0, 0, 9), "ends too soon"),
        (struct.pack(">7I", 1, 4, 0, 0, 8, 7, 9), "Bayer phase is 9"),
        (struct.pack(">8I", 1, 4, 0, 0, 12, 7, 1, 1), "4 bytes are left over"),
        (struct.pack(">8I", 1, 5, 0, 0, 12, 0, 1 << 30, 0), "points"),
        (struct.pack(">9I", 1, 6, 0, 0, 16, 5, 0, 5, 9), "empty"),
        (struct.pack(">5I", 1, 3, 0, 0, 56) + struct.pack(">7d", *[float("nan")] * 7), "not finite"),
        (struct.pack(">14I", 1, 10, 0, 0, 36, 0, 0, 4, 4, 0, 1, 1, 1, 3), "wants 4"),
    ],
)
def test_malformed_lists_end_in_one_sentence(data, what):
    with pytest.raises(FileError, match=what):
        decode(data)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2000), st.integers(0, 255), st.integers(0, 1200))
def test_mutated_bytes_are_read_or_refused(at, value, length):
    data = bytearray(encode(every_opcode()))
    data[at % len(data)] = value
    try:
        decode(bytes(data[: max(length, 4)] if length < len(data) else data))
    except FileError as error:
        assert str(error)


def applied(opcode, pixels, window=None, unit=1.0):
    return reference.apply_opcodes([opcode], pixels, window or Window.whole(*pixels.shape[:2]), unit)


def test_map_table_replaces_values_by_entries():
    table = np.arange(65536, dtype=np.uint16)
    table[32768] = 13107  # 0.2 of 65535
    pixels = np.array([[32768 / 65535, 0.25]], np.float32)
    result = applied(MapTable(area=(0, 0, 1, 2), table=table), pixels)
    np.testing.assert_allclose(result[0, 0], 0.2, atol=1e-6)
    np.testing.assert_allclose(result[0, 1], 0.25, atol=1e-5)
    short = MapTable(area=(0, 0, 1, 1), table=np.array([0, 655], np.uint16))
    np.testing.assert_allclose(applied(short, pixels), [[655 / 65535, 0.25]], atol=1e-6)  # past the end: the last entry


def test_map_polynomial_in_counts_and_in_units():
    opcode = MapPolynomial(area=(0, 0, 1, 2), coefficients=(0.1, 0.5, 0.4))
    pixels = np.array([[0.5, 1.5]], np.float32)
    np.testing.assert_allclose(applied(opcode, pixels), [[0.1 + 0.25 + 0.1, 1.0 + 0.5]], rtol=1e-6)
    raw = np.array([[0, 65535]], np.uint16)
    np.testing.assert_allclose(applied(opcode, raw, unit=65535.0), [[6553.5, 65535]], rtol=1e-6)


@pytest.mark.parametrize(
    ("opcode", "expected"),
    [
        (DeltaPerRow(area=(1, 0, 3, 2), values=np.array([0.1, 0.2], "f4")), [[1, 1, 1], [1.1, 1.1, 1], [1.2, 1.2, 1]]),
        (DeltaPerColumn(area=(0, 0, 3, 3), column_pitch=2, values=np.array([0.1, 0.2], "f4")), [[1.1, 1, 1.2]] * 3),
        (ScalePerRow(area=(0, 0, 3, 3), row_pitch=2, values=np.array([2, 3], "f4")), [[2] * 3, [1] * 3, [3] * 3]),
        (ScalePerColumn(area=(0, 1, 2, 3), values=np.array([2, 3], "f4")), [[1, 2, 3], [1, 2, 3], [1, 1, 1]]),
    ],
)
def test_values_per_row_and_column(opcode, expected):
    pixels = np.ones((3, 3), np.float32)
    np.testing.assert_allclose(applied(opcode, pixels), expected, rtol=1e-6)
    part = Window(1, 1, 3, 3, (3, 3))
    np.testing.assert_allclose(applied(opcode, pixels[1:, 1:], part), np.array(expected)[1:, 1:], rtol=1e-6)
    assert (pixels == 1).all()


def test_deltas_of_list_1_count_in_units_of_16_bits():
    raw = np.full((1, 1), 100, np.uint16)
    result = applied(DeltaPerRow(area=(0, 0, 1, 1), values=np.array([0.001], "f4")), raw, unit=65535.0)
    np.testing.assert_allclose(result, 165.535, rtol=1e-6)


def test_planes_of_an_area_opcode():
    opcode = ScalePerRow(area=(0, 0, 1, 1), plane=1, planes=5, values=np.array([2], "f4"))
    np.testing.assert_array_equal(applied(opcode, np.ones((1, 1, 3), np.float32)), [[[1, 2, 2]]])
    np.testing.assert_array_equal(applied(opcode, np.ones((1, 1), np.float32)), [[1]])


def test_gain_map_is_bilinear_between_its_points():
    gains = np.array([[1, 2], [3, 4]], np.float32)[..., None]
    opcode = GainMap(area=(0, 0, 4, 4), gains=gains, spacing=(1, 1), origin=(0, 0))
    result = applied(opcode, np.ones((4, 4), np.float32))
    centers = (np.arange(4) + 0.5) / 4
    np.testing.assert_allclose(result, 1 + centers[None, :] + 2 * centers[:, None], rtol=1e-6)
    shifted = GainMap(area=(0, 0, 4, 4), gains=gains, spacing=(0.25, 0.25), origin=(0.375, 0.375))
    result = applied(shifted, np.ones((4, 4), np.float32))
    row = np.array([0, 0, 1, 1])  # pixel centers at 0.125, 0.375, 0.625, 0.875: held beyond the points
    np.testing.assert_allclose(result, 1 + row[None, :] + 2 * row[:, None], rtol=1e-6)


def test_gain_map_with_few_planes_gives_its_last_to_the_rest():
    gains = np.array([2, 3], np.float32).reshape(1, 1, 2)
    opcode = GainMap(area=(0, 0, 1, 1), planes=3, gains=gains, spacing=(1, 1), origin=(0, 0))
    np.testing.assert_array_equal(applied(opcode, np.ones((1, 1, 3), np.float32)), [[[2, 3, 3]]])


def test_vignette_is_a_polynomial_of_the_radius():
    opcode = FixVignetteRadial(coefficients=(0.1, 0.2, 0.3, 0.4, 0.5), center=(0.5, 0.5))
    result = applied(opcode, np.ones((3, 5), np.float32))
    assert result[1, 2] == 1
    np.testing.assert_allclose(result[0, 0], 2.5, rtol=1e-6)  # the corner: r = 1
    r2 = 1 / (2**2 + 1**2)  # one pixel from the center
    expected = 1 + 0.1 * r2 + 0.2 * r2**2 + 0.3 * r2**3 + 0.4 * r2**4 + 0.5 * r2**5
    np.testing.assert_allclose(result[1, 3], expected, rtol=1e-6)


def test_bad_pixels_take_the_mean_of_the_nearest_pair_of_their_color():
    raw = np.arange(49, dtype=np.uint16).reshape(7, 7) * 10
    raw[3, 3] = 999
    blue = applied(FixBadPixelsConstant(constant=999, bayer_phase=0), raw)  # RGGB: (3, 3) is blue, neighbours 2 away
    assert blue[3, 3] == 240 and blue.dtype == np.uint16
    raw[:, 5:] = 700  # an edge: the pair along it agrees best
    assert applied(FixBadPixelsConstant(constant=999, bayer_phase=0), raw)[3, 3] == 240
    green = applied(FixBadPixelsList(bayer_phase=1, points=((3, 3),)), raw)  # GRBG: (3, 3) is green, diagonals count
    assert green[3, 3] == 240
    assert (np.delete(green.ravel(), 24) == np.delete(raw.ravel(), 24)).all()


def test_areas_of_bad_pixels_and_borders():
    raw = np.full((6, 6), 50, np.uint16)
    raw[0, 0] = raw[2:4, 2:4] = 1000
    opcode = FixBadPixelsList(bayer_phase=0, points=((0, 0), (-3, 99)), areas=((2, 2, 4, 4), (90, 0, 99, 9)))
    assert (applied(opcode, raw) == 50).all()
    lonely = np.full((1, 1), 9, np.uint16)
    assert applied(opcode, lonely)[0, 0] == 9


# The stages that apply the lists.


def shot_with(lists, height, width, **values):
    return Shot(width=width, height=height, opcodes=lists, **values)


def mosaic(height, width, opcodes, order="RGGB", seed=0):
    pixels = np.random.default_rng(seed).random((height, width), dtype=np.float32)
    cfa = Cfa.bayer(order)
    shot = shot_with(((), tuple(opcodes), ()), height, width, cfa=cfa)
    return Image(pixels=pixels, state=MOSAIC, shot=shot, cfa=cfa)


def resolved(stage, image):
    return stage.resolve(Facts(shot=image.shot, source=image, arriving=lambda: image))


def bayer_maps(height, width, seed=1):
    rng = np.random.default_rng(seed)
    return [
        GainMap(
            area=(y, x, height, width),
            row_pitch=2,
            column_pitch=2,
            gains=rng.uniform(1, 3, (5, 7, 1)).astype(np.float32),
            spacing=(1 / 4, 1 / 6),
            origin=(0, 0),
        )
        for y in (0, 1)
        for x in (0, 1)
    ]


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 8), (2, 2), (33, 47), (64, 80)])
def test_compiled_gains_are_the_references(height, width):
    extra = GainMap(area=(3, 2, 20, 30), gains=np.full((2, 2, 1), 2, "f4"), spacing=(1, 1), origin=(0, 0))
    vignette = FixVignetteRadial(coefficients=(0.3, 0.2, -0.1, 0.05, 0.01), center=(0.45, 0.55))
    opcodes = [*bayer_maps(height, width), extra, vignette]
    window = Window.whole(height, width)
    rng = np.random.default_rng(2)
    for pixels in (rng.random((height, width), np.float32), planar_random(rng, height, width)):
        fast = compiled.apply_opcodes(opcodes, pixels, window)
        np.testing.assert_allclose(fast, reference.apply_opcodes(opcodes, pixels, window), rtol=1e-5)


def planar_random(rng, height, width):
    rgb = empty_rgb(height, width)
    rgb[...] = rng.random((height, width, 3))
    return rgb


def test_shading_of_the_usual_phone_file_by_hand():
    gains = [np.full((1, 1, 1), value, np.float32) for value in (1.5, 2.0, 2.5, 3.0)]
    maps = [
        GainMap(area=(y, x, 4, 4), row_pitch=2, column_pitch=2, gains=g, spacing=(1, 1), origin=(0, 0))
        for g, (y, x) in zip(gains, ((0, 0), (0, 1), (1, 0), (1, 1)), strict=True)
    ]
    image = mosaic(4, 4, maps)
    result = resolved(Shading(), image)(image).pixels
    np.testing.assert_allclose(result, image.pixels * np.tile([[1.5, 2.0], [2.5, 3.0]], (2, 2)), rtol=1e-6)


def test_shading_of_parts_is_that_of_the_whole():
    opcodes = [*bayer_maps(40, 61), FixVignetteRadial(coefficients=(0.5, 0, 0, 0, 0), center=(0.5, 0.5))]
    opcodes += [
        TrimBounds(area=(2, 3, 38, 60)),
        ScalePerRow(area=(0, 0, 36, 57), values=np.linspace(1, 2, 36, dtype="f4")),
    ]
    image = mosaic(40, 61, opcodes)
    stage = resolved(Shading(), image)
    whole = stage(image)
    for box in ((0, 0, 16, 16), (7, 9, 31, 60), (39, 60, 40, 61)):
        part = Window(*box, (40, 61))
        np.testing.assert_allclose(stage(image.cut(part)).pixels, whole.cut(part).pixels, rtol=1e-6)
    assert np.isclose(whole.pixels[2, 3], stage(image.cut(Window(0, 0, 9, 9, (40, 61)))).pixels[2, 3])


def test_shading_without_opcodes_is_left_out():
    image = mosaic(4, 4, [])
    assert resolved(Shading(), image).is_identity
    assert Shading(source="none")(image) is image
    image = mosaic(4, 4, bayer_maps(4, 4))
    assert not resolved(Shading(), image).is_identity
    assert not Shading(source="none").resolve(Facts(shot=image.shot, source=image, arriving=lambda: image)).mends


def test_shading_of_a_reduced_picture_is_that_of_the_full_one():
    height, width = 64, 96
    image = mosaic(height, width, bayer_maps(height, width))
    ones = image.with_pixels(np.ones((height, width), np.float32))
    full = Shading()(ones).pixels
    small = image.with_pixels(planar_random(np.random.default_rng(0), 32, 48) * 0 + 1, scale=2.0, window=None, cfa=None)
    result = Shading()(small).pixels
    np.testing.assert_allclose(result[..., 0], full[::2, ::2], rtol=0.1)
    np.testing.assert_allclose(result[..., 1], (full[::2, 1::2] + full[1::2, ::2]) / 2, rtol=0.1)
    np.testing.assert_allclose(result[..., 2], full[1::2, 1::2], rtol=0.1)


def test_linearize_applies_list_1_to_the_counts_as_read():
    raw = np.full((6, 6), 300, np.uint16)
    raw[2, 2] = 1023
    opcodes = (
        FixBadPixelsConstant(constant=1023, bayer_phase=0),
        ScalePerColumn(area=(0, 0, 6, 1), values=np.array([2], "f4")),
        TrimBounds(area=(0, 0, 5, 6)),
    )
    shot = shot_with((opcodes, (), ()), 6, 6, bits=10, cfa=Cfa.bayer("RGGB"), black_level=np.full((1, 1, 1), 100.0))
    image = Image(pixels=raw, state=SENSOR, shot=shot, cfa=shot.cfa)
    result = resolved(Linearize(), image)(image)
    assert result.pixels.shape == (5, 6)
    expected = np.full((5, 6), 200 / 923)
    expected[:, 0] = 500 / 923
    np.testing.assert_allclose(result.pixels, expected, rtol=1e-6)
    assert not result.clipped.any()


def test_what_is_not_applied_is_said():
    warp, bad = every_opcode()[0], every_opcode()[3]
    shot = shot_with(((warp, bad), (warp, bad), (warp, bad, UnknownOpcode(id=99, data=b"", optional=False))), 9, 9)
    told = unapplied(shot)
    assert len(told) == 3
    assert "WarpRectilinear of list 1" in told[0] and "FixBadPixelsConstant of list 3" in told[1]
    assert "opcode 99 of list 3" in told[2] and "necessary" in told[2]
    assert unapplied(shot_with(((bad,), (warp,), (warp,)), 9, 9)) == ()
