"""A profile's measured shading and lens: kept in the document, used by develop in place of the file's own."""

import numpy as np
import pytest

import twinlens
from twinlens.core.errors import DocumentError, ParameterError, TwinlensError
from twinlens.core.lens import LensWarp
from twinlens.core.profile import CameraProfile
from twinlens.core.shading import LensShading
from twinlens.pipeline import profile as document
from twinlens.simulate import sample

SIZE = (192, 256)


def radial_shading(strength=0.35):
    """log response = -strength (v^2 + h^2): T2 = 2 x^2 - 1, so the coefficients of T2 are half of it."""
    coefficients = np.zeros((3, 45))
    coefficients[:, 2] = coefficients[:, 17] = -strength / 2
    return LensShading(coefficients, "D65", 6504.0)


WARP = LensWarp(np.array([[1.0, -0.03, 0.004, 0, 0, 0]]), (0.5, 0.5), SIZE, 1.0)
PROFILE = CameraProfile(name="measured", color=sample.camera_color(), shading=(radial_shading(),), warp=WARP)


def grey(shaded, profile=None, edits=None):
    light = np.full((*SIZE, 3), 0.4, np.float32)
    if shaded:
        v, h = np.meshgrid(2 * (np.arange(SIZE[0]) + 0.5) / SIZE[0] - 1, 2 * (np.arange(SIZE[1]) + 0.5) / SIZE[1] - 1,
                           indexing="ij")  # fmt: skip
        light *= np.exp(-0.35 * (v * v + h * h))[..., None].astype(np.float32)
    image = sample.shoot(light=light, noisy=False)
    return twinlens.develop(image, look="neutral", profile=profile, edits=edits)


def test_the_terms_of_the_surface_are_where_this_test_thinks():
    response = radial_shading().response((3, 3))
    assert response[0, 0] == pytest.approx(np.exp(-0.7)) and response[1, 1] == pytest.approx(1.0)


def test_measured_shading_evens_a_grey_picture_out():
    kept = {"lens": {"correction": "none"}}
    even = grey(False, edits=kept).pixels
    mended = grey(True, PROFILE, kept).pixels
    dark = grey(True, edits=kept).pixels
    assert np.abs(mended - even).max() < 0.004
    assert np.abs(dark - even).max() > 0.1


def test_the_recipe_replays_with_the_same_profile_and_asks_for_it():
    first = grey(True, PROFILE)
    again = grey_with_recipe(first.recipe, PROFILE)
    assert np.array_equal(first.pixels, again.pixels)
    other = CameraProfile(name="other", color=sample.camera_color(), shading=(radial_shading(0.1),), warp=WARP)
    for wrong in (None, other):
        with pytest.raises(TwinlensError, match="profile"):
            grey_with_recipe(first.recipe, wrong)


def grey_with_recipe(recipe, profile):
    v, h = np.meshgrid(2 * (np.arange(SIZE[0]) + 0.5) / SIZE[0] - 1, 2 * (np.arange(SIZE[1]) + 0.5) / SIZE[1] - 1,
                       indexing="ij")  # fmt: skip
    light = np.full((*SIZE, 3), 0.4, np.float32) * np.exp(-0.35 * (v * v + h * h))[..., None].astype(np.float32)
    return twinlens.develop(sample.shoot(light=light, noisy=False), recipe=recipe, profile=profile)


def test_the_measured_warp_is_the_one_of_the_opcode():
    light = np.random.default_rng(0).uniform(0.1, 0.5, (*SIZE, 3)).astype(np.float32)
    kept = {"shading": {"source": "none"}}
    by_profile = twinlens.develop(sample.shoot(light=light), look="neutral", profile=PROFILE, edits=kept)
    plain = CameraProfile(name="plain", color=sample.camera_color())
    by_file = twinlens.develop(
        sample.shoot(light=light, opcodes=((), (), (WARP.opcode(),))), look="neutral", profile=plain, edits=kept
    )
    assert np.array_equal(by_profile.pixels, by_file.pixels)


def test_a_warp_of_another_crop_is_refused():
    profile = CameraProfile(
        name="x", color=sample.camera_color(), warp=LensWarp(WARP.coefficients, (0.5, 0.5), (96, 256))
    )
    with pytest.raises(ParameterError, match="another crop"):
        twinlens.develop(sample.shoot(*SIZE), profile=profile)


def test_the_document_keeps_shading_and_lens():
    again = document.loads(document.dumps(PROFILE))
    assert np.allclose(again.shading[0].coefficients, PROFILE.shading[0].coefficients)
    assert (again.shading[0].light, again.shading[0].kelvin) == ("D65", 6504.0)
    assert np.allclose(again.warp.coefficients, WARP.coefficients) and again.warp.frame == SIZE
    text = document.dumps(PROFILE)
    for broken, says in ((text.replace("kelvin", "kelvins"), "kelvins"), (text.replace("frame", "frames"), "frames")):
        with pytest.raises(DocumentError, match=says):
            document.loads(broken)
