"""Lens: warps against coordinates worked out by hand, compiled loops against their references, lensfun's own maps."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinlens.core.errors import ParameterError
from twinlens.core.image import CAMERA_RGB, Image, Window, empty_rgb
from twinlens.core.opcodes import (
    FixVignetteRadial,
    GainMap,
    ScalePerRow,
    TrimBounds,
    WarpFisheye,
    WarpRectilinear,
    WarpRectilinear2,
)
from twinlens.core.shot import Shot
from twinlens.core.stage import Facts
from twinlens.kernels.warp import warp, warp_mask
from twinlens.numerics import lens as reference
from twinlens.stages.lens import Lens

HEIGHT, WIDTH = 601, 801  # the center is a pixel: (300, 400); reach is 500
MILD = np.array([[1.0, -0.05, 0.02, -0.001, 2e-3, -1e-3]])
COLORED = np.vstack([MILD * [1.001, 1, 1, 1, 1, 1], MILD, MILD * [0.999, 1, 1, 1, 1, 1]])


def picture(height, width, opcodes=(), seed=0, lists=None):
    rng = np.random.default_rng(seed)
    rgb = empty_rgb(height, width)
    rgb[...] = rng.random((height, width, 3))
    clipped = rng.integers(0, 8, (height, width), dtype=np.uint8)
    shot = Shot(width=width, height=height, opcodes=lists or ((), (), tuple(opcodes)))
    return Image(pixels=rgb, state=CAMERA_RGB, shot=shot, clipped=clipped)


def coordinates(*opcodes):
    """An image whose planes hold x, y and x, so that a warp's result is the place that it looked at."""
    image = picture(HEIGHT, WIDTH, opcodes)
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    rgb = empty_rgb(HEIGHT, WIDTH)
    rgb[...] = np.stack([x, y, x], 2)
    return image.with_pixels(rgb)


def resolved(image, **values):
    return Lens(**values).resolve(Facts(shot=image.shot, source=image, arriving=lambda: image))


def places(opcode, y, x):
    """Where the lens stage looks for pixel (y, x): (y, x)."""
    image = coordinates(opcode)
    pixels = resolved(image)(image).pixels
    looked = pixels[y, x, 1], pixels[y, x, 0]
    row = reference.step_from(opcode, (HEIGHT, WIDTH))[0]
    exact = reference.source_of(row, np.array([[float(y)]]), np.array([float(x)]), (HEIGHT, WIDTH))
    np.testing.assert_allclose(
        looked, np.ravel(exact), atol=0.1
    )  # between the nodes of the grid the place is a little off
    return np.ravel(exact)


SPOTS = ((300, 400), (300, 655), (121, 250), (500, 307), (445, 700))


@pytest.mark.parametrize(("y", "x"), SPOTS)
def test_warp_rectilinear_looks_where_the_specification_says(y, x):
    k0, k1, k2, k3, t0, t1 = MILD[0] * [0.98, 1, 1, 1, 1, 1]
    coefficients = np.array([[k0, k1, k2, k3, t0, t1]])
    dy, dx = (y - 300) / 500, (x - 400) / 500
    r2 = dx**2 + dy**2
    f = k0 + k1 * r2 + k2 * r2**2 + k3 * r2**3
    expected = (
        300 + 500 * (f * dy + t1 * 2 * dx * dy + t0 * (r2 + 2 * dy**2)),
        400 + 500 * (f * dx + t0 * 2 * dx * dy + t1 * (r2 + 2 * dx**2)),
    )
    found = places(WarpRectilinear(coefficients=coefficients, center=(0.5, 0.5)), y, x)
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize(("y", "x"), SPOTS)
def test_warp_fisheye_looks_where_the_specification_says(y, x):
    k = np.array([[0.95, -0.02, 0.01, -0.001]])
    dy, dx = (y - 300) / 500, (x - 400) / 500
    r = np.hypot(dx, dy)
    angle = np.arctan(r)
    f = sum(k[0, i] * angle ** (2 * i + 1) for i in range(4)) / r if r else 0.0
    found = places(WarpFisheye(coefficients=k, center=(0.5, 0.5)), y, x)
    np.testing.assert_allclose(found, (300 + 500 * f * dy, 400 + 500 * f * dx), atol=1e-3)


