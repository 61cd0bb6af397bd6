"""Fingerprints: what two renderings of the same scenes do otherwise is measured, and nothing else moves."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from compared_pictures import SIZE, drawn, moved, rendered, written
from twinlens.compare.features import FEATURES, HUE_NAMES, INDEX, KEYS, catalog
from twinlens.compare.features.color import solved
from twinlens.compare.features.edges import half_width
from twinlens.compare.fingerprint import fingerprints
from twinlens.compare.fingerprint_pictures import aligned
from twinlens.compare.fingerprint_single import fingerprint
from twinlens.compare.frame_joint import sector_weights
from twinlens.numerics.color import oklab_from_rec2020, rec2020_from_oklab

COUNTED = [index for index, one in enumerate(FEATURES) if not one.is_derived]
FLOORS = np.array([one.floor for one in FEATURES])


def change(found, key: str) -> float:
    apart = found.values[1, :, INDEX[key]] - found.values[0, :, INDEX[key]]
    known = apart[np.isfinite(apart)]
    return float(known.mean()) if known.size else float("nan")


@pytest.fixture(scope="module")
def compare(tmp_path_factory):
    """The fingerprints of a scene rendered plainly, and otherwise."""
    place = tmp_path_factory.mktemp("renderings")
    before = written(rendered(drawn(1)), place / "before.png")
    known: dict[str, object] = {}

    def of(name: str, seed: int | None = None, **otherwise: float):
        if name not in known:
            light = drawn(1) if seed is None else moved(drawn(1), seed)
            known[name] = fingerprints(before, written(rendered(light, **otherwise), place / f"{name}.png"))
        return known[name]

    return of


def test_every_feature_is_described():
    assert len(set(KEYS)) == len(KEYS)
    assert all(one.floor > 0 and one.label and one.unit and one.source for one in FEATURES)
    assert {one.cause for one in FEATURES} == {"rendering", "hardware", "mixed"}
    assert all(one.unit == "%" for one in FEATURES if one.is_ratio)
    assert set(KEYS) >= catalog.ABSOLUTE


def test_a_picture_compared_with_itself_does_not_differ(compare):
    found = compare("same")
    assert found.scenes == ("before",)
    apart = found.values[1] - found.values[0]
    assert np.nanmax(np.abs(apart)) < 1e-9


def test_chroma_is_measured_to_a_percent_and_moves_nothing_else(compare):
    found = compare("chroma", chroma=1.12)
    assert abs(change(found, "chroma") - 100 * np.log(1.12)) < 1
    others = [index for index in COUNTED if FEATURES[index].block not in ("chroma", "gamut", "noise")]
    apart = np.abs(found.values[1, 0] - found.values[0, 0]) / FLOORS
    assert {KEYS[index]: apart[index] for index in others if apart[index] > 2} == {}


def test_hue_is_measured_to_a_degree(compare):
    found = compare("hue", turn_deg=6.0)
    turns = [change(found, f"hue_{name}") for name in HUE_NAMES]
    measured = [turn for turn in turns if np.isfinite(turn)]
    assert len(measured) > 6 and max(abs(turn - 6) for turn in measured) < 1
    assert abs(change(found, "chroma")) < 1


def test_hue_of_a_jpeg_is_measured_to_a_degree(tmp_path):
    """8 bits, 4:2:0 and another place of the camera move no hue by more than a degree (pictures of 1.4 megapixels; in
    much smaller ones a surface has too few of the JPEG's blocks)."""
    for seed in (11, 12):
        light = drawn(seed, size=(1008, 1344))
        written(rendered(light), tmp_path / "before" / f"{seed}.jpg")
        written(rendered(moved(light, 3), turn_deg=6.0), tmp_path / "after" / f"{seed}.jpg")
    found = fingerprints(tmp_path / "before", tmp_path / "after")
    turns = [change(found, f"hue_{name}") for name in HUE_NAMES]
    assert sum(map(np.isfinite, turns)) > 9 and np.nanmax(np.abs(np.array(turns) - 6)) < 1


def test_a_change_of_some_hues_is_no_white_balance_and_leaves_the_others_alone(tmp_path):
    """Of nearly grey colors too: where they are turned, the color of greys is not."""
    for seed in (13, 14):
        light = drawn(seed)
        lab = oklab_from_rec2020(light)
        c = lab[..., 1] + 1j * lab[..., 2]
        warm = np.clip(np.cos(np.angle(c) - np.radians(60)), 0, 1)  # nothing of blue, turquoise and violet
        c *= np.exp(1j * np.radians(8) * warm)
        turned = rec2020_from_oklab(np.stack([lab[..., 0], c.real, c.imag], -1))
        written(rendered(light), tmp_path / "before" / f"{seed}.png")
        written(rendered(turned), tmp_path / "after" / f"{seed}.png")
    found = fingerprints(tmp_path / "before", tmp_path / "after")
    assert abs(change(found, "hue_orange") - 8) < 1
    assert abs(change(found, "white_mired")) < 1 and abs(change(found, "white_duv")) < 0.0005
    cold = np.array([change(found, f"hue_{name}") for name in ("turquoise", "cyan", "azure", "blue", "violet")])
    assert np.isfinite(cold).sum() > 1 and np.nanmax(np.abs(cold)) < 1


def test_the_turn_of_a_hue_does_not_hang_on_the_side_of_its_center_that_a_scene_shows():
    """Colors at 40 to 62 degrees, whose turn grows with the hue, say how much orange, at 60 degrees, is turned."""
    hue = np.random.default_rng(1).uniform(40, 62, 500)
    c = 0.1 * np.exp(1j * np.radians(hue))
    chromas = c * np.exp(1j * np.radians(6 - 0.1 * (60 - hue)))
    frame: Any = SimpleNamespace(c=c, chromas=[chromas], color=np.ones(len(c)))
    gain = solved(frame, sector_weights(c))[0][HUE_NAMES.index("orange")]
    assert abs(np.degrees(np.angle(1 + gain)) - 6) < 0.4


def test_the_width_of_a_halo_is_finer_than_the_samples_of_its_profile():
    positions = np.arange(-40, 41) / 4
    for middle in (1.0, 1.05, 1.1, 1.17):
        assert abs(half_width(positions, 0.2 * np.exp(-((positions - middle) ** 2) / 2)) - 2.355) < 0.03
    assert half_width(positions, np.minimum(0.1, 0.02 * positions)) == pytest.approx(10 - 2.5)


def test_wide_halos_are_not_taken_for_contrast(tmp_path):
    """Sharpening moves no large flat area, whatever it does beside edges."""
    for seed in (1, 2):
        codes = rendered(drawn(seed)).astype(float)
        luma = codes @ [0.2126, 0.7152, 0.0722]
        halo = 0.4 * (luma - cv2.GaussianBlur(luma, (0, 0), 3.0))
        written(codes.astype(np.uint8), tmp_path / "before" / f"{seed}.png")
        written(np.clip(np.rint(codes + halo[..., None]), 0, 255).astype(np.uint8), tmp_path / "after" / f"{seed}.png")
    found = fingerprints(tmp_path / "before", tmp_path / "after")
    assert abs(change(found, "tone_contrast")) < 2 and abs(change(found, "local_contrast")) < 5


def test_exposure_and_contrast_are_told_apart(compare):
    brighter, steeper = compare("exposure", exposure=0.4), compare("contrast", contrast=1.15)
    assert abs(change(brighter, "exposure") - 0.4) < 0.05 and abs(change(brighter, "tone_contrast")) < 2
    assert abs(change(steeper, "tone_contrast") - 100 * np.log(1.15)) < 2 and abs(change(steeper, "local_contrast")) < 5


def test_a_handheld_shot_is_laid_on_the_other_and_measured_alike(compare):
    found = compare("handheld", seed=3, chroma=1.12, exposure=0.4)
    assert float(found.shots["shift"].max()) < 0.5
    assert abs(change(found, "chroma") - 100 * np.log(1.12)) < 1 and abs(change(found, "exposure") - 0.4) < 0.05


def test_darker_corners_are_not_taken_for_local_contrast(compare):
    found = compare("corners", corner=-0.4)
    assert abs(change(found, "vignette") + 0.4) < 0.05
    assert abs(change(found, "local_contrast")) < 5 and abs(change(found, "tone_contrast")) < 2


def test_the_result_does_not_depend_on_the_threads(tmp_path):
    for seed in (1, 2, 3):
        light = drawn(seed)
        written(rendered(light), tmp_path / "before" / f"{seed}.jpg")
        written(rendered(moved(light, 5), contrast=1.1), tmp_path / "after" / f"{seed}.jpg")
    one, two = (fingerprints(tmp_path / "before", tmp_path / "after", threads=count) for count in (1, 3))
    assert one.scenes == two.scenes == ("1", "2", "3") and one.shots["paths"] == two.shots["paths"]
    np.testing.assert_array_equal(one.values, two.values)
    np.testing.assert_array_equal(one.curves["edge"], two.curves["edge"])


def test_pictures_of_different_scenes_get_no_comparison_but_what_each_says_alone(tmp_path):
    before = written(rendered(drawn(1)), tmp_path / "one.jpg")
    after = written(rendered(drawn(2)), tmp_path / "two.jpg")
    found = fingerprints(before, after)
    measured = np.isfinite(found.values)
    assert found.scenes == ("one.jpg", "two.jpg")
    assert not (measured[0] & measured[1]).any() and not measured[..., ~found.absolute].any()
    assert any("share no scene" in note for note in found.notes)
    assert [one.picture.name for one in found.curves["singles"]] == ["one.jpg", "two.jpg"]


def test_repeats_give_the_spread_from_shot_to_shot(tmp_path):
    light = drawn(1)
    before = [written(rendered(moved(light, seed)), tmp_path / f"b{seed}.jpg") for seed in (1, 2)]
    after = written(rendered(light, chroma=1.1), tmp_path / "a.jpg")
    found = fingerprints(before, after)
    assert np.isfinite(found.repeat_variance[0, 0, INDEX["chroma"]])
    assert np.isnan(found.repeat_variance[1, 0, INDEX["chroma"]])
    assert found.shots["values"].shape == (3, len(FEATURES)) and sorted(found.shots["repeat"]) == [0, 0, 1]


def test_pictures_of_a_scene_are_shown_on_each_other(compare):
    found = compare("handheld", seed=3, chroma=1.12, exposure=0.4)
    shown = found.curves["pictures"][0]
    one, other = (aligned(shown[role], 400).astype(float).mean(axis=2) for role in ("before", "after"))
    inside = slice(40, -40), slice(40, -40)
    assert one.shape == other.shape
    assert np.corrcoef(one[inside].ravel(), other[inside].ravel())[0, 1] > 0.97


def test_one_picture_tells_what_does_not_need_another(tmp_path):
    found = fingerprint(written(rendered(drawn(1)), tmp_path / "one.jpg"))
    assert abs(found.value("jpeg_quality") - 97) < 1.5 and found.value("pixel_height") == SIZE[0]
    assert np.isnan(found.value("chroma")) and np.isnan(found.value("exposure"))
    assert abs(found.facts["white_mired"]) < 3
