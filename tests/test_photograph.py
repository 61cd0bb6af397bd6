"""Photographs by simulated cameras: what was put in comes out again."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import twinlens
from simulated_scenes import chart, grey
from twinlens.core.errors import ParameterError
from twinlens.core.image import stored, upright
from twinlens.measure.shift import phase_shift
from twinlens.numerics import color
from twinlens.simulate import camera as cameras
from twinlens.simulate.camera import Camera, counts
from twinlens.simulate.photograph import Photograph, Pose, photograph

PHONE = cameras.load("phone")
PLAIN_LENS = {
    "distortion": (0.0, 0.0, 0.0), "lateral_red": (0.0, 0.0), "lateral_blue": (0.0, 0.0),
    "vignetting": (0.0, 0.0, 0.0), "shading_red": (0.0, 0.0), "shading_blue": (0.0, 0.0), "glare": 0.0, "halo": 0.0,
    "blur_um": 0.0, "diffraction": False,
}  # fmt: skip
CLEAN = {
    "border": (0, 0, 0, 0), "crop_margin": 0, "prnu": 0.0, "dsnu_e": 0.0, "row_noise_e": 0.0, "dead_ppm": 0.0,
    "hot_ppm": 0.0, "dark_current_e_s": 0.0,
}  # fmt: skip


def changed(camera: Camera = PHONE, lens: Any = None, sensor: Any = None) -> Camera:
    return replace(camera, lens=replace(camera.lens, **(lens or {})), sensor=replace(camera.sensor, **(sensor or {})))


IDEAL = changed(lens=PLAIN_LENS, sensor=CLEAN)


def flat(level: float, size: int = 256, camera: Camera = IDEAL, **asked: Any) -> Any:
    """The counts of an even grey that gives green this share of saturation."""
    scene = grey(np.full((8, 8), 1.0))
    shot = photograph(scene, camera, height=size, width=size, exposure=level, least_resolution=0, **asked)
    return shot.image.pixels.astype(float)


def linear(shot: Photograph) -> Any:
    """The active area as 0 to 1."""
    facts = shot.image.shot
    top, left, bottom, right = facts.area
    assert facts.black_level is not None and facts.white_level is not None
    black = float(facts.black_level.mean())
    return (shot.image.pixels[top:bottom, left:right].astype(float) - black) / (facts.white_level[0] - black)


@pytest.mark.parametrize("iso", [50, 800])
def test_a_photon_transfer_curve_returns_gain_read_noise_and_full_well(iso: int) -> None:
    levels = np.array([0.0, 0.05, 0.2, 0.4, 0.6, 0.8])
    pairs = [(flat(level, 512, iso=iso, seed=2 * n), flat(level, 512, iso=iso, seed=2 * n + 1)) for n, level in
             enumerate(levels)]  # fmt: skip
    green = [(a[::2, 1::2], b[::2, 1::2]) for a, b in pairs]
    signal = np.array([(a + b).mean() / 2 for a, b in green]) - 256
    variance = np.array([(a - b).var() / 2 for a, b in green])
    dark = np.concatenate([(a - b).ravel() for a, b in pairs[:1]]).var() / 2
    slope = np.sum(signal[1:] * (variance[1:] - dark) / variance[1:] ** 2) / np.sum(signal[1:] ** 2 / variance[1:] ** 2)
    sensor = IDEAL.sensor
    assert slope == pytest.approx(sensor.gain_dn_per_e(iso), rel=0.02)
    assert np.sqrt(dark) / slope == pytest.approx(sensor.read_noise_at(iso), rel=0.02)
    saturated = flat(3.0, iso=iso).mean() - 256
    assert saturated / slope * iso / sensor.base_iso == pytest.approx(sensor.full_well_e, rel=0.02)


def test_the_noise_profile_is_the_noise_of_the_pixels() -> None:
    camera = changed(lens=PLAIN_LENS, sensor={**CLEAN, "row_noise_e": 2.0, "dark_current_e_s": 300.0})
    scene = grey(np.full((8, 8), 1.0))
    a, b = (
        linear(photograph(scene, camera, height=512, width=512, iso=400, exposure=0.3, exposure_time_s=0.1, seed=seed,
                          least_resolution=0))
        for seed in (1, 2)
    )  # fmt: skip
    model = camera.sensor.noise_model(400, 0.1)
    measured = (a - b)[::2, 1::2].var() / 2
    dark_e = 30.0 / camera.sensor.saturation_e(400)
    assert measured == pytest.approx(model.gain[1] * (a[::2, 1::2].mean() - dark_e) + model.offset[1], rel=0.03)


def test_few_electrons_are_counted_one_by_one() -> None:
    camera = changed(IDEAL, sensor={"read_noise_e": 0.0, "adc_noise_dn": 0.0, "bits": 16, "white": 65535.0})
    level = 4.0 / camera.sensor.saturation_e(50)
    electrons = np.rint((flat(level, camera=camera) - 256) / camera.sensor.gain_dn_per_e(50))[::2, 1::2]
    share = [np.mean(electrons == n) for n in range(4)]
    assert share == pytest.approx([0.0183, 0.0733, 0.1465, 0.1954], abs=0.012)


def test_the_same_seed_gives_the_same_bytes_on_one_thread_or_many(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    import cv2

    scene = chart(150, 210)
    asked: dict[str, Any] = {"height": 150, "width": 200, "iso": 800, "seed": 7, "module": 2}
    photograph(scene, PHONE, **asked).write(tmp_path / "many.dng")
    threads = cv2.getNumThreads()
    monkeypatch.setattr(counts, "_THREADS", 1)
    cv2.setNumThreads(1)
    try:
        photograph(scene, PHONE, **asked).write(tmp_path / "one.dng")
    finally:
        cv2.setNumThreads(threads)
    assert (tmp_path / "one.dng").read_bytes() == (tmp_path / "many.dng").read_bytes()
    other = photograph(scene, PHONE, **{**asked, "seed": 8})
    assert (other.image.pixels != photograph(scene, PHONE, **asked).image.pixels).mean() > 0.5


@pytest.mark.parametrize("name", cameras.shipped())
@pytest.mark.parametrize("light", ["D65", "A", "FL11"])
def test_a_grey_card_is_grey_after_the_dng_neutral(name: str, light: str) -> None:
    camera = cameras.load(name)
    shot = photograph(
        grey(np.full((80, 120), 0.18), light), camera, height=80, width=120, exposure=2.0, module=1, noisy=False,
        keep_light=True,
    )  # fmt: skip
    assert shot.light is not None
    balanced = shot.light.mean((0, 1)) / np.array(shot.image.shot.as_shot_neutral)
    assert np.ptp(balanced) / balanced.mean() < 1e-4


def test_an_error_of_the_white_balance_is_what_was_asked_for() -> None:
    asked: dict[str, Any] = {"height": 40, "width": 60}
    right = np.array(photograph(chart(40, 60), PHONE, **asked).image.shot.as_shot_neutral)
    wrong = np.array(photograph(chart(40, 60), PHONE, neutral_error=(1.1, 1, 0.9), **asked).image.shot.as_shot_neutral)
    ratio = wrong / right
    assert ratio / ratio[1] == pytest.approx([1.1, 1, 0.9])
    named = photograph(chart(40, 60), PHONE, white_xy=(0.33, 0.34), **asked).image.shot
    assert named.as_shot_neutral is None and named.as_shot_white_xy == (0.33, 0.34)


@pytest.mark.parametrize(
    "pose",
    [Pose(), Pose(shift_px=(0.37, -2.6)), Pose(rotation_deg=3), Pose(scale=0.5), Pose(rotation_deg=20, scale=0.8)],
)
@pytest.mark.parametrize("scene_size", [96, 144, 288])
def test_resampling_keeps_the_energy_of_a_light(pose: Pose, scene_size: int) -> None:
    levels = np.zeros((scene_size, scene_size))
    middle = scene_size // 2
    levels[middle : middle + 3, middle + 1 : middle + 4] = 50.0
    shot = photograph(
        grey(levels), changed(lens={**PLAIN_LENS, "blur_um": 0.75}), height=96, width=96, exposure=1.0, pose=pose,
        noisy=False, keep_light=True,
    )  # fmt: skip
    assert shot.light is not None
    area = (scene_size / 96 / pose.scale) ** 2  # scene pixels a picture pixel
    assert shot.light[..., 1].sum() * area == pytest.approx(9 * 50.0, rel=0.01)


def test_distortion_and_glare_keep_the_brightness_of_an_even_scene() -> None:
    camera = changed(lens={"vignetting": (0.0, 0.0, 0.0), "shading_red": (0.0, 0.0), "shading_blue": (0.0, 0.0)})
    shot = photograph(grey(np.full((200, 300), 0.5)), camera, height=96, width=144, exposure=1.0, keep_light=True)
    assert shot.light is not None
    assert np.abs(shot.light[..., 1] / 0.5 - 1).max() < 1e-3


@pytest.mark.parametrize("shift", [(0.25, -0.4), (1.5, 0.75), (-3.3, 2.1)])
def test_phase_correlation_returns_the_shift_of_a_burst(shift: tuple[float, float]) -> None:
    import cv2

    rng = np.random.default_rng(3)
    levels = 0.5 + 4 * (cv2.GaussianBlur(rng.uniform(0, 1, (600, 600)), (0, 0), 2.5) - 0.5)
    frames = [
        linear(photograph(grey(np.clip(levels, 0.05, 1)), IDEAL, height=256, width=256, exposure=0.8, seed=n,
                          pose=Pose(scale=1.2, shift_px=moved)))[::2, 1::2].astype(np.float32)
        for n, moved in enumerate(((0.0, 0.0), shift))
    ]  # fmt: skip
    assert 2 * phase_shift(*frames) == pytest.approx(shift, abs=0.05)


def test_near_things_move_more_than_far_ones() -> None:
    levels = np.full((160, 240), 0.2)
    levels[60:100, 60:64] = levels[60:100, 180:184] = 1.0
    depth = np.where(np.arange(240) < 120, 1.0, 4.0) * np.ones((160, 1))
    asked: dict[str, Any] = {"height": 160, "width": 240, "exposure": 0.9, "noisy": False, "keep_light": True}
    pose = Pose(moved_mm=(5.0, 0.0), focus_m=4.0)
    before, after = (photograph(grey(levels, depth_m=depth), IDEAL, pose=one, **asked).light for one in (Pose(), pose))
    assert before is not None and after is not None
    above = [np.clip(one[80, :, 1] - 0.2, 0, None) for one in (before, after)]
    near, far = (
        np.average(np.arange(120), weights=above[1][half]) - np.average(np.arange(120), weights=above[0][half])
        for half in (slice(0, 120), slice(120, 240))
    )
    focal_px = IDEAL.lens.focal_length_mm * 1000 / 1.4 * np.hypot(160, 240) / np.hypot(3024, 4032)
    assert near == pytest.approx(-focal_px * 0.005 * (1 / 1.0 - 1 / 4.0), abs=0.05)
    assert far == pytest.approx(0, abs=0.02)


def test_a_smooth_depth_moves_things_as_when_looked_up_pixel_by_pixel(monkeypatch: pytest.MonkeyPatch) -> None:
    y, x = np.mgrid[0:480, 0:640]
    levels = 0.4 + 0.2 * np.sin(x / 3) * np.cos(y / 4)
    depth = 1 / (0.4 + 0.15 * np.sin(x / 100) * np.cos(y / 120))
    asked: dict[str, Any] = {"height": 480, "width": 640, "exposure": 0.9, "noisy": False, "keep_light": True}
    scene, pose = grey(levels, depth_m=depth), Pose(moved_mm=(25.0, -15.0), focus_m=2.5, rotation_deg=0.5, scale=1.1)
    still, whole = (photograph(scene, IDEAL, pose=one, **asked).light for one in (replace(pose, moved_mm=(0, 0)), pose))
    monkeypatch.setattr("twinlens.simulate.camera.optics.Parallax.is_smooth", lambda *_: False)
    single = photograph(scene, IDEAL, pose=pose, **asked).light
    assert still is not None and whole is not None and single is not None
    inner = np.s_[40:-40, 40:-40]
    assert np.abs(still - single)[inner].max() > 0.1
    assert np.abs(whole - single)[inner].max() < 0.004  # the two filters differ by 0.002 where nothing moves


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_scene_is_upright_whatever_the_orientation(orientation: int, tmp_path) -> None:
    size = (64, 96) if orientation < 5 else (96, 64)
    shot = photograph(
        chart(64, 96), IDEAL, height=size[0], width=size[1], orientation=orientation, exposure=0.9, noisy=False,
        keep_light=True,
    )  # fmt: skip
    straight = photograph(chart(64, 96), IDEAL, height=64, width=96, exposure=0.9, noisy=False, keep_light=True)
    assert shot.light is not None and straight.light is not None
    assert np.array_equal(upright(shot.light, orientation), straight.light)
    assert np.array_equal(stored(straight.light, orientation), shot.light)
    assert shot.image.shot.orientation == orientation


def test_a_gain_map_undoes_the_shading_and_the_warp_the_distortion(tmp_path) -> None:
    """Developed, an even scene is even, and a grid's points lie where an ideal lens puts them."""
    camera = changed(lens={"glare": 0.0, "halo": 0.0}, sensor={"crop_margin": 0})
    shot = photograph(
        grey(np.full((160, 240), 0.5)), camera, height=160, width=240, exposure=0.9, noisy=False, module=3
    )
    shot.write(tmp_path / "flat.dng")
    shown = twinlens.develop(tmp_path / "flat.dng", look="neutral", edits={"denoise": {"amount": 0}})
    level = color.decode(np.asarray(shown.pixels, float) / 255)
    assert np.abs(level / level[80, 120] - 1).max() < 0.02  # 8 bits are 1 %
    levels = np.full((320, 480), 0.1)
    levels[40:48, 60:68] = 1.0
    shot = photograph(grey(levels), camera, height=160, width=240, exposure=0.9, noisy=False)
    shot.write(tmp_path / "dot.dng")
    shown = twinlens.develop(tmp_path / "dot.dng", look="neutral", edits={"denoise": {"amount": 0}})
    weight = np.clip(color.decode(np.asarray(shown.pixels, float) / 255)[..., 1] - 0.3, 0, None)[:60, :80]
    found = [(weight * one).sum() / weight.sum() for one in np.mgrid[0:60, 0:80][::-1]]
    view = shot.view
    wanted = view.picture_from_scene @ (63.5, 43.5, 1.0)
    assert found == pytest.approx(wanted[:2], abs=0.15)


