"""`twinlens calibrate`: files of an invented camera in, its numbers out, and a profile that develop uses."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from twinlens.cli import group
from twinlens.core.errors import TwinlensError
from twinlens.core.lens import LensWarp
from twinlens.files import dng
from twinlens.pipeline import profile
from twinlens.simulate import sample

SIZE = (240, 320)


def run(*arguments):
    return CliRunner().invoke(group, [str(one) for one in arguments], catch_exceptions=True)


def shoot(path, level, seed, iso=100, light=None, **facts):
    light = np.full((*SIZE, 3), level, np.float32) if light is None else light
    image = sample.shoot(light=light, seed=seed, iso=iso, **facts)
    dng.write(path, image.pixels, image.shot, compression="none")
    return path


@pytest.fixture(scope="module")
def flats(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flats")
    return [
        shoot(folder / f"{iso}_{step}_{number}.dng", level, 10 * step + number, iso, exposure_time_s=0.01 * level)
        for iso in (100, 400)
        for step, level in enumerate((0.1, 0.25, 0.5, 0.7))
        for number in range(2)
    ]


@pytest.fixture(scope="module")
def darks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("darks")
    return [shoot(folder / f"d{number}.dng", 0.0, 90 + number) for number in range(4)]


def test_noise_of_two_isos_goes_into_a_profile(flats, darks, tmp_path):
    out = tmp_path / "camera.toml"
    told = [one for dark in darks for one in ("--dark", dark)]
    result = run("calibrate", "noise", *flats, *told, "-o", out, "--json")
    assert result.exit_code == 0, result.output
    found = {one["iso"]: one for one in json.loads(result.stdout)["noise"]}
    for iso in (100.0, 400.0):
        model = sample.noise_model(iso)
        assert np.allclose(found[iso]["gain"], model.gain, rtol=0.04)
    assert np.allclose(found[100.0]["read_noise_e"], sample.READ_NOISE_ELECTRONS, rtol=0.06)
    kept = profile.load(out)
    assert sorted(kept.noise) == [100.0, 400.0] and kept.model == "Sample One"
    assert kept.provenance["noise"]["100"]["unit"] == "relative variance"


def test_the_words_for_people_have_units(flats):
    result = run("calibrate", "noise", *flats[:8])
    assert result.exit_code == 0 and "gain, e-/DN" in result.stdout and "full well, e-" in result.stdout


def test_shading_is_added_to_a_profile_light_by_light(flats, tmp_path):
    v, h = np.meshgrid(np.linspace(-1, 1, SIZE[0]), np.linspace(-1, 1, SIZE[1]), indexing="ij")
    dark = np.repeat(0.6 * np.exp(-0.3 * (v * v + h * h))[..., None], 3, 2).astype(np.float32)
    files = [shoot(tmp_path / f"s{seed}.dng", 0, seed, light=dark) for seed in range(3)]
    first, second = tmp_path / "one.toml", tmp_path / "two.toml"
    assert run("calibrate", "shading", *files, "--light", "D65", "-o", first).exit_code == 0
    result = run("calibrate", "shading", *files, "--light", "A", "--profile", first, "-o", second, "--json")
    assert json.loads(result.stdout)["falloff_stops"] == pytest.approx(0.6 / np.log(2), abs=0.03)
    kept = profile.load(second)
    assert [one.light for one in kept.shading] == ["D65", "A"]
    assert kept.shading[1].kelvin == pytest.approx(2856, abs=15)
    made = run("develop", files[0], "-o", tmp_path / "out.png", "--profile", second, "--look", "neutral", "--json")
    assert made.exit_code == 0, made.output


def test_an_exposure_series_of_a_linear_sensor_is_linear(tmp_path):
    files = [
        shoot(tmp_path / f"t{step}.dng", 0.8 * 2.0**-step, step, exposure_time_s=0.1 * 2.0**-step) for step in range(7)
    ]
    result = run("calibrate", "tone", *files, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert all(one["is_linear"] for one in told.values()) and told["green"]["linearity"] < 0.005
    assert "linear" in run("calibrate", "tone", *files).stdout


def test_lens_from_drawn_boards(tmp_path):
    from twinlens.calibrate.lens import recorded

    true = LensWarp(np.array([[1.0, -0.04, 0.0, 0, 0, 0]]), (0.5, 0.5), (480, 640))
    y, x = np.mgrid[0:480, 0:640].astype(float)
    grid = np.stack([x.ravel(), y.ravel()], 1)
    corrected = grid.copy()
    for _ in range(12):
        corrected -= recorded(true, corrected) - grid
    u, v = corrected[:, 0].reshape(480, 640), corrected[:, 1].reshape(480, 640)
    files = []
    for number, (turn, scale) in enumerate(((0.0, 56.0), (0.06, 52.0))):
        c, s = np.cos(turn) / scale, np.sin(turn) / scale
        a, b = c * (u - 320) + s * (v - 240) + 5, -s * (u - 320) + c * (v - 240) + 3.5
        across, down = (np.clip(2 * scale / np.pi * np.sin(np.pi * (one - 0.5)), -1, 1) for one in (a, b))
        inside = (a > -0.5) & (a < 10.5) & (b > -0.5) & (b < 7.5)
        light = np.where(inside, 0.45 + 0.35 * across * down, 0.8).astype(np.float32)
        files.append(shoot(tmp_path / f"b{number}.dng", 0, number, light=np.repeat(light[..., None], 3, 2)))
    result = run("calibrate", "lens", *files, "--size", "10x7", "--json", "-o", tmp_path / "lens.toml")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["residual"] < 0.3 and max(told["lateral_red_px"], told["lateral_blue_px"]) < 0.3
    assert told["distortion_px"] == pytest.approx(0.04 * told["covered"] ** 3 * 400, abs=1.0)
    assert profile.load(tmp_path / "lens.toml").warp.frame == (480, 640)


def test_sharpness_of_a_raw_edge(tmp_path):
    path = tmp_path / "edge.dng"
    image = sample.shoot(768, 1024)
    dng.write(path, image.pixels, image.shot)
    top, left, bottom, right = sample.scene(768, 1024).edge
    box = f"{left + 6},{top + 6},{right - 6},{bottom - 6}"
    result = run("calibrate", "sharpness", path, "--box", box, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert set(told) == {"red", "green", "blue"} and 0.35 < told["green"]["mtf50"] < 0.9


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["noise", "missing.dng"], "missing.dng"),
        (["noise", "{flat}", "-o", "x.txt"], ".toml"),
        (["noise", "{flat}", "-o", "{flat}"], ".toml"),
        (["noise", "{flat}"], "no pair"),
        (["shading", "{flat}", "--light", "moon"], "moon"),
        (["lens", "{flat}", "--size", "nine"], "9x6"),
        (["lens", "{flat}", "--size", "9x6"], "no target"),
        (["sharpness", "{flat}", "--box", "1,2"], "left,top,right,bottom"),
        (["sharpness", "{flat}", "--box", "0,0,9000,10"], "not inside"),
        (["sharpness", "{flat}", "--box", "0,0,64,64"], "one edge"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence(arguments, says, flats):
    given = [one.replace("{flat}", str(flats[0])) for one in arguments]
    result = run("calibrate", *given)
    assert isinstance(result.exception, TwinlensError) and says in str(result.exception)