@pytest.mark.parametrize("reciprocal", [False, True])
@pytest.mark.parametrize(("y", "x"), SPOTS)
def test_warp_rectilinear_2_has_odd_powers_a_reciprocal_and_a_valid_range(y, x, reciprocal):
    row = np.zeros((1, 19))
    row[0, :5] = 1.02, 0.01, -0.05, 0.02, 0.01
    if reciprocal:
        row[0, :5] = 1.01, 0.0, 0.03, 0.0, 0.01
    row[0, 15:] = 1e-3, -1e-3, 0.2, 0.6
    dy, dx = (y - 300) / 500, (x - 400) / 500
    r2 = dx**2 + dy**2
    held = np.clip(np.sqrt(r2), 0.2, 0.6)
    f = sum(k * held**i for i, k in enumerate(row[0, :15]))
    f = 1 / f if reciprocal else f
    t0, t1 = row[0, 15:17]
    expected = (
        300 + 500 * (f * dy + t1 * 2 * dx * dy + t0 * (r2 + 2 * dy**2)),
        400 + 500 * (f * dx + t0 * 2 * dx * dy + t1 * (r2 + 2 * dx**2)),
    )
    opcode = WarpRectilinear2(coefficients=row, center=(0.5, 0.5), reciprocal_radial=reciprocal)
    np.testing.assert_allclose(places(opcode, y, x), expected, atol=1e-3)


def test_planes_move_on_their_own_unless_told_not_to():
    coefficients = np.zeros((3, 6))
    coefficients[:, 0] = 0.9, 1.0, 0.8
    image = coordinates(WarpRectilinear(coefficients=coefficients, center=(0.5, 0.5)))
    pixels = resolved(image)(image).pixels
    np.testing.assert_allclose(pixels[300, 600], (400 + 0.9 * 200, 300, 400 + 0.8 * 200), atol=1e-3)
    pixels = resolved(image, chromatic=False)(image).pixels
    np.testing.assert_allclose(pixels[300, 600], (600, 300, 600), atol=1e-3)


def test_amount_goes_from_nothing_to_the_whole():
    opcode = WarpRectilinear(coefficients=np.array([[0.9, 0, 0, 0, 0, 0]]), center=(0.5, 0.5))
    vignette = FixVignetteRadial(coefficients=(1.0, 0, 0, 0, 0), center=(0.5, 0.5))
    image = coordinates(opcode, vignette)
    for amount in (0.0, 0.5, 1.0):
        pixels = resolved(image, amount=amount)(image).pixels
        gain = 1 + amount * 0.16
        np.testing.assert_allclose(
            pixels[300, 600], np.array([600 - 20 * amount, 300, 600 - 20 * amount]) * gain, rtol=1e-5
        )


def test_vignette_by_hand_and_switched_off():
    vignette = FixVignetteRadial(coefficients=(0.5, 0.25, 0, 0, 0), center=(0.5, 0.5))
    image = picture(HEIGHT, WIDTH, [vignette])
    pixels = resolved(image)(image).pixels
    np.testing.assert_allclose(pixels[0, 0], image.pixels[0, 0] * 1.75, rtol=1e-6)
    np.testing.assert_allclose(pixels[300, 650], image.pixels[300, 650] * (1 + 0.125 + 0.25 / 16), rtol=1e-6)
    np.testing.assert_array_equal(resolved(image, vignetting=False)(image).pixels, image.pixels)