@pytest.mark.parametrize("cfa", ["RGGB", "BGGR", "GRBG", "GBRG", "quad-RGGB", "quad-GBRG", "mono"])
def test_every_color_filter_records_its_own_channel(cfa: str, tmp_path) -> None:
    camera = changed(IDEAL, sensor={"cfa": cfa, "border": (3, 5, 2, 1)})
    if cfa == "mono":
        camera = replace(camera, sensitivities=PHONE.sensitivities[:, 1:2])
    shot = photograph(chart(64, 96), camera, height=64, width=96, exposure=0.9, noisy=False, keep_light=True)
    recorded, light = linear(shot), shot.light
    assert light is not None
    facts = shot.image.shot
    assert facts.area == (3, 5, 67, 101) and shot.image.pixels.shape == (69, 102)
    if facts.cfa is None:
        assert np.abs(recorded - light).max() < 2e-4
    else:
        tile = facts.cfa.shifted(3, 5).indices
        assert camera.sensor.pattern is not None and np.array_equal(tile, camera.sensor.pattern.indices)
        height, width = tile.shape
        for y in range(height):
            for x in range(width):
                part = recorded[y::height, x::width] - light[y::height, x::width, tile[y, x]]
                assert np.abs(part).max() < 2e-4
    shot.write(tmp_path / "a.dng")
    back = twinlens.read(tmp_path / "a.dng")
    assert np.array_equal(back.pixels, shot.image.pixels) and back.shot.masked_areas == facts.masked_areas


