"""Learning a look from corresponding colors: it comes back within what was stated, and holds what every look must."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import pytest

from twinlens.core.errors import ParameterError
from twinlens.learn import Evidence, Source, fit_color_map, fit_look
from twinlens.numerics import color, curve, look
from twinlens.pipeline.look import dumps, loads, problems
from twinlens.simulate import maker

PICTURES, EACH = 4, 600


def colors(seed: int, count: int = PICTURES * EACH) -> np.ndarray:
    """Scene light as in photographs: every exposure, mostly of little saturation."""
    rng = np.random.default_rng(seed)
    level = 0.18 * np.exp2(rng.normal(-1.2, 1.6, (count, 1)))
    tint = np.exp(rng.normal(0, 1, (count, 3)) * rng.gamma(2.0, 0.18, (count, 1)))
    return np.clip(level * tint, 1e-4, 1.0)


def shown(name: str, scene: np.ndarray) -> np.ndarray:
    return maker.load(name).color(scene)


def delta_e(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return color.delta_e_2000(color.lab_from_rgb(one), color.lab_from_rgb(other))


@functools.cache
def learned(name: str):
    return fit_color_map(colors(1), shown(name, colors(1)))


LOOKS = ["natural", "cinematic", "random:4", "random:9"]


@pytest.mark.parametrize("name", LOOKS)
def test_a_makers_look_comes_back_on_other_colors(name):
    error = delta_e(learned(name).value(colors(2)), shown(name, colors(2)))
    assert error.mean() < 0.7 and np.percentile(error, 95) < 2.0


@pytest.mark.parametrize("name", LOOKS)
def test_a_learned_look_has_no_problem_of_order_or_steepness(name):
    assert problems(learned(name).value.look_map()) == ()


def test_strong_colors_are_compressed_where_the_maker_does_it_and_not_where_it_does_not():
    def maker_with_gamut_map(scene):
        light = look.compressed(scene @ color.rgb_from_rgb("srgb", "rec2020").T, 0.9)
        return np.clip(color.encode(curve.film(np.maximum(light, 0), 0.18, 1.3, 1.0, 3.0)), 0, 1)

    found = fit_color_map(colors(1), maker_with_gamut_map(colors(1))).value
    assert found.map.compression > 0.4
    strong = colors(2)[np.ptp(colors(2), axis=1) > 0.5 * colors(2).max(1)]
    error = delta_e(found(strong), maker_with_gamut_map(strong))
    assert error.mean() < 0.5 and np.percentile(error, 95) < 1.5
    assert learned("natural").value.map.compression == 0


@pytest.mark.parametrize("name", LOOKS)
def test_greys_are_within_half_a_delta_e_and_rise(name):
    light = curve.MID_GREY * np.exp2(np.linspace(-5, 1.5, 60))
    greys = np.repeat(light[:, None], 3, 1)
    codes = learned(name).value(greys)
    assert delta_e(codes, shown(name, greys)).mean() < 0.5
    assert (np.diff(codes.mean(-1)) >= -1e-6).all()


def test_bends_along_smooth_ramps_are_not_more_than_those_of_the_true_look():
    ends = np.random.default_rng(3).uniform(0.1, 0.9, (2, 100, 1, 3))
    share = np.linspace(0, 1, 128)[:, None]
    ramps = color.decode((1 - share) * ends[0] + share * ends[1]) @ color.rgb_from_rgb("rec2020", "srgb").T
    own, true = (
        np.percentile(np.abs(np.diff(codes, 2, axis=1)), 99)
        for codes in (learned("random:9").value(ramps), shown("random:9", ramps))
    )
    assert own <= 1.5 * true


def test_a_sensors_own_rgb_of_any_scale_and_white_is_a_source():
    camera_from_scene = np.array([[0.5, 0.3, 0.02], [0.12, 0.8, 0.1], [0.01, 0.15, 0.45]]) * 3000
    fit = fit_color_map(colors(1) @ camera_from_scene.T, shown("natural", colors(1)))
    error = delta_e(fit.value(colors(2) @ camera_from_scene.T), shown("natural", colors(2)))
    assert error.mean() < 0.6


def test_the_scale_of_the_source_does_not_matter():
    one, other = learned("natural").value, fit_color_map(colors(1) * 64, shown("natural", colors(1))).value
    assert np.abs(one(colors(2)) - other(colors(2) * 64)).max() < 2 / 255


def test_the_look_map_shows_what_the_color_map_shows():
    found = learned("natural").value
    display = found.look_map().render(colors(2)) @ color.rgb_from_rgb("srgb", "rec2020").T
    assert np.abs(color.encode(np.clip(display, 0, 1)) - found(colors(2))).max() < 1e-6


def test_shape_is_kept_and_inputs_are_untouched():
    scene, target = colors(1), shown("natural", colors(1))
    before = scene.copy(), target.copy()
    found = fit_color_map(scene, target).value
    assert np.array_equal(scene, before[0]) and np.array_equal(target, before[1])
    assert found(scene[:12].reshape(3, 4, 3)).shape == (3, 4, 3) and found(scene[0]).shape == (3,)


def test_the_same_colors_give_the_same_map():
    again = fit_color_map(colors(1), shown("natural", colors(1)))
    assert again.value.map == learned("natural").value.map


def test_codes_of_another_space_are_its_own():
    target = color.encode(color.decode(shown("natural", colors(1))) @ color.rgb_from_rgb("adobe", "srgb").T, "adobe")
    fit = fit_color_map(colors(1), target, space="adobe")
    assert np.abs(fit.value(colors(1)) - target).mean() < 0.004


def test_held_out_errors_are_told_by_picture():
    fit = fit_color_map(
        colors(1), shown("natural", colors(1)), pictures=np.repeat([f"{n}.dng" for n in range(PICTURES)], EACH)
    )
    assert [one.name for one in fit.pictures] == [f"{n}.dng" for n in range(PICTURES)]
    assert fit.held_out is not None and 0 < fit.held_out < 1
    assert fit.coverage is not None and fit.coverage.counts.sum() == PICTURES * EACH


def test_a_few_wrong_rows_do_not_spoil_the_map():
    target = shown("natural", colors(1))
    wrong = np.random.default_rng(0).choice(len(target), len(target) // 20, replace=False)
    target[wrong] = target[wrong[::-1]]
    error = delta_e(fit_color_map(colors(1), target).value(colors(2)), shown("natural", colors(2)))
    assert error.mean() < 0.9


def test_weights_count_also_where_there_are_more_rows_than_are_fitted():
    source, other = colors(1, 15_000), colors(3, 60)
    both = np.concatenate([source, other])
    target = np.concatenate([shown("natural", source), shown("cinematic", other)])
    errors = []
    for weight in (1.0, 10.0, 300.0):
        found = fit_color_map(both, target, weights=np.r_[np.ones(len(source)), np.full(len(other), weight)])
        errors.append(delta_e(found.value(other), target[len(source) :]).mean())
    assert errors[1] < 0.95 * errors[0] and errors[2] < 0.5 * errors[0]


def test_rows_without_weight_are_not_fitted():
    source = colors(1, 15_000)
    target = shown("natural", source)
    target[600:] = shown("cinematic", source[600:])
    found = fit_color_map(source, target, weights=np.arange(len(source)) < 600)
    assert delta_e(found.value(colors(2)), shown("natural", colors(2))).mean() < 1.0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"source": np.zeros((5, 2))}, "two arrays"),
        ({"target": np.full((100, 3), 255.0)}, "divide 8 bits by 255"),
        ({"source": np.full((100, 3), np.nan)}, "not finite"),
        ({"source": np.full((100, 3), 0.2)}, "all colors are the same"),
        ({"target": np.full((100, 3), 0.5)}, "all colors are the same"),
        ({"source": colors(1)[:8], "target": np.eye(8, 3)}, "12 colors or more"),
        ({"target": np.random.default_rng(0).uniform(0, 1, (100, 3))}, "do not correspond"),
        ({"space": "cmyk"}, "expected one of"),
        ({"pictures": np.zeros(3)}, "pictures"),
        ({"weights": np.ones(3)}, "weights"),
        ({"weights": np.full(100, -1.0)}, "numbers from 0"),
        ({"weights": np.r_[np.ones(8), np.zeros(92)]}, "12 of them or more above 0"),
    ],
)
def test_what_cannot_be_learned_from_is_said_in_one_sentence(change, told):
    values = {"source": colors(1)[:100], "target": shown("natural", colors(1)[:100]), **change}
    with pytest.raises(ParameterError, match=told):
        fit_color_map(values.pop("source"), values.pop("target"), **values)


def evidence(name: str = "natural", stops: float = 0.4, **changes) -> Evidence:
    rng = np.random.default_rng(4)
    scene = colors(1)
    picture = np.repeat(np.arange(PICTURES), EACH)
    radius = rng.uniform(0, 1, len(scene))
    gains = np.exp2(rng.normal(0, stops, PICTURES))[picture, None] * (1 - changes.pop("fall", 0.0) * radius**2)[:, None]
    display = color.decode(shown(name, scene)) @ color.rgb_from_rgb("rec2020", "srgb").T
    sources = tuple(Source(name=f"{n}.dng", cct=6500.0) for n in range(PICTURES))
    values = {"target": display, "noise": np.full(len(scene), 0.001), "sources": sources, **changes}
    return Evidence(source=scene * gains, picture=picture, radius=radius, **values)


def test_exposure_of_each_picture_and_vignette_are_found_with_the_look():
    fit = fit_look(evidence(fall=0.3))
    assert fit.residual < 0.4 and fit.held_out is not None and fit.held_out < 1
    reach = 1 + np.sum(fit.vignette)
    assert reach == pytest.approx(1 / 0.7, rel=0.05)
    assert problems(fit.value.map) == () and len(fit.worst) == 5


def test_a_look_with_its_provenance_is_a_document(tmp_path):
    fit = fit_look(evidence(stops=0.0))
    text = dumps(fit.value)
    assert loads(text) == fit.value
    told = loads(text).provenance["learned"]
    assert len(told["pictures"]) == PICTURES and told["held_out"]["matched_mean"] > 0


def test_one_picture_is_allowed_and_said():
    whole = evidence(stops=0.0)
    own = whole.picture == 0
    rows = {key: getattr(whole, key)[own] for key in ("source", "target", "picture", "radius", "noise")}
    fit = fit_look(Evidence(**rows, sources=whole.sources[:1]))
    assert fit.held_out is None and any("one picture alone" in note for note in fit.notes)


def test_a_black_and_white_reference_gives_a_look_without_color():
    target = evidence().target
    grey = np.repeat((target @ color.XYZ_FROM_REC2020[1])[:, None], 3, 1)
    fit = fit_look(evidence(target=grey))
    display = fit.value.map.render(colors(2))
    assert any("black and white" in note for note in fit.notes)
    assert np.ptp(display, axis=-1).max() < 1e-3 and fit.residual < 1.5


def test_strong_local_tone_is_said_and_not_learned():
    whole = evidence(stops=0.0)
    change = np.exp2(np.random.default_rng(8).normal(0, 0.35, len(whole.target)))[:, None]
    fit = fit_look(evidence(stops=0.0, target=np.clip(whole.target * change, 0, 1)))
    assert any("local tone" in note for note in fit.notes) and fit.local_stops > 0.2


def test_each_light_gets_its_own_white():
    sources = tuple(Source(name=f"{n}", cct=6500.0 if n < 2 else 2850.0) for n in range(PICTURES))
    whole = evidence(stops=0.0)
    bias = np.where(whole.picture[:, None] < 2, [1.03, 1, 0.97], [0.97, 1, 1.03])
    fit = fit_look(replace(whole, source=whole.source * bias, sources=sources))
    rows = fit.value.map.lights
    assert [row[0] for row in rows] == [2850.0, 6500.0] and fit.residual < 0.5
    assert rows[0][1] / rows[1][1] == pytest.approx(1.03 / 0.97, rel=0.02)
    whites = np.array([one.white for one in fit.pictures])
    assert np.ptp(whites[:2], axis=0).max() < 0.004 and np.ptp(whites[2:], axis=0).max() < 0.004


def test_a_last_picture_without_use_in_a_light_of_its_own_is_told_and_not_learned_from():
    whole = evidence(stops=0.0)
    sources = tuple(Source(name=f"{n}", cct=(6500.0, 6500.0, 2850.0, 4000.0)[n]) for n in range(PICTURES))
    target = np.where(whole.picture[:, None] == PICTURES - 1, np.nan, whole.target)
    fit = fit_look(replace(whole, target=target, sources=sources))
    assert fit.lights == (2850.0, 6500.0) and len(fit.value.map.lights) == 2
    assert [one.samples > 0 for one in fit.pictures] == [True] * (PICTURES - 1) + [False]


def test_evidence_without_use_is_refused():
    whole = evidence()
    with pytest.raises(ParameterError, match="are needed"):
        fit_look(evidence(target=np.full_like(whole.target, np.nan)))
    with pytest.raises(ParameterError, match="all colors are the same"):
        fit_look(evidence(target=np.full_like(whole.target, 0.3)))