def test_trim_cuts_the_frame_and_later_opcodes_count_in_it():
    gain = ScalePerRow(area=(0, 0, 1, 70), planes=3, values=np.array([2], "f4"))
    image = picture(61, 81, [TrimBounds(area=(5, 7, 55, 77)), gain])
    stage = resolved(image)
    assert stage.frame(61, 81) == (50, 70)
    result = stage(image)
    assert result.window == Window.whole(50, 70)
    np.testing.assert_array_equal(result.pixels[1:], image.pixels[6:55, 7:77])
    np.testing.assert_array_equal(result.pixels[0], 2 * image.pixels[5, 7:77])
    np.testing.assert_array_equal(result.clipped, image.clipped[5:55, 7:77])


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 70), st.integers(1, 90), st.sampled_from([0.0, -0.05, 0.3, -0.6]), st.booleans())
def test_compiled_warp_is_the_reference(height, width, strength, colored):
    coefficients = (COLORED if colored else MILD).copy()
    coefficients[:, 1] += strength
    step = reference.step_from(WarpRectilinear(coefficients=coefficients, center=(0.4, 0.55)), (height, width))
    image = picture(height, width)
    moves = reference.grid(step, image.window)
    arguments = (moves, (0, 0), (0, 0), (height, width))
    np.testing.assert_allclose(
        warp(image.pixels, *arguments), reference.warp(image.pixels, *arguments), atol=2e-5
    )  # places are float32 in both, in another order of operations
    fast, slow = (one(image.clipped, *arguments) for one in (warp_mask, reference.warp_mask))
    assert np.mean(fast != slow) < 0.01  # a place halfway between two entries may fall either way


@pytest.mark.parametrize("strength", [0.0, 0.4, -0.5])
@pytest.mark.parametrize("coefficients", [MILD, COLORED])
def test_parts_are_those_of_the_whole(coefficients, strength):
    coefficients = coefficients + np.array([0, strength, 0, 0, 0, 0])
    opcodes = [
        FixVignetteRadial(coefficients=(0.3, 0.1, 0, 0, 0), center=(0.5, 0.5)),
        WarpRectilinear(coefficients=coefficients, center=(0.48, 0.52)),
        TrimBounds(area=(3, 4, 120, 150)),
        GainMap(area=(0, 0, 117, 146), planes=3, gains=np.ones((2, 2, 1), "f4") * 2, spacing=(1, 1), origin=(0, 0)),
        WarpRectilinear(coefficients=MILD, center=(0.5, 0.5)),
    ]
    image = picture(131, 157, opcodes)
    stage = resolved(image)
    whole = stage(image)
    size = stage.frame(131, 157)
    assert size == (117, 146)
    for box in ((0, 0, 32, 64), (17, 33, 70, 141), (100, 90, 117, 146), (116, 145, 117, 146)):
        target = Window(*box, size)
        part = stage.over(image.cut(stage.source_window(target, 131, 157)), target)
        assert part.window == target
        np.testing.assert_allclose(part.pixels, whole.cut(target).pixels, atol=2e-5)
        np.testing.assert_array_equal(part.clipped, whole.cut(target).clipped)


def test_nothing_to_correct_is_left_out():
    still = WarpRectilinear(coefficients=np.array([[1.0, 0, 0, 0, 0, 0]]), center=(0.5, 0.5))
    for opcodes in ((), (still,)):
        image = picture(9, 9, opcodes)
        assert resolved(image).is_identity
        assert resolved(image, correction="file").is_identity
    image = picture(9, 9, [WarpRectilinear(coefficients=MILD, center=(0.5, 0.5))])
    assert not resolved(image).is_identity
    assert resolved(image, correction="none")(image) is image


def test_a_resolved_stage_warps_without_the_file():
    image = picture(HEIGHT, WIDTH, [WarpRectilinear(coefficients=COLORED, center=(0.5, 0.5))])
    stage = resolved(image)
    bare = replace(image, shot=Shot(width=WIDTH, height=HEIGHT))
    np.testing.assert_array_equal(stage(bare).pixels, stage(image).pixels)
    np.testing.assert_array_equal(Lens()(image).pixels, stage(image).pixels)


