"""Exposure: stops add up, and the automatic one holds highlights."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinlens.core.image import SCENE, Image, planar
from twinlens.core.shot import Shot
from twinlens.core.stage import Facts
from twinlens.stages.exposure import Exposure, measured_stops


def scene(rgb, **shot):
    return Image(pixels=planar(np.asarray(rgb, np.float32)), state=SCENE, shot=Shot(**shot))


def facts(image):
    return Facts(image.shot, image, lambda: image)


@given(st.floats(-4, 4), st.floats(-4, 4))
def test_stops_add_up(one, other):
    image = scene(np.full((2, 3, 3), 0.2))
    twice = Exposure(stops=other)(Exposure(stops=one)(image)).pixels
    assert np.allclose(twice, Exposure(stops=one + other)(image).pixels, rtol=1e-6)


def test_one_stop_doubles_the_light():
    assert np.array_equal(
        Exposure(stops=1)(scene(np.full((1, 1, 3), 0.25))).pixels, np.full((1, 1, 3), 0.5, np.float32)
    )


def test_the_baselines_of_file_and_profile_add():
    image = scene(np.full((1, 1, 3), 0.25), baseline_exposure=0.5)
    color = replace(image.shot.color, baseline_exposure_offset=-0.2)
    image = image.with_pixels(image.pixels, shot=replace(image.shot, color=color))
    assert Exposure().resolve(facts(image)).gain == pytest.approx(2**0.3)


def test_zero_leaves_the_image_to_itself():
    image = scene(np.full((1, 1, 3), 0.25))
    assert Exposure().resolve(facts(image)).is_identity


def test_auto_brings_a_dark_picture_up_and_becomes_a_number():
    rng = np.random.default_rng(0)
    image = scene(0.03 * rng.uniform(0.5, 1.5, (40, 60, 1)) * np.ones(3))
    stage = Exposure(auto="on").resolve(facts(image))
    assert stage.auto == "off" and 0.8 < stage.stops < 2.2
    assert stage.resolve(facts(image)) == stage


def test_auto_never_pushes_held_highlights_over_white():
    picture = np.full((50, 50, 3), 0.02)
    picture[:10] = 0.7
    stops = measured_stops(picture)
    assert stops > 0 and 0.7 * 2**stops <= 1.0


@given(st.floats(0, 50))
def test_auto_is_finite_for_any_even_picture(value):
    assert -1.5 <= measured_stops(np.full((3, 3, 3), value)) <= 3