def test_black_levels_of_channels_and_the_masked_border_are_as_stated() -> None:
    camera = changed(sensor={"black": (250.0, 256.0, 262.0), "border": (8, 6, 0, 0), "dsnu_e": 0.0})
    shot = photograph(grey(np.zeros((64, 96))), camera, height=64, width=96, exposure=1.0)
    facts, pixels = shot.image.shot, shot.image.pixels
    assert facts.black_level is not None and facts.black_level[..., 0].tolist() == [[250, 256], [256, 262]]
    active = pixels[8:, 6:]
    means = [active[0::2, 0::2].mean(), active[0::2, 1::2].mean(), active[1::2, 1::2].mean()]
    assert means == pytest.approx([250, 256, 262], abs=0.3)
    masked = [pixels[top:bottom, left:right] for top, left, bottom, right in facts.masked_areas]
    assert sum(one.size for one in masked) == pixels.size - active.size
    assert np.concatenate([one.ravel() for one in masked]).mean() == pytest.approx(256, abs=0.3)


def test_defects_belong_to_the_unit_and_stand_in_the_truth() -> None:
    camera = changed(sensor={"dead_ppm": 800.0, "hot_ppm": 800.0, "hot_current_e_s": 1e5})
    shots = [photograph(grey(np.full((64, 96), 0.5)), camera, height=64, width=96, module=m, seed=n) for m, n in
             ((1, 0), (1, 1), (2, 0))]  # fmt: skip
    known = [shot.truth["sensor"] for shot in shots]
    assert known[0]["dead"] == known[1]["dead"] != known[2]["dead"] and known[0]["dead"]
    pixels = shots[0].image.pixels
    assert all(pixels[y, x] < 275 for y, x in known[0]["dead"])
    assert np.median([pixels[y, x] for y, x in known[0]["hot"]]) > np.median(pixels)


