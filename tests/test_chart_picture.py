"""One photograph of a chart tells tone response, noise and distortion: an invented camera's numbers come back."""

import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from shared_data import shared
from twinlens import files, simulate
from twinlens.calibrate import lens_from_charts, noise_from_charts, tone_from_chart
from twinlens.calibrate.lens import recorded
from twinlens.calibrate.lens.lines import fit_distortion_from_lines
from twinlens.calibrate.noise.patches import Fields, fields, fit_noise_from_fields
from twinlens.cli import group
from twinlens.core.errors import ParameterError, TwinlensError
from twinlens.files import dng
from twinlens.measure.chart import library
from twinlens.measure.chart.lines import chart_lines
from twinlens.pipeline import profile
from twinlens.simulate import chart_shot, sample

GAIN, READ_E, TEXTURE, WHITE = 2.5, 5.0, 0.01, 4000.0  # electrons a DN, electrons, relative, DN above black
LEVELS = np.array([60, 120, 200, 350, 600, 900, 1400, 2000, 2700, 3400])  # DN
TILE = np.array([[1, 0], [2, 1]])
PHONE_E_PER_DN = 6500 / (4095 - 256) / 2  # of the bundled phone at ISO 100: full well, white and black, base ISO 50


def run(*arguments):
    return CliRunner().invoke(group, [str(one) for one in arguments], catch_exceptions=True)