def test_warps_of_list_2_are_done_after_demosaicing():
    opcode = WarpRectilinear(coefficients=MILD, center=(0.5, 0.5))
    third = picture(HEIGHT, WIDTH, [opcode])
    second = picture(HEIGHT, WIDTH, lists=((), (opcode,), ()))
    np.testing.assert_array_equal(resolved(second)(second).pixels, resolved(third)(third).pixels)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (4, 1), (2, 2)])
def test_tiny_pictures(shape):
    opcodes = [
        FixVignetteRadial(coefficients=(0.3, 0.1, 0, 0, 0), center=(0.5, 0.5)),
        WarpRectilinear(coefficients=COLORED, center=(0.5, 0.5)),
    ]
    image = picture(*shape, opcodes)
    result = resolved(image)(image).pixels
    assert result.shape == (*shape, 3) and np.isfinite(result).all()


def test_a_reduced_picture_is_corrected_like_the_full_one():
    opcodes = [
        FixVignetteRadial(coefficients=(0.5, 0, 0, 0, 0), center=(0.5, 0.5)),
        WarpRectilinear(coefficients=MILD, center=(0.5, 0.5)),
        TrimBounds(area=(8, 8, 120, 152)),
        GainMap(area=(0, 0, 112, 144), planes=3, gains=np.ones((2, 2, 1), "f4") * 2, spacing=(1, 1), origin=(0, 0)),
    ]
    full = picture(128, 160, opcodes)
    y, x = np.mgrid[:128, :160].astype(np.float32)
    full = full.with_pixels((np.sin(x / 20) + np.cos(y / 15) + 3)[..., None].repeat(3, 2))
    small = full.with_pixels(
        full.pixels.reshape(64, 2, 80, 2, 3).mean((1, 3)), scale=2.0, window=None, clipped=full.clipped[::2, ::2]
    )
    stage = resolved(full)
    assert stage.frame(64, 80) == (56, 72)
    expected = stage(full).pixels.reshape(56, 2, 72, 2, 3).mean((1, 3))
    np.testing.assert_allclose(stage(small).pixels, expected, rtol=0.02)


# lensfun


def known(lensfunpy, distortion, tca):
    """A lens of the data base with these models, and a camera that it fits."""
    base = lensfunpy.Database()
    for camera in base.cameras:
        for one in base.find_lenses(camera):
            found, colors = one.interpolate_distortion(one.min_focal), one.interpolate_tca(one.min_focal)
            if found is not None and found.model.name == distortion and (colors.model.name if colors else None) == tca:
                return camera, one
    pytest.skip(f"lensfun's data base has no lens with {distortion} and {tca}")


@pytest.mark.parametrize(
    ("distortion", "tca"), [("PTLENS", "POLY3"), ("POLY3", None), ("POLY5", "POLY3"), ("PTLENS", "LINEAR")]
)
def test_lensfun_looks_at_the_same_places(distortion, tca):
    lensfunpy = pytest.importorskip("lensfunpy")
    from twinlens.stages.lens.lensfun import fitted_warp

    camera, one = known(lensfunpy, distortion, tca)
    frame = (400, 600)
    focal, aperture = one.min_focal, one.min_aperture or 8.0
    step = fitted_warp(one, camera.crop_factor, frame, focal, aperture, 1000.0)
    modifier = lensfunpy.Modifier(one, camera.crop_factor, frame[1], frame[0])
    flags = lensfunpy.ModifyFlags
    modifier.initialize(focal, aperture, 1000.0, scale=0.0, flags=int(flags.DISTORTION | flags.TCA | flags.SCALE))
    theirs = modifier.apply_subpixel_geometry_distortion()
    y, x = np.arange(frame[0])[:, None].astype(float), np.arange(frame[1]).astype(float)
    box = np.ones(31) / 31  # their single precision scatters by up to 0.2 px from pixel to pixel: judged by its mean
    for plane in range(3):
        ours = reference.source_of(step[min(plane, len(step) - 1)], y, x, frame)
        for axis in (0, 1):
            apart = ours[axis] - theirs[:, :, plane, 1 - axis]
            assert max(np.abs(np.convolve(row, box, "valid")).max() for row in apart) <= 0.1
    assert any(np.abs(ours[k] - at).max() > 0.5 for k, at in enumerate((y, x)))  # it does move pixels