def test_the_metered_exposure_leaves_the_stated_share_below_the_level() -> None:
    shot = photograph(chart(150, 210), IDEAL, height=150, width=210, keep_light=True, noisy=False)
    assert shot.light is not None
    assert np.quantile(shot.light.max(-1), 0.995) == pytest.approx(0.9, abs=0.01)


def test_the_truth_holds_the_patches_and_is_json() -> None:
    shot = photograph(chart(150, 210), IDEAL, height=150, width=210, exposure=0.8, noisy=False, keep_light=True)
    truth = json.loads(json.dumps(shot.truth))
    assert len(truth["patches"]) == 24 and shot.light is not None
    for patch in truth["patches"]:
        (left, top), (right, bottom) = np.min(patch["corners"], 0) + 4, np.max(patch["corners"], 0) - 4
        inside = shot.light[round(top) : round(bottom), round(left) : round(right)].mean((0, 1))
        assert inside == pytest.approx(patch["rgb"], rel=2e-3)
    assert truth["patches"][18]["xyz"][1] == pytest.approx(0.9, abs=0.03)
    assert np.max(truth["neutral"]) == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"iso": 12}, "iso = 12 is outside the sensor's 50 to 3200"),
        ({"height": 63, "width": 96}, "multiples of 2 px"),
        ({"height": 512, "width": 768}, "0.18 pixels a picture pixel"),
        ({"orientation": 9}, "orientation = 9"),
        ({"exposure": -1.0}, "exposure = -1"),
        ({"exposure_time_s": 0.0}, "time above 0 s"),
        ({"neutral_error": (1.0, 0.0, 1.0)}, "three factors above 0"),
        ({"white_xy": (0.7, 0.6)}, "chromaticity"),
        ({"seed": -1}, "seed = -1"),
        ({"pose": Pose(moved_mm=(1.0, 0.0))}, "depth"),
    ],
)
def test_a_shot_that_cannot_be_is_refused(asked: dict[str, Any], told: str) -> None:
    with pytest.raises(ParameterError, match=told):
        photograph(chart(96, 144), PHONE, **{"height": 64, "width": 96, **asked})


