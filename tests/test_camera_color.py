"""Camera color: the DNG model against hand-computed numbers and a second implementation; tables, curve and gain map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared_data import shared
from twinlens.core.camera_color import Calibration, GainTableMap, HueSatTable, RgbTable
from twinlens.core.camera_color import CameraColor as ColorTags
from twinlens.core.errors import ParameterError
from twinlens.core.image import BALANCED, CAMERA_RGB, SCENE, Image, State, Window, planar
from twinlens.core.profile import CameraProfile, color_in_use
from twinlens.core.shot import Shot
from twinlens.core.stage import Facts, Stage
from twinlens.kernels.gain_table import gain_table
from twinlens.kernels.hue_sat import hue_sat
from twinlens.kernels.matrix import matrix
from twinlens.kernels.rgb_tone import rgb_tone
from twinlens.numerics import color
from twinlens.numerics.dng_color import (
    lights_from,
    neutral_from_xy,
    rec2020_from_balanced,
    weights,
    xy_from_neutral,
    xyz_d50_from_balanced,
)
from twinlens.numerics.gain_table import apply_gain_table, gain_place
from twinlens.numerics.hue_sat import apply_hue_sat, apply_rgb_tone, hsv_from_rgb, rgb_from_hsv, sampled_curve
from twinlens.numerics.rgb_table import apply_rgb_table
from twinlens.numerics.temperature import xy_from_temperature
from twinlens.simulate import sample
from twinlens.stages.camera_color import CameraColor, baseline_offset
from twinlens.stages.dcp_look import REC2020_FROM_PROPHOTO, DcpLook
from twinlens.stages.profile_gain import ProfileGainTable
from twinlens.stages.white_balance import WhiteBalance

WARM, COLD = sample.CAMERA_FROM_XYZ_A, sample.CAMERA_FROM_XYZ_D65
FORWARD_WARM = np.array([[0.75, 0.14, 0.0742], [0.30, 0.72, -0.02], [0.02, -0.12, 0.9249]])
FORWARD_COLD = np.array([[0.70, 0.17, 0.0942], [0.28, 0.75, -0.03], [0.01, -0.10, 0.9149]])
UNIT = np.array([[1.02, 0.01, -0.01], [0.0, 1.0, 0.0], [0.02, 0.0, 0.97]])
BALANCE = np.array([0.9, 1.0, 1.1])


def facts(
    shot: Shot, image: Image | None = None, before: tuple[Stage, ...] = (), profile: CameraProfile | None = None
) -> Facts:
    """Facts for resolving one stage by hand."""
    picture = image or Image(pixels=planar(np.full((4, 4, 3), 0.2, np.float32)), state=CAMERA_RGB, shot=shot)
    return Facts(shot=shot, source=picture, arriving=lambda: picture, before=before, profile=profile)


def pixels(height: int = 5, width: int = 7, low: float = 0.0, high: float = 1.2, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return planar(rng.uniform(low, high, (height, width, 3)).astype(np.float32))


# ---- the matrices


def test_one_matrix_by_hand() -> None:
    # A camera that sees XYZ as it is (ColorMatrix = 1), white at D65: balanced white (1, 1, 1) is D65, adapted to D50.
    lights = lights_from([Calibration(21, np.eye(3))])
    neutral = np.array(color.xyz_from_xy(color.D65_XY))
    found = xyz_d50_from_balanced(lights, neutral)
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    gains = (bradford @ color.D50_XYZ) / (bradford @ neutral)
    assert np.allclose(found, np.linalg.inv(bradford) @ np.diag(gains) @ bradford @ np.diag(neutral), atol=1e-9)
    assert np.allclose(found @ np.ones(3), [0.9642, 1, 0.8249])


def test_forward_matrix_by_hand() -> None:
    # With calibration 1 and a forward matrix that already sums to D50, balanced RGB goes through it unchanged.
    lights = lights_from([Calibration(21, COLD, forward_matrix=FORWARD_COLD)])
    neutral = neutral_from_xy(lights, color.D65_XY)
    assert np.allclose(xyz_d50_from_balanced(lights, neutral), FORWARD_COLD, atol=1e-6)


def test_weights_between_two_lights_are_linear_in_one_over_temperature() -> None:
    lights = lights_from([Calibration(17, WARM), Calibration(21, COLD)])
    for kelvin in (2850.0, 3500.0, 4700.0, 6500.0):
        share = (1 / kelvin - 1 / 6500) / (1 / 2850 - 1 / 6500)
        assert weights(lights, xy_from_temperature(kelvin)) == pytest.approx([share, 1 - share], abs=2e-3)
    assert weights(lights, xy_from_temperature(2000)) == pytest.approx([1, 0])
    assert weights(lights, xy_from_temperature(15000)) == pytest.approx([0, 1])


def test_order_of_the_lights_does_not_matter() -> None:
    first = Calibration(17, WARM, FORWARD_WARM)
    second = Calibration(21, COLD, FORWARD_COLD)
    neutral = np.array([0.6, 1.0, 0.5])
    one = rec2020_from_balanced(lights_from([first, second]), neutral)
    other = rec2020_from_balanced(lights_from([second, first]), neutral)
    assert np.allclose(one, other, atol=1e-9)


def test_unknown_light_codes_leave_the_first_matrix() -> None:
    lights = lights_from([Calibration(0, WARM), Calibration(21, COLD)])
    assert weights(lights, color.D65_XY) == pytest.approx([1, 0])


def test_weights_of_three_lights() -> None:
    calibrations = [
        Calibration(17, WARM),
        Calibration(21, COLD),
        Calibration(255, (WARM + COLD) / 2, white_xy=(0.38, 0.39)),
    ]
    lights = lights_from(calibrations)
    for index, xy in enumerate(((0.44757, 0.40745), (0.3127, 0.3290), (0.38, 0.39))):
        assert weights(lights, xy)[index] == pytest.approx(1, abs=1e-3)
    # Computed by hand: places (tint / 200, 1500 / K) of white 4500 K and of 2856 K, 6504 K and 4074 K.
    white = xy_from_temperature(4500.0, 10.0)
    place = np.array([10 / 200, 1500 / 4500])
    others = np.array([[0.0, 1500 / 2855.76], [9.77 / 200, 1500 / 6503.7], _place((0.38, 0.39))])
    near = 1 / (((others - place) ** 2).sum(1) + 1e-8)
    near /= near.sum()
    near = np.clip((near**2 * (3 - 2 * near) - 0.02) / 0.98, 0, 1)
    assert weights(lights, white) == pytest.approx(near / near.sum(), abs=2e-3)


def _place(xy: tuple[float, float]) -> tuple[float, float]:
    colour = pytest.importorskip("colour")
    kelvin, distance = colour.temperature.uv_to_CCT_Robertson1968(colour.xy_to_UCS_uv(xy))
    return 3000 * distance / 200, 1500 / kelvin


def second_implementation(neutral: np.ndarray, with_forward: bool, with_unit: bool) -> np.ndarray:
    """XYZ D50 from camera (not balanced), straight from chapter 6 of the specification, with colour-science."""
    colour = pytest.importorskip("colour")
    unit = UNIT if with_unit else np.eye(3)
    analog = np.diag(BALANCE) if with_unit else np.eye(3)
    kelvin_1, kelvin_2 = 2850.0, 6500.0

    def at(x: float, y: float, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        kelvin = colour.temperature.uv_to_CCT_Robertson1968(colour.xy_to_UCS_uv([x, y]))[0]
        part = min(max((1 / kelvin - 1 / kelvin_2) / (1 / kelvin_1 - 1 / kelvin_2), 0), 1)
        return part * first + (1 - part) * second

    x, y = 0.3457, 0.3585
    for _ in range(200):
        to_camera = analog @ unit @ at(x, y, WARM, COLD)
        xyz = np.linalg.inv(to_camera) @ neutral
        x, y = 0.5 * x + 0.5 * xyz[0] / xyz.sum(), 0.5 * y + 0.5 * xyz[1] / xyz.sum()
    if with_forward:
        forward = at(x, y, FORWARD_WARM, FORWARD_COLD)
        reference = np.linalg.inv(analog @ unit) @ neutral
        return forward @ np.diag(1 / reference) @ np.linalg.inv(analog @ unit)
    adapt = colour.adaptation.matrix_chromatic_adaptation_VonKries(
        np.array([x / y, 1, (1 - x - y) / y]), np.array([0.9642, 1.0, 0.8249]), transform="Bradford"
    )
    return adapt @ np.linalg.inv(analog @ unit @ at(x, y, WARM, COLD))


@pytest.mark.parametrize("with_unit", [False, True])
@pytest.mark.parametrize("with_forward", [False, True])
def test_agrees_with_a_second_implementation(with_forward: bool, with_unit: bool) -> None:
    calibrations = [
        Calibration(light, matrix, forward if with_forward else None, UNIT if with_unit else None)
        for light, matrix, forward in ((17, WARM, FORWARD_WARM), (21, COLD, FORWARD_COLD))
    ]
    balance = BALANCE if with_unit else None
    lights = lights_from(calibrations)
    for neutral in ([0.9, 1.0, 0.35], [0.6, 1.0, 0.55], [0.45, 1.0, 0.8]):
        neutral = np.array(neutral)
        ours = xyz_d50_from_balanced(lights, neutral, balance)
        theirs = second_implementation(neutral, with_forward, with_unit) @ np.diag(neutral)
        theirs /= (theirs @ np.ones(3))[1]
        assert np.allclose(ours, theirs, atol=2e-5)


@given(st.floats(2500, 20000), st.floats(-30, 30))
@settings(max_examples=50, deadline=None)
def test_neutral_to_chromaticity_and_back(kelvin: float, tint: float) -> None:
    lights = lights_from([Calibration(17, WARM), Calibration(21, COLD)])
    xy = xy_from_temperature(kelvin, tint)
    assert xy_from_neutral(lights, neutral_from_xy(lights, xy)) == pytest.approx(xy, abs=2e-5)


@given(st.tuples(*[st.floats(0.02, 1)] * 3), st.booleans())
@settings(max_examples=80, deadline=None)
def test_white_becomes_grey_for_any_neutral(neutral: tuple[float, float, float], with_forward: bool) -> None:
    calibrations = [
        Calibration(17, WARM, FORWARD_WARM if with_forward else None, UNIT),
        Calibration(21, COLD, FORWARD_COLD if with_forward else None, UNIT),
    ]
    found = rec2020_from_balanced(lights_from(calibrations), np.array(neutral), BALANCE)
    assert np.isfinite(found).all()
    assert np.allclose(found @ np.ones(3), 1, atol=1e-9)


def test_unusable_matrices_are_left_out() -> None:
    broken = [Calibration(17, np.zeros((3, 3))), Calibration(21, np.full((3, 3), np.nan))]
    assert lights_from(broken) == ()
    odd = Calibration(21, COLD, forward_matrix=np.eye(3) * 5)
    assert lights_from([odd])[0].forward is None


# ---- whose numbers


def test_a_profile_takes_the_shots_balance_and_unit_calibration_where_signatures_agree() -> None:
    own = ColorTags(
        calibrations=(Calibration(17, WARM, camera_calibration=UNIT),), signature="x", analog_balance=BALANCE
    )
    given_color = ColorTags(calibrations=(Calibration(21, COLD),), profile_signature="x", origin="dcp")
    shot, profile = Shot(color=own), CameraProfile(name="p", color=given_color)
    joined = color_in_use(shot, profile)
    assert joined.calibrations[0].camera_calibration is UNIT
    assert joined.analog_balance is BALANCE
    other = color_in_use(shot, CameraProfile(name="p", color=replace(given_color, profile_signature="y")))
    assert other.calibrations[0].camera_calibration is None
    assert color_in_use(shot, profile, "file").calibrations[0].camera_calibration is None, "x is not the profile's"
    assert color_in_use(shot, None).calibrations[0].light == 17
    measured = CameraProfile(name="p", color=replace(given_color, origin="profile"))
    assert color_in_use(shot, measured).analog_balance is None


def test_a_source_that_was_not_given_is_an_error() -> None:
    shot = sample.shoot(8, 8).shot
    with pytest.raises(ParameterError, match="no dcp"):
        CameraColor(source="dcp").resolve(facts(shot))


def test_without_any_matrix_the_balanced_rgb_is_srgb() -> None:
    found = CameraColor().resolve(facts(Shot(as_shot_neutral=(0.5, 1.0, 0.7))))
    assert found.matrix is not None
    assert np.allclose(np.reshape(found.matrix, (3, 3)), color.rgb_from_rgb("rec2020", "srgb"))


def test_baseline_offset() -> None:
    assert baseline_offset(ColorTags(baseline_exposure_offset=-0.35)) == -0.35


# ---- the stage


def balanced_and_color(**changes: object) -> tuple[Image, CameraColor, np.ndarray]:
    scene = sample.scene(48, 64).rgb
    shot = Shot(color=replace(sample.camera_color(), **changes), as_shot_neutral=tuple(sample.neutral()))
    camera = Image(pixels=planar(scene @ sample.camera_matrix().T.astype(np.float32)), state=CAMERA_RGB, shot=shot)
    balance = WhiteBalance().resolve(facts(shot, camera))
    image = balance(camera)
    return image, CameraColor().resolve(facts(shot, image, (balance,))), scene


def test_the_sample_camera_returns_its_scene() -> None:
    image, stage, scene = balanced_and_color()
    result = stage(image)
    assert result.state is SCENE
    assert result.primaries == "rec2020"
    assert np.allclose(result.pixels, scene, atol=1e-4, rtol=1e-4)


def table(height: int = 6, width: int = 4, depth: int = 1, seed: int = 2) -> np.ndarray:
    rng = np.random.default_rng(seed)
    size = (height, width, depth)
    parts = [rng.uniform(-20, 20, size), rng.uniform(0.7, 1.3, size), rng.uniform(0.8, 1.2, size)]
    found = np.stack(parts, -1).astype(np.float32)
    found[:, 0, :, 2] = 1  # greys keep their value
    return found


@pytest.mark.parametrize("with_table", [False, True])
def test_color_does_not_depend_on_exposure(with_table: bool) -> None:
    calibrations = sample.camera_color().calibrations
    if with_table:
        calibrations = tuple(replace(one, hue_sat=HueSatTable(table())) for one in calibrations)
    image, stage, _ = balanced_and_color(calibrations=calibrations)
    once = stage(image).pixels
    assert np.allclose(stage(image.with_pixels(image.pixels * np.float32(0.25))).pixels * 4, once, rtol=1e-4, atol=1e-5)
    assert (stage.table_hash != "") == with_table


def test_the_table_is_interpolated_like_the_matrices() -> None:
    first, second = table(seed=3), table(seed=4)
    lights = (Calibration(17, WARM, hue_sat=HueSatTable(first)), Calibration(21, COLD, hue_sat=HueSatTable(second)))
    xy = xy_from_temperature(4000, 3)
    found = lights_from(lights)
    share = weights(found, xy)
    shot = Shot(color=ColorTags(calibrations=lights), as_shot_neutral=tuple(neutral_from_xy(found, xy)))
    stage = CameraColor().resolve(facts(shot))
    assert stage.hue_sat is not None
    assert np.allclose(stage.hue_sat.values, share[0] * first + share[1] * second, atol=1e-3)


def test_replay_needs_the_same_table() -> None:
    image, stage, _ = balanced_and_color()
    again = replace(stage, table_hash="0123456789ab")
    with pytest.raises(ParameterError, match="hue and saturation table"):
        again.resolve(facts(image.shot))


def test_noise_goes_through_the_matrix() -> None:
    image, stage, _ = balanced_and_color()
    rng = np.random.default_rng(5)
    noise = sample.shoot(8, 8).noise or sample.shoot(8, 8).shot.noise
    assert noise is not None
    flat = np.full((200, 200, 3), 0.4) + rng.normal(size=(200, 200, 3)) * np.sqrt(
        np.array(noise.gain) * 0.4 + noise.offset
    )
    result = stage(image.with_pixels(planar(flat.astype(np.float32)), noise=noise, window=Window.whole(200, 200)))
    assert result.noise is not None
    told = np.array(result.noise.gain) * 0.4 + np.array(result.noise.offset)
    assert np.allclose(result.pixels.reshape(-1, 3).var(0), told, rtol=0.05)


# ---- tables and curves


def test_hsv_there_and_back() -> None:
    rgb = pixels(40, 40)
    assert np.allclose(rgb_from_hsv(*hsv_from_rgb(rgb)), rgb, atol=1e-6)


def test_hue_sat_by_hand() -> None:
    # Pure red (hue 0, saturation 1, value 0.5), shifted by 60 degrees, saturation halved, value doubled: yellow, s 0.5.
    values = np.broadcast_to(np.array([60.0, 0.5, 2.0], np.float32), (6, 2, 1, 3))
    red = planar(np.array([[[0.5, 0, 0]]], np.float32))
    assert np.allclose(hue_sat(red, values, False, np.eye(3), np.eye(3)), [1, 1, 0.5], atol=1e-6)


def test_hue_sat_interpolates_over_the_wrap_of_the_hue() -> None:
    # Hues at 0, 120, 240 degrees shift by 0, 0, 30: at 300 degrees, halfway from 240 to 0, by 15 degrees.
    values = np.zeros((3, 2, 1, 3), np.float32)
    values[..., 1:] = 1
    values[2, ..., 0] = 30
    magenta = rgb_from_hsv(np.array([[5.0]]), np.array([[1.0]]), np.array([[0.8]])).astype(np.float32)
    hue = hsv_from_rgb(hue_sat(planar(magenta), values, False, np.eye(3), np.eye(3)))[0]
    assert hue[0, 0] == pytest.approx(5.25, abs=1e-5)


def test_srgb_value_axis_by_hand() -> None:
    # Value axis of two rows, scales 1 and 0.5: grey 0.5 has sRGB code 0.7354, scale 1 - 0.5 * 0.7354, then decoded.
    values = np.zeros((1, 2, 2, 3), np.float32)
    values[..., 1] = 1
    values[:, :, 0, 2], values[:, :, 1, 2] = 1, 0.5
    code = float(color.encode(np.array(0.5)))
    wanted = float(color.decode(np.array(code * (1 - 0.5 * code))))
    grey = planar(np.full((1, 1, 3), 0.5, np.float32))
    assert np.allclose(hue_sat(grey, values, True, np.eye(3), np.eye(3)), wanted, atol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (1, 17), (3, 5), (33, 71), (2, 130)])
@pytest.mark.parametrize(
    ("dims", "coded"), [((90, 30, 1), False), ((12, 8, 5), True), ((1, 2, 3), False), ((6, 2, 1), True)]
)
def test_hue_sat_kernel_is_its_reference(size: tuple[int, int], dims: tuple[int, int, int], coded: bool) -> None:
    source = pixels(*size, low=-0.1, high=1.5)
    source[0, 0] = 0
    before = np.eye(3) + np.random.default_rng(0).uniform(-0.1, 0.1, (3, 3))
    values, after = table(*dims), np.linalg.inv(before)
    # Trigonometry is absent; powers of the encoding and the order of sums leave some units of 1e-5 at values of 2.
    assert np.allclose(
        hue_sat(source, values, coded, before, after), apply_hue_sat(source, values, coded, before, after), atol=5e-5
    )


def test_rgb_tone_by_hand() -> None:
    # The curve y = x^2 on (0.8, 0.4, 0.2): ends 0.64 and 0.04, the middle keeps its third of the way: 0.04 + 0.6 / 3.
    curve = np.square(np.square(np.linspace(0, 1, 4097))).astype(np.float32)
    source = planar(np.array([[[0.8, 0.4, 0.2]]], np.float32))
    assert np.allclose(rgb_tone(source, curve, np.eye(3), np.eye(3)), [0.64, 0.24, 0.04], atol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (1, 17), (33, 71)])
def test_rgb_tone_kernel_is_its_reference(size: tuple[int, int]) -> None:
    curve = sampled_curve(np.array([[0, 0], [0.2, 0.1], [0.6, 0.8], [1, 1]]))
    source = pixels(*size, low=-0.2, high=1.4)
    matrices = np.eye(3) + 0.1, np.eye(3) - 0.05
    assert np.allclose(rgb_tone(source, curve, *matrices), apply_rgb_tone(source, curve, *matrices), atol=2e-5)


def test_sampled_curve_is_the_natural_spline() -> None:
    interpolate = pytest.importorskip("scipy.interpolate")
    points = np.array([[0, 0], [0.1, 0.03], [0.3, 0.35], [0.7, 0.86], [1, 1]])
    at = np.square(np.linspace(0, 1, 4097))
    spline = interpolate.CubicSpline(*points.T, bc_type="natural")
    assert np.allclose(sampled_curve(points), np.clip(spline(at), 0, 1), atol=1e-6)
    assert np.allclose(sampled_curve(None), at, atol=1e-7)
    assert np.allclose(sampled_curve(np.array([[0.0, 0.0], [1.0, 1.0]])), at, atol=1e-7)


@pytest.mark.parametrize("size", [(1, 1), (1, 19), (33, 71)])
def test_matrix_kernel_is_a_matrix(size: tuple[int, int]) -> None:
    source, coefficients = pixels(*size), np.arange(9).reshape(3, 3) / 7
    assert np.allclose(matrix(source, coefficients), source @ coefficients.T.astype(np.float32), atol=1e-5)


# ---- the look of a profile


def scene_image(rgb: np.ndarray, **color_tags: object) -> Image:
    return Image(
        pixels=planar(rgb.astype(np.float32)),
        state=SCENE,
        shot=Shot(color=ColorTags(**color_tags)),
        primaries="rec2020",
    )


def test_dcp_look_runs_table_then_curve_in_prophoto() -> None:
    values, points = table(8, 5, 4), np.array([[0, 0], [0.3, 0.2], [0.7, 0.85], [1, 1]])
    image = scene_image(pixels(6, 9, 0.02, 0.9), look_table=HueSatTable(values, "srgb"), tone_curve=points)
    result = DcpLook().resolve(facts(image.shot))(image)
    prophoto = image.pixels @ color.rgb_from_rgb("prophoto", "rec2020").T
    looked = apply_hue_sat(prophoto, values, True, np.eye(3), np.eye(3))
    assert result.state is State.DISPLAY
    assert np.allclose(
        result.pixels, apply_rgb_tone(looked, sampled_curve(points), np.eye(3), REC2020_FROM_PROPHOTO), atol=1e-4
    )


def test_dcp_look_without_tables_leaves_what_is_inside() -> None:
    image = scene_image(pixels(6, 9, 0.05, 0.9))
    assert np.allclose(DcpLook().resolve(facts(image.shot))(image).pixels, image.pixels, atol=1e-5)


def test_dcp_look_refuses_other_tables_than_the_recipes() -> None:
    image = scene_image(pixels(), tone_curve=np.array([[0, 0], [0.5, 0.7], [1, 1]]))
    stage = DcpLook().resolve(facts(image.shot))
    assert stage.resolve(facts(image.shot)) == stage
    with pytest.raises(ParameterError, match="profile tables"):
        stage.resolve(facts(Shot()))


def rgb_table(values: np.ndarray, **changes: int) -> RgbTable:
    return RgbTable(
        values.astype(np.float32), **{"primaries": 4, "gamma": 0, "gamut": 0, "amount": (1.0, 1.0), **changes}
    )


def test_rgb_table_by_hand() -> None:
    # Two nodes an axis: white is turned into (0.5, 1, 1), the other corners stay; (0.6, 0.6, 0.6) lies on the diagonal.
    line = np.linspace(0, 1, 2)
    values = np.stack(np.meshgrid(line, line, line, indexing="ij"), -1)
    values[1, 1, 1] = [0.5, 1, 1]
    grey = np.full((1, 1, 3), 0.6)
    assert np.allclose(apply_rgb_table(grey, rgb_table(values), np.eye(3)), [0.3, 0.6, 0.6], atol=1e-6)
    # Red (0.6, 0, 0) lies on the edge from black to red, which stays: red is the outermost index.
    assert np.allclose(apply_rgb_table(np.array([0.6, 0, 0]), rgb_table(values), np.eye(3)), [0.6, 0, 0], atol=1e-6)
    # In gamma 2.2 the diagonal is met at 0.6^(1/2.2) = 0.7928, red half of it: 0.3964^2.2 = 0.1306.
    found = apply_rgb_table(grey, rgb_table(values, gamma=3), np.eye(3))
    assert np.allclose(found, [(0.6 ** (1 / 2.2) / 2) ** 2.2, 0.6, 0.6], atol=1e-6)
    # Beyond 1: clipped, or with GamutExtension 1 the excess 0.5 comes back.
    above = np.full(3, 1.5)
    assert np.allclose(apply_rgb_table(above, rgb_table(values), np.eye(3)), [0.5, 1, 1])
    assert np.allclose(apply_rgb_table(above, rgb_table(values, gamut=1), np.eye(3)), [1.0, 1.5, 1.5])


def test_rgb_table_in_other_primaries_keeps_greys_of_an_identity() -> None:
    line = np.linspace(0, 1, 3)
    values = np.stack(np.meshgrid(line, line, line, indexing="ij"), -1)
    inside = np.array([[0.4, 0.4, 0.4], [0.3, 0.35, 0.32]])
    for primaries in range(5):
        for gamma in range(5):
            found = apply_rgb_table(inside, rgb_table(values, primaries=primaries, gamma=gamma), np.eye(3))
            assert np.allclose(found, inside, atol=1e-5)


def test_rgb_table_curves() -> None:
    values = np.stack([np.array([0, 0.25, 1])] * 3, -1)
    assert np.allclose(apply_rgb_table(np.array([0.5, 0.25, 0.75]), rgb_table(values), np.eye(3)), [0.25, 0.125, 0.625])


def test_dcp_look_applies_the_background_rgb_table_only() -> None:
    line = np.linspace(0, 1, 2)
    values = np.stack(np.meshgrid(line, line, line, indexing="ij"), -1) * 0.5
    background, sky = rgb_table(values), replace(rgb_table(values * 0), semantic_name="Sky")
    image = scene_image(pixels(4, 4, 0.1, 0.8), rgb_tables=(sky, background))
    assert np.allclose(DcpLook().resolve(facts(image.shot))(image).pixels, image.pixels / 2, atol=1e-5)
    off = DcpLook(rgb_table=False).resolve(facts(image.shot))
    assert np.allclose(off(image).pixels, image.pixels, atol=1e-5)


# ---- the gain table map


def test_gain_table_by_hand() -> None:
    # Two by one points, two entries, weights on the largest channel. Row 0 of 2 lies at 0.25, halfway from the first
    # point (0) to the second (0.5). w = 0.25 * 2^1 = 0.5 -> entry 1: gains 3 and 5 -> 4. Row 1 at 0.75: beyond: 5.
    given_map = GainTableMap(np.array([[[1.0, 3.0]], [[2.0, 5.0]]]), (0.0, 0.0), (0.5, 1.0), (0, 0, 0, 0, 1))
    image = scene_image(np.full((2, 1, 3), 0.25), gain_table_map=given_map)
    shot = replace(image.shot, baseline_exposure=1.0)
    result = ProfileGainTable().resolve(facts(shot))(image)
    assert np.allclose(result.pixels[0], 1.0, atol=1e-5)
    assert np.allclose(result.pixels[1], 1.25, atol=1e-5)
    # w = 0.25, entry 0.5: halfway between the entries: 2 and 3.5 -> 2.75.
    dim = ProfileGainTable().resolve(facts(image.shot))(image)
    assert np.allclose(dim.pixels[0], 0.25 * 2.75, atol=1e-5)
    assert np.allclose(ProfileGainTable(amount=0).resolve(facts(shot))(image).pixels, image.pixels)


def test_gain_table_gamma_by_hand() -> None:
    # Version 2 with gamma 0.5: w = sqrt(0.25) = 0.5, entry 1 of 2.
    given_map = GainTableMap(np.array([[[1.0, 3.0]]]), (0.0, 0.0), (1.0, 1.0), (1, 0, 0, 0, 0), 0.5)
    image = scene_image(np.full((1, 1, 3), 0.25), gain_table_map=given_map)
    assert np.allclose(ProfileGainTable().resolve(facts(image.shot))(image).pixels, 0.75, atol=1e-5)


def test_gain_table_of_a_part_is_a_part_of_the_whole() -> None:
    rng = np.random.default_rng(3)
    given_map = GainTableMap(rng.uniform(0.5, 2, (4, 5, 9)), (0.1, 0.05), (0.25, 0.2), (0.2, 0.5, 0.1, 0.1, 0.1), 1.3)
    image = scene_image(pixels(41, 53, -0.05, 1.3), gain_table_map=given_map)
    stage = ProfileGainTable().resolve(facts(image.shot))
    part = Window(7, 11, 30, 50, (41, 53))
    assert np.allclose(stage(image.cut(part)).pixels, stage(image).pixels[7:30, 11:50], atol=1e-6)


@pytest.mark.parametrize(("size", "points"), [((1, 1), (1, 1, 1)), ((5, 33), (3, 4, 7)), ((30, 61), (1, 6, 257))])
@pytest.mark.parametrize("gamma", [1.0, 0.6])
def test_gain_table_kernel_is_its_reference(size: tuple[int, int], points: tuple[int, int, int], gamma: float) -> None:
    gains = np.random.default_rng(1).uniform(0.5, 3, points).astype(np.float32)
    rows, columns = (
        gain_place(size[0], 0, size[0], 0.1, 0.3, points[0]),
        gain_place(size[1], 0, size[1], 0, 0.2, points[1]),
    )
    given_all = gains, rows, columns, np.eye(3) + 0.05, np.array([0.3, 0.3, 0.1, 0.1, 0.2]), gamma
    source = pixels(*size, low=-0.1, high=1.5)
    assert np.allclose(gain_table(source, *given_all), apply_gain_table(source, *given_all), atol=2e-4)


# ---- balanced is what the stage takes


def test_states() -> None:
    assert CameraColor.accepts is BALANCED
    assert CameraColor.returns is SCENE
    assert (DcpLook.accepts, ProfileGainTable.accepts, ProfileGainTable.returns) == (SCENE, SCENE, SCENE)


# ---- a real raw file beside LibRaw

CORNER_PATCHES = ((713, 624), (1251, 613), (702, 930), (1259, 921))  # x, y of patches 1, 6, 19, 24, marked by eye
HALF = 24  # pixels on each side of a patch's centre


def patches() -> list[tuple[slice, slice]]:
    """The inner parts of the 24 patches in the active area of the Canon file."""
    first, sixth, nineteenth, last = np.array(CORNER_PATCHES, float)
    found = []
    for index in range(24):
        v, u = index // 6 / 3, index % 6 / 5
        x, y = np.rint((first * (1 - u) + sixth * u) * (1 - v) + (nineteenth * (1 - u) + last * u) * v).astype(int)
        found.append((slice(y - HALF, y + HALF), slice(x - HALF, x + HALF)))
    return found


def test_camera_rgb_agrees_with_libraw() -> None:
    from twinlens.files import reading
    from twinlens.stages.demosaic import Demosaic
    from twinlens.stages.linearize import Linearize

    rawpy = pytest.importorskip("rawpy")
    path = shared("raw/canon_550d_colorchecker_passport.dng")
    source = reading.read(path)
    linear = Linearize().resolve(facts(source.shot, source))(source)
    rgb = Demosaic().resolve(facts(source.shot, source))(linear).pixels
    assert linear.cfa is not None
    sites = np.tile(linear.cfa.indices, (linear.height // 2 + 1, linear.width // 2 + 1))[
        : linear.height, : linear.width
    ]
    with rawpy.imread(str(path)) as raw:
        theirs = raw.postprocess(
            output_color=rawpy.ColorSpace.raw, gamma=(1, 1), no_auto_bright=True, output_bps=16, user_flip=0,
            user_wb=[1, 1, 1, 1], adjust_maximum_thr=0.0, demosaic_algorithm=rawpy.DemosaicAlgorithm.LINEAR,
        ) / 65535  # fmt: skip
    assert theirs.shape == rgb.shape
    ours_mean = np.array([rgb[part].mean((0, 1)) for part in patches()])
    site_mean = np.array([[linear.pixels[part][sites[part] == c].mean() for c in range(3)] for part in patches()])
    their_mean = np.array([theirs[part].mean((0, 1)) for part in patches()])
    white = site_mean[19]  # the second grey: the one 3 x 3 is the file's own matrix for this white
    to_xyz = xyz_d50_from_balanced(lights_from(source.shot.color.calibrations), white) @ np.diag(1 / white)
    scale = 0.9 / (to_xyz @ site_mean[18])[1]

    def lab(camera: np.ndarray) -> np.ndarray:
        return color.lab_from_xyz(camera @ to_xyz.T * scale)

    assert color.delta_e_2000(lab(ours_mean), lab(their_mean)).mean() <= 0.3
    assert color.delta_e_2000(lab(site_mean), lab(their_mean)).mean() <= 0.1, "before our own demosaic"