def board(seed=0, scratch=False):
    """A mosaic (DN) of even fields with shading, texture and noise, the sites' colors, and the fields' masks."""
    rng = np.random.default_rng(seed)
    side = 192
    shape = (side, side * len(LEVELS))
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    colors = np.tile(TILE, (shape[0] // 2, shape[1] // 2))
    level = (
        LEVELS[x // side] * np.array([0.7, 1.0, 0.8])[colors] * (1 + 0.1 * (y / side - 0.5) + 0.2 * x / shape[1] - 0.1)
    )
    electrons = rng.poisson(level * GAIN * (1 + TEXTURE * rng.standard_normal(shape)).clip(0))
    mosaic = (electrons + READ_E * rng.standard_normal(shape)) / GAIN
    if scratch:
        mosaic[80:84] *= 1.5
    inside = np.ones((side - 8, side - 8), bool)
    masks = [(slice(4, side - 4), slice(k * side + 4, (k + 1) * side - 4), inside) for k in range(len(LEVELS))]
    return mosaic, colors, masks


@pytest.mark.parametrize("scratch", [False, True])
def test_gain_read_noise_and_texture_of_fields_come_back(scratch):
    found = [fields(*board(seed, scratch), WHITE) for seed in range(3)]
    fit = fit_noise_from_fields(found[0] + found[1] + found[2], white=WHITE, iso=100)
    value = fit.value
    assert np.allclose(value.electrons_per_dn, GAIN, rtol=0.05)
    assert np.allclose(value.read_noise_e, READ_E, rtol=0.35)  # the end of a line: see the module's text
    assert value.prnu == pytest.approx(TEXTURE, rel=0.25)
    assert fit.held_out is not None and fit.residual < 0.06 and fit.held_out < 0.12
    assert np.isnan(value.full_well_dn).all() and np.isnan(value.row_noise_dn) and value.iso == 100


def test_shading_over_a_field_is_no_noise():
    mosaic, colors, masks = board()
    steeper = mosaic * np.linspace(0.9, 1.1, mosaic.shape[0])[:, None]
    one, other = (fields(each, colors, masks, WHITE) for each in (mosaic, steeper))
    ratio = other.variance / one.variance
    assert np.median(ratio) == pytest.approx(1, abs=0.02) and np.abs(ratio - 1).max() < 0.12


def test_fields_near_white_and_small_fields_are_left_out():
    mosaic, colors, masks = board()
    assert fields(mosaic, colors, masks, 1000.0).signal.max() < 1000
    small = [(slice(0, 20), slice(0, 20), np.ones((20, 20), bool))]
    assert len(fields(mosaic, colors, small, WHITE).signal) == 0


def test_fields_that_are_alike_or_few_are_an_error():
    found = fields(*board(), WHITE)
    with pytest.raises(ParameterError, match="fields can be measured"):
        fit_noise_from_fields(found.part(found.signal < 200), white=WHITE)
    smooth = Fields(found.color, found.signal, np.full(len(found.signal), 4.0), found.blocks)
    with pytest.raises(ParameterError, match="does not grow with light"):
        fit_noise_from_fields(smooth, white=WHITE)


@pytest.fixture(scope="module")
def charts(tmp_path_factory):
    """The same chart at ISO 100, upright and on its side, and its picture as the maker rendered it."""
    folder = tmp_path_factory.mktemp("charts")
    for name, turn in (("upright", 1), ("turned", 6)):
        simulate.chart("phone", light="D65", megapixels=1.0, iso=100, name=name, orientation=turn).write(folder)
    return {one: folder / one for one in ("upright.dng", "turned.dng", "upright.jpg")}


def test_noise_of_a_photographed_chart_goes_into_a_profile(charts, tmp_path):
    out = tmp_path / "noise.toml"
    result = run("calibrate", "noise", "--chart", charts["upright.dng"], charts["turned.dng"], "-o", out, "--json")
    assert result.exit_code == 0, result.output
    (told,) = json.loads(result.stdout)["noise"]
    assert np.allclose(told["electrons_per_dn"], PHONE_E_PER_DN, rtol=0.05)
    assert told["iso"] == 100 and told["row_noise_dn"] is None and told["defects"] == []
    assert "read noise is the end of a line" in result.stderr
    assert list(profile.load(out).noise) == [100.0]


def test_a_turned_picture_gives_the_same_noise(charts):
    one, other = (noise_from_charts([charts[name]]).fits[100.0].value for name in ("upright.dng", "turned.dng"))
    assert np.allclose(one.electrons_per_dn, other.electrons_per_dn, rtol=0.06)


def test_the_grey_row_of_a_raw_chart_is_linear_and_tells_the_glare(charts):
    found = tone_from_chart(charts["upright.dng"])
    assert found.is_linear and not found.is_rendered and len(found.patches) == 6
    assert all(one.value.linearity < 0.015 for one in found.fits.values())
    result = run("calibrate", "tone", "--chart", charts["upright.dng"])
    assert result.exit_code == 0 and "linear as far as a chart tells" in result.stdout


def test_the_grey_row_of_a_real_raw_is_linear_by_the_edition_of_its_chart():
    found = tone_from_chart(shared("raw/canon_550d_colorchecker_passport.dng"))
    assert found.is_linear and any("mean of 30 charts" in one for one in found.notes)


def test_the_grey_row_of_a_rendered_picture_is_its_tone_curve(charts):
    result = run("calibrate", "tone", "--chart", charts["upright.jpg"], "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert not told["chart"]["is_linear"] and told["green"]["samples"] == 6
    assert told["green"]["light"][0] == pytest.approx(0.034, abs=0.003) and told["green"]["value"][-1] > 0.7


def test_a_bent_raw_response_is_not_called_linear(charts, tmp_path):
    image = files.read(charts["upright.dng"])
    black, white = 256, 4095
    share = np.clip((np.asarray(image.pixels, float) - black) / (white - black), 0, 1)
    bent = np.rint(black + (white - black) * share**1.15).astype(np.uint16)
    dng.write(tmp_path / "bent.dng", bent, image.shot)
    assert not tone_from_chart(tmp_path / "bent.dng").is_linear
    assert "not on a line" in run("calibrate", "tone", "--chart", tmp_path / "bent.dng").stdout


DISTORTION = -0.06  # of the radius, at the corner
SIZE = (750, 1000)


@pytest.fixture(scope="module")
def bent_charts(tmp_path_factory):
    """Linear pictures of a Classic that fills the frame, one upright and one that lies on its side, seen by a lens with
    barrel distortion."""
    folder = tmp_path_factory.mktemp("bent")
    files = []
    for seed, (tilt, roll) in enumerate((((3.0, 5.0), 1.0), ((-6.0, 4.0), 178.0))):
        given = chart_shot.Conditions(
            tilt_deg=tilt, roll_deg=roll, share=0.92, distortion=DISTORTION, is_rendered=False
        )
        seen = chart_shot.shoot_chart(library.charts()["classic"], given, height=SIZE[0], width=SIZE[1], seed=seed)
        image = sample.shoot(light=0.8 * seen.pixels, seed=seed)
        files.append(folder / f"{seed}.dng")
        dng.write(files[-1], image.pixels, image.shot)
    return files


def test_the_lines_of_charts_tell_the_distortion(bent_charts, tmp_path):
    out = tmp_path / "lens.toml"
    result = run("calibrate", "lens", "--chart", *bent_charts, "-o", out, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["residual"] < 0.2 and told["held_out"] < 0.2 and told["covered"] > 0.8
    warp = profile.load(out).warp
    assert warp.frame == SIZE
    y, x = np.mgrid[0 : SIZE[0] : 20, 0 : SIZE[1] : 20].astype(float)
    points, middle = np.stack([x.ravel(), y.ravel()], 1), np.array([SIZE[1] - 1, SIZE[0] - 1]) / 2
    radius = np.linalg.norm(points - middle, axis=1) / np.linalg.norm(middle)
    truth = middle + (points - middle) * (1 + DISTORTION * radius**2)[:, None]
    off = np.linalg.norm(recorded(warp, points) - truth, axis=1)[radius < warp.covered]
    assert np.sqrt(np.mean(off**2)) < 0.3


def test_a_picture_on_its_side_tells_the_same_distortion(bent_charts):
    image = files.read(bent_charts[0])
    turned = replace(image, shot=replace(image.shot, orientation=6))
    one, other = chart_lines(image), chart_lines(turned)
    fits = [fit_distortion_from_lines(one, SIZE), fit_distortion_from_lines([each[:, ::-1] for each in other], SIZE)]
    assert np.allclose(*(fit.value.coefficients[0, 1] for fit in fits), atol=0.003)


def test_a_chart_in_the_middle_is_refused_and_pictures_without_one_are_named(charts, bent_charts, tmp_path):
    given = chart_shot.Conditions(share=0.4, is_rendered=False)
    seen = chart_shot.shoot_chart(library.charts()["classic"], given, height=SIZE[0], width=SIZE[1])
    for name, light in (("small", 0.8 * seen.pixels), ("none", np.full((*SIZE, 3), 0.3, np.float32))):
        image = sample.shoot(light=light)
        dng.write(tmp_path / f"{name}.dng", image.pixels, image.shot)
    with pytest.raises(ParameterError, match="of the way to the corners"):
        lens_from_charts([tmp_path / "small.dng"])
    notes = lens_from_charts([bent_charts[0], tmp_path / "none.dng"])[2]
    assert notes == ("none.dng: no chart was found in it",)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["lens", "{chart}"], "or --chart"),
        (["lens", "--chart", "--size", "9x6", "{chart}"], "either --size or --chart"),
        (["tone", "{chart}", "--kind", "classic"], "say --chart too"),
        (["tone", "--chart", "{chart}", "{chart}"], "one picture of a chart"),
        (["noise", "{chart}", "--corners", "1,2,3,4,5,6,7,8"], "say --chart too"),
        (["noise", "--chart", "{chart}", "--dark", "{chart}"], "belongs to flats"),
        (["noise", "--chart", "{jpg}"], "expected a raw file"),
        (["tone", "--chart", "{chart}.missing"], "missing"),
    ],
)
def test_what_a_chart_cannot_tell_is_one_sentence(arguments, says, charts):
    given = [one.replace("{chart}", str(charts["upright.dng"])).replace("{jpg}", str(charts["upright.jpg"]))
             for one in arguments]  # fmt: skip
    result = run("calibrate", *given)
    assert isinstance(result.exception, TwinlensError) and says in str(result.exception), result.exception