def patch_colors(rgb: Any, patches: Any, margin: int) -> Any:
    """The mean of each patch's inner part in a picture that was cropped by `margin`."""
    found = []
    for patch in patches:
        corners = np.array(patch["corners"]) - margin
        middle, half = corners.mean(0), np.ptp(corners, axis=0) / 4
        (left, top), (right, bottom) = np.rint(middle - half).astype(int), np.rint(middle + half).astype(int)
        found.append(rgb[top : bottom + 1, left : right + 1].reshape(-1, 3).mean(0))
    return np.array(found)


def chart_error(xyz: Any, white: Any, shot: Photograph) -> Any:
    """DeltaE 2000 of the patches against truth, both adapted to D50, greys matched by one factor."""
    truth = shot.truth
    known = np.array([one["xyz"] for one in truth["patches"]])
    known = known @ color.adaptation(np.array(truth["illuminant"]["white_xyz"]), color.D50_XYZ).T
    seen = xyz @ color.adaptation(white, color.D50_XYZ).T
    seen *= known[18:23, 1].sum() / seen[18:23, 1].sum()
    return color.delta_e_2000(color.lab_from_xyz(seen), color.lab_from_xyz(known))


def eyelike(camera: Camera) -> Camera:
    """The camera with sensitivities that a 3x3 takes to the eye's exactly."""
    from twinlens.numerics import spectra

    mixed = spectra.observer() @ np.array([[0.9, -0.2, 0.05], [-0.35, 1.2, 0.0], [0.0, 0.05, 0.9]])
    return replace(camera, sensitivities=mixed / mixed.max())


