"""Looks: what every look must hold, the four shipped ones, strength, blending, lights and checks."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinlens.core.errors import DocumentError, ParameterError
from twinlens.core.image import DISPLAY, SCENE, Image, Window, empty_rgb, planar
from twinlens.core.look import COLUMNS, PLAIN_SECTOR, Table, keep_table
from twinlens.core.shot import Shot
from twinlens.core.stage import Facts
from twinlens.numerics import color, colorchecker, look, lut
from twinlens.pipeline.look import (
    Finish,
    at_strength,
    blend,
    dumps,
    load,
    loads,
    problems,
    shipped,
    valid_strength,
)
from twinlens.simulate import sample
from twinlens.stages.look_map import LookMap

RENDERED = [name for name in shipped() if name != "neutral"]
COLORFUL = ["authentic", "vibrant"]
GREY = 0.18 * np.exp2(np.linspace(-14, 6, 4001))


def lab(rgb):
    return color.lab_from_xyz(np.asarray(rgb, float) @ color.XYZ_D50_FROM_REC2020.T)


def scene_image(rgb) -> Image:
    return Image(pixels=planar(np.asarray(rgb, np.float32)), state=SCENE, shot=Shot(), primaries="rec2020")


def random_scene(count: int = 4096, seed: int = 0):
    """In-gamut scene colors: even in display code over the sRGB cube, as pictures are."""
    code = np.random.default_rng(seed).uniform(0, 1, (count, 3))
    return color.decode(code) @ color.rgb_from_rgb("rec2020", "srgb").T


def developed(stage: LookMap, rgb):
    """Display light (N, 3) of scene light (N, 3) by the stage itself."""
    return stage(scene_image(np.asarray(rgb)[None])).pixels[0]


def greys(stage: LookMap):
    return developed(stage, np.repeat(GREY[:, None], 3, 1))


# Every look


@pytest.mark.parametrize("name", shipped())
@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0, 1.5])
def test_grey_stays_grey_and_rises(name, strength):
    stage, _ = at_strength(load(name), strength)
    shown = greys(stage)
    assert np.ptp(shown, axis=1).max() < 1e-6
    assert np.all(np.diff(shown[:, 1]) >= 0)
    assert shown[0, 0] < 1e-3 and shown[-1, 0] == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("name", RENDERED)
def test_grey_follows_the_curve_to_16_bits(name):
    stage = load(name).map
    true = color.encode(stage.grey(GREY)[:, 0])
    assert np.abs(color.encode(greys(stage)[:, 0].astype(float)) - true).max() < 1 / 65535 * 8


@pytest.mark.parametrize("name", RENDERED)
def test_ramps_have_no_bands(name):
    """In 16 bits a fine ramp never repeats a value for long, nor jumps."""
    light = np.linspace(0.002, 0.9, 200_001)
    shown = developed(load(name).map, np.repeat(light[:, None], 3, 1))[:, 1].astype(float)
    steps = np.diff(color.encode(shown)) * 65535
    assert steps.min() >= 0
    true = np.diff(color.encode(load(name).map.grey(light)[:, 1])) * 65535
    assert np.abs(steps - true).max() < 0.5


@pytest.mark.parametrize("name", COLORFUL)
def test_table_agrees_with_the_direct_look(name):
    stage, rgb = load(name).map, random_scene()
    difference = color.delta_e_2000(lab(stage.render(rgb)), lab(developed(stage, rgb)))
    assert difference.mean() <= 0.1
    assert np.percentile(difference, 99) <= 0.5


@pytest.mark.parametrize("name", shipped())
@pytest.mark.parametrize("strength", [0.25, 0.5, 0.75, 1.0, 1.25, 1.5])
def test_shipped_looks_do_not_fold(name, strength):
    wanted = min(strength, 1.0) if name == "mono" else strength
    assert problems(dataclasses.replace(load(name).map, strength=wanted)) == ()


@pytest.mark.parametrize("name", shipped())
def test_strength_0_is_neutral_to_the_bit(name):
    rgb = sample.scene(40, 60).rgb
    neutral = load("neutral").map(scene_image(rgb)).pixels
    assert np.array_equal(load(name).map_for(strength=0.0)(scene_image(rgb)).pixels, neutral)


def test_strength_1_is_the_look_and_between_is_between():
    rgb = random_scene()
    stages = [load("authentic").map_for(strength=s) for s in (0, 0.01, 0.5, 0.99, 1)]
    shown = [lab(developed(stage, rgb)) for stage in stages]
    near = [color.delta_e_2000(shown[a], shown[b]) for a, b in ((0, 1), (3, 4))]
    assert max(one.mean() for one in near) < 0.3 and max(one.max() for one in near) < 1.5
    assert np.mean(np.linalg.norm(shown[2] - shown[0], axis=1)) < np.mean(np.linalg.norm(shown[4] - shown[0], axis=1))


@pytest.mark.parametrize("name", shipped())
def test_tiles_make_the_same_picture(name):
    rgb = sample.scene(96, 400).rgb
    stage, frame = load(name).map, (96, 400)
    whole = stage(scene_image(rgb)).pixels
    for window in (Window(0, 0, 50, 130, frame), Window(13, 37, 96, 400, frame), Window(95, 399, 96, 400, frame)):
        part = stage(scene_image(rgb).cut(window))
        rows, columns = slice(window.top, window.bottom), slice(window.left, window.right)
        # Strips begin elsewhere, so sums may round otherwise in the last bit.
        assert np.abs(part.pixels - whole[rows, columns]).max() < 1e-6
        assert part.state is DISPLAY and part.window == window


@pytest.mark.parametrize("name", shipped())
def test_everything_is_inside_the_display_and_finite(name):
    rgb = np.random.default_rng(3).normal(0.3, 2, (50, 70, 3)) ** 3
    shown = load(name).map(scene_image(rgb)).pixels
    assert np.isfinite(shown).all() and shown.min() >= 0 and shown.max() <= 1


# Neutral


def test_neutral_is_the_scene_where_it_fits():
    rgb = planar(np.random.default_rng(0).uniform(0, 1, (30, 40, 3)).astype(np.float32))
    assert np.array_equal(load("neutral").map(scene_image(rgb)).pixels, rgb)


def test_neutral_keeps_hue_where_light_does_not_fit():
    rgb = np.array([[1.6, 0.4, 0.2], [0.2, 0.3, 4.0], [0.3, 1.4, 0.1], [3, 3, 3], [1.2, -0.1, 0.3]])
    shown = look.clip_to_display(rgb)
    assert shown.min() >= 0 and shown.max() <= 1
    assert np.allclose(shown[3], 1)
    hue = [np.degrees(np.arctan2(one[..., 2], one[..., 1])) for one in (look.oklab(rgb), look.oklab(shown))]
    turn = np.abs((hue[1] - hue[0] + 180) % 360 - 180)
    assert turn[[0, 1, 2, 4]].max() < 13  # the straight way to grey in light bends a little in Oklab
    spread = [np.argsort(one) for one in (rgb[:3], shown[:3])]
    assert np.all(spread[0] == spread[1])


@given(st.floats(0.05, 1), st.floats(0.05, 1), st.floats(0.05, 1))
def test_neutral_brightens_with_exposure_up_to_white(red, green, blue):
    shown = look.clip_to_display(np.array([red, green, blue]) * np.exp2(np.linspace(-3, 9, 200))[:, None])
    assert np.all(np.diff(color.luminance(shown)) >= -1e-9)
    assert np.allclose(shown[-1], 1, atol=0.35)


# The shipped looks are what their words say


def chroma_ratio(stage: LookMap) -> float:
    """Mean C* of the 18 colored patches against truth, after one gain on display light that matches the grey row."""
    truth = sample.chart_rgb()
    shown, wanted = stage.render(truth), lab(truth)
    gains = np.exp(np.linspace(-1, 1, 801))
    errors = [np.sum((lab(shown[colorchecker.GREYS] * g)[:, 0] - wanted[colorchecker.GREYS, 0]) ** 2) for g in gains]
    matched = lab(shown * gains[int(np.argmin(errors))])
    sizes = [np.hypot(one[colorchecker.COLORED, 1], one[colorchecker.COLORED, 2]).mean() for one in (matched, wanted)]
    return float(sizes[0] / sizes[1])


def test_authentic_has_the_chroma_of_the_scene_and_vibrant_more():
    assert chroma_ratio(load("neutral").map) == pytest.approx(1)
    assert chroma_ratio(load("authentic").map) == pytest.approx(1.0, abs=0.02)
    assert chroma_ratio(load("vibrant").map) >= 1.10


def test_authentic_is_contrasty_with_dark_shadows_and_held_highlights():
    neutral, shown = load("neutral").map, load("authentic").map
    at = 0.18 * np.exp2([-5.0, -0.5, 0.5, 2.4])
    code, plain = (color.encode(stage.grey(at)[:, 0]) for stage in (shown, neutral))
    assert code[0] < 0.7 * plain[0]
    assert code[2] - code[1] > 1.2 * (plain[2] - plain[1])
    assert 0.9 < code[3] < 0.97


def test_vibrant_is_brighter_with_lifted_shadows():
    neutral, shown = load("neutral").map, load("vibrant").map
    at = 0.18 * np.exp2([-5.0, 0.0])
    assert np.all(shown.grey(at)[:, 0] > neutral.grey(at)[:, 0] * 1.15)


@pytest.mark.parametrize("name", COLORFUL)
def test_skin_is_spared(name):
    skin = sample.chart_rgb()[:2]
    shown = lab(load(name).map.render(skin))
    plain = lab(skin)
    turn = np.degrees(np.arctan2(shown[:, 2], shown[:, 1]) - np.arctan2(plain[:, 2], plain[:, 1]))
    assert np.abs(turn).max() < 6
    saturation = np.hypot(*shown[:, 1:].T) / shown[:, 0] / (np.hypot(*plain[:, 1:].T) / plain[:, 0])
    assert saturation.min() > 0.85 and saturation.max() < 1.15


def test_mono_is_grey():
    assert np.ptp(developed(load("mono").map, random_scene()), axis=1).max() < 1e-6


def test_saturated_lights_burn_out_without_a_turn_of_hue():
    light = np.exp2(np.linspace(-4, 4, 200))[:, None]
    for name in COLORFUL:
        for lamp in ((0.02, 0.01, 1.0), (1.0, 0.02, 0.01), (0.9, 0.5, 0.1)):
            shown = look.oklab(developed(load(name).map, light * lamp).astype(float))
            hue = np.unwrap(np.arctan2(shown[:, 2], shown[:, 1]))[np.hypot(*shown[:, 1:].T) > 0.03]
            assert np.abs(np.diff(hue)).max() < np.radians(4)
            assert np.all(np.diff(shown[:, 0]) > -2e-3)


# Numbers of the parts


def test_root_terms_scale_with_exposure():
    rgb = np.random.default_rng(0).uniform(0.01, 1, (20, 3))
    for columns in COLUMNS:
        terms = look.root_terms(rgb, columns)
        assert terms.shape == (20, columns)
        assert np.allclose(look.root_terms(rgb * 4, columns), 4 * terms)


def test_control_of_one_sector_moves_its_hue_and_not_the_opposite():
    sectors = np.tile(PLAIN_SECTOR, (12, 1))
    sectors[5] = (10, 0.5, 0.1, 1)
    angles = np.radians([150.0, 330.0])
    before = np.stack([np.full(2, 0.5), 0.1 * np.cos(angles), 0.1 * np.sin(angles)], -1)
    after = look.control(before, 1.0, 0.0, sectors)
    assert np.allclose(after[1], before[1], atol=1e-12)
    assert np.degrees(np.arctan2(after[0, 2], after[0, 1])) == pytest.approx(150 + 10 * 4 / 6)
    assert np.hypot(*after[0, 1:]) == pytest.approx(0.1 * (1 - 0.5 * 4 / 6))
    assert after[0, 0] > before[0, 0]


def test_sectors_are_smooth_around_the_circle():
    rows = np.random.default_rng(0).normal(size=(12, 4))
    angles = np.linspace(-np.pi, 3 * np.pi, 20_001)
    values = look.sector_values(angles, rows)
    assert np.abs(np.diff(values, 2, axis=0)).max() < 1e-5
    assert np.allclose(values[0], values[10_000])
    assert values.max() <= rows.max() and values.min() >= rows.min()


def test_white_gains_and_per_channel_nodes_are_exact_on_grey():
    nodes = ((-8.0, 0.0, 2.5), (0.02, 0.5, 1.0), (0.02, 0.48, 0.98), (0.02, 0.46, 0.95))
    stage = LookMap(curve="nodes", nodes=nodes, transform=((1.1, 0, 0), (0, 1, 0), (0, 0, 0.85)))
    assert np.abs(greys(stage) - stage.grey(GREY)).max() < 2e-3
    assert np.all(np.diff(greys(stage), axis=0) >= -1e-6)


def test_residual_table_is_added_in_proportion_to_strength():
    values = lut.identity_table(5) * np.float32(0.9) + np.float32(0.05)
    stage = LookMap(table=keep_table(Table(values)))
    rgb = random_scene(64)
    code = color.encode(np.clip(rgb, 0, 1))
    for strength in (0.5, 1.0):
        shown = color.encode(dataclasses.replace(stage, strength=strength).render(rgb))
        assert np.allclose(shown, code + strength * (0.05 - 0.1 * code), atol=1e-5)


def test_table_that_is_not_loaded_is_named():
    with pytest.raises(DocumentError, match="table 0123 of a look is not loaded"):
        LookMap(table="0123").render(random_scene(4))


# Blending


@settings(max_examples=20, deadline=None)
@given(share=st.floats(0, 1), pair=st.permutations(shipped()))
def test_blends_are_looks_that_read_back_equal(share, pair):
    mixed = blend(load(pair[0]), load(pair[1]), share)
    assert loads(dumps(mixed)) == mixed


def test_blend_ends_are_the_looks_and_the_middle_lies_between():
    one, other = load("authentic"), load("vibrant")
    assert blend(one, other, 0) == one and blend(one, other, 1) == other
    ratios = [chroma_ratio(blend(one, other, share).map) for share in (0, 0.25, 0.5, 0.75, 1)]
    assert np.all(np.diff(ratios) > 0)
    with pytest.raises(ParameterError, match="blend share"):
        blend(one, other, 1.2)


@pytest.mark.parametrize("share", [0.2, 0.7])
def test_blend_with_neutral_is_strength(share):
    mixed = blend(load("neutral"), load("authentic"), share).map
    rgb = random_scene(512)
    same = color.delta_e_2000(lab(mixed.render(rgb)), lab(load("authentic").map_for(strength=share).render(rgb)))
    assert same.mean() < 0.35 and same.max() < 1.5  # the curve goes through nodes half a stop apart


HEAD = 'format = "look/1"\nname = "x"\n'


def test_lights_are_interpolated_by_inverse_temperature():
    text = HEAD + "[[light]]\ncct = 2856\ngains = [0.9, 1, 1.2]\n[[light]]\ncct = 6504\n"
    made = loads(text)
    assert loads(dumps(made)) == made
    middle = 2 / (1 / 2856 + 1 / 6504)
    for cct, gains in ((2000, (0.9, 1, 1.2)), (2856, (0.9, 1, 1.2)), (middle, (0.95, 1, 1.1)), (9000, (1, 1, 1))):
        shown = dataclasses.replace(made.map, cct=cct).render(np.full((1, 3), 0.2))[0]
        assert shown == pytest.approx(0.2 * np.array(gains))
    with_neutral = blend(made, load("neutral"), 0.5)
    assert dataclasses.replace(with_neutral.map, cct=2856.0).render(np.full((1, 3), 0.2))[0] == pytest.approx(
        [0.19, 0.2, 0.22]
    )


def test_light_comes_from_the_white_balance():
    from twinlens.stages.white_balance import WhiteBalance

    stage = loads(HEAD + "[[light]]\ncct = 2856\ngains = [0.9, 1, 1.2]\n[[light]]\ncct = 6504\n").map
    source = scene_image(np.zeros((1, 1, 3)))
    for before, cct in (((WhiteBalance(white_xy=color.A_XY),), 2856), ((WhiteBalance(),), 6504), ((), 6504)):
        resolved = stage.resolve(Facts(shot=Shot(), source=source, arriving=lambda: source, before=before))
        assert resolved.cct == pytest.approx(cct, rel=0.005)
    assert load("authentic").map.resolve(Facts(shot=Shot(), source=source, arriving=lambda: source)).cct is None


# Checks


def test_strength_that_would_break_a_look_stops_before_and_says_so():
    stage, note = at_strength(load("mono"), 1.5)
    assert stage.strength == 1.0
    assert "strength 1.5 is not valid" in note and "1.00 is used" in note
    assert at_strength(load("authentic"), 1.0)[1] == ""


def test_checks_find_what_is_broken():
    folding = [list(PLAIN_SECTOR) for _ in range(12)]
    for index in range(12):
        folding[index][0] = 45.0 if index % 2 else -45.0
    bad = LookMap(curve="film", contrast=1.4, sectors=tuple(map(tuple, folding)))
    assert "folds" in " ".join(problems(bad))
    strength, note = valid_strength(bad, 1.0)
    assert 0 < strength < 1 and note
    assert not problems(dataclasses.replace(bad, strength=strength))
    swapped = LookMap(transform=((0, 0, 1), (0, 1, 0), (1, 0, 0)))
    assert problems(swapped)
    steep = LookMap(curve="nodes", nodes=((-8.0, -0.5, 0.5, 3.0), (0.0, 0.05, 0.95, 1.0)))
    assert "too steep" in " ".join(problems(steep))


def test_finish_scales_inside_its_ranges():
    finish = Finish(vignette=-1.5, acutance=0.8, grain=0.2)
    assert finish.scaled(0) == Finish(vignette=-0.0)
    assert finish.scaled(2) == Finish(vignette=-2, acutance=1, grain=0.4)


def test_stage_takes_one_pixel_and_leaves_its_input_alone():
    rgb = empty_rgb(1, 1)
    rgb[:] = 0.3
    image = scene_image(rgb)
    before = image.pixels.copy()
    assert load("vibrant").map(image).pixels.shape == (1, 1, 3)
    assert np.array_equal(image.pixels, before)