def test_lensfun_vignetting_is_its_own():
    lensfunpy = pytest.importorskip("lensfunpy")
    image = shot_by_lensfun(240, 320)
    stage = resolved(image, correction="lensfun")
    assert (stage.falloff is not None and stage.model == "Samsung Galaxy S21 ultrawide") or stage.falloff is None
    base = lensfunpy.Database()
    camera = base.find_cameras("Canon", "Canon EOS 550D")[0]
    one = next(
        found
        for found in base.find_lenses(camera)
        if found.interpolate_vignetting(found.min_focal, found.min_aperture or 4, 1000) is not None
    )
    facts = {"make": "Canon", "model": "Canon EOS 550D", "lens": one.model, "focal_length_mm": float(one.min_focal)}
    image = shot_by_lensfun(240, 320, **facts, f_number=float(one.min_aperture or 4))
    stage = resolved(image)
    assert stage.correction == "lensfun" and stage.model == one.model
    best = base.find_lenses(camera, lens=one.model)[0]
    modifier = lensfunpy.Modifier(best, camera.crop_factor, 320, 240)
    modifier.initialize(
        one.min_focal,
        one.min_aperture or 4,
        1000.0,
        pixel_format=np.float32,
        flags=int(lensfunpy.ModifyFlags.VIGNETTING),
    )
    theirs = np.ones((240, 320, 3), np.float32)
    assert modifier.apply_color_modification(theirs)
    ones = image.with_pixels(np.ones((240, 320, 3), np.float32))
    np.testing.assert_allclose(replace(stage, geometry=())(ones).pixels, theirs, rtol=2e-3)
    np.testing.assert_array_equal(replace(stage, geometry=(), vignetting=False)(ones).pixels, 1)


def shot_by_lensfun(height, width, **facts):
    facts = facts or {"make": "Samsung", "model": "SM-G991B", "focal_length_mm": 2.2, "f_number": 2.2}
    image = picture(height, width)
    return replace(image, shot=replace(image.shot, **facts))


def test_a_fixed_lens_is_found_and_the_recipe_replays_without_the_data_base():
    pytest.importorskip("lensfunpy")
    image = shot_by_lensfun(120, 160)
    stage = resolved(image)
    assert stage.correction == "lensfun" and stage.model == "Samsung Galaxy S21 ultrawide" and stage.geometry
    bare = replace(image, shot=Shot(width=160, height=120))
    np.testing.assert_array_equal(stage(bare).pixels, stage(image).pixels)
    assert not np.array_equal(stage(image).pixels, image.pixels)


def test_unknown_cameras_are_left_alone_unless_lensfun_is_asked_for():
    pytest.importorskip("lensfunpy")
    image = shot_by_lensfun(12, 16, make="Nobody", model="Nothing 1")
    assert resolved(image).is_identity
    with pytest.raises(ParameterError, match="Nobody Nothing 1"):
        resolved(image, correction="lensfun")
    image = shot_by_lensfun(12, 16, make="Canon", model="Canon EOS 550D", lens="A lens that nobody made")
    assert resolved(image).is_identity
    with pytest.raises(ParameterError, match="A lens that nobody made"):
        resolved(image, correction="lensfun")