@pytest.mark.parametrize("light", ["D65", "A"])
@pytest.mark.parametrize(("name", "mean", "most"), [("phone", 3.0, 6.0), ("reference", 3.0, 9.0), ("eye", 0.6, 1.5)])
def test_own_development_shows_the_chart_as_it_is(light: str, name: str, mean: float, most: float, tmp_path) -> None:
    camera = eyelike(changed()) if name == "eye" else cameras.load(name)
    camera = changed(camera, lens={"glare": 0.0, "halo": 0.0})
    camera = replace(camera, stated=replace(camera.stated, gain_map=True))
    shot = photograph(chart(240, 360, light), camera, height=240, width=360, exposure=0.9)
    shot.write(tmp_path / "chart.dng")
    edits = {"denoise": {"amount": 0}, "output_color": {"space": "rec2020"}}
    shown = twinlens.develop(tmp_path / "chart.dng", look="neutral", edits=edits)
    light_values = color.decode(np.asarray(shown.pixels, float) / 255, "rec2020")
    rgb = patch_colors(light_values, shot.truth["patches"], camera.sensor.crop_margin)
    errors = chart_error(rgb @ color.XYZ_FROM_REC2020.T, color.xyz_from_xy(color.D65_XY), shot)
    assert errors.mean() < mean and errors.max() < most


@pytest.mark.parametrize(("name", "mean", "most"), [("phone", 3.0, 9.0), ("reference", 3.0, 9.0), ("eye", 0.6, 1.5)])
def test_libraw_shows_the_chart_as_it_is(name: str, mean: float, most: float, tmp_path) -> None:
    """LibRaw knows no gain map and takes the matrix of D65: a lens without shading, daylight."""
    rawpy = pytest.importorskip("rawpy")
    camera = eyelike(changed()) if name == "eye" else cameras.load(name)
    shading = {key: PLAIN_LENS[key] for key in ("vignetting", "shading_red", "shading_blue", "glare", "halo")}
    camera = changed(camera, lens=shading)
    shot = photograph(chart(240, 360), camera, height=240, width=360, exposure=0.9)
    shot.write(tmp_path / "chart.dng")
    with rawpy.imread(str(tmp_path / "chart.dng")) as raw:
        assert (raw.sizes.height, raw.sizes.width) == (240, 360)
        margin, (top, left) = camera.sensor.crop_margin, camera.sensor.border[:2]
        assert (raw.sizes.crop_top_margin, raw.sizes.crop_left_margin) == (top + margin, left + margin)
        assert (raw.sizes.crop_height, raw.sizes.crop_width) == (240 - 2 * margin, 360 - 2 * margin)
        xyz = raw.postprocess(
            output_color=rawpy.ColorSpace.XYZ, gamma=(1, 1), no_auto_bright=True, output_bps=16, use_camera_wb=True,
            adjust_maximum_thr=0.0,
        )  # fmt: skip
    rgb = patch_colors(xyz / 65535, shot.truth["patches"], 0)
    errors = chart_error(rgb, color.xyz_from_xy(color.D65_XY), shot)
    assert errors.mean() < mean and errors.max() < most


def test_libraw_turns_the_picture_as_stated(tmp_path) -> None:
    rawpy = pytest.importorskip("rawpy")
    shot = photograph(chart(96, 64), IDEAL, height=64, width=96, orientation=6, exposure=0.9)
    shot.write(tmp_path / "a.dng", preview=np.zeros((32, 48, 3), np.uint8))
    with rawpy.imread(str(tmp_path / "a.dng")) as raw:
        shown = raw.postprocess(use_camera_wb=True, no_auto_bright=True)
        assert raw.extract_thumb().format == rawpy.ThumbFormat.JPEG
    assert shown.shape[:2] == (96, 64)
    grey_row = shown[84].astype(int)  # the last row of the chart: white on the left, black on the right
    assert grey_row[4].min() > 180 and grey_row[60].max() < 80
