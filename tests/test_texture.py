"""Texture: the response of a known blur comes back from a made target; noise is not taken for texture."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from twinlens.cli import group
from twinlens.core.errors import ParameterError, TwinlensError
from twinlens.files import dng, photo
from twinlens.measure.texture import dead_leaves, spectrum
from twinlens.numerics.color import encode
from twinlens.simulate import sample

SIZE = 256
EXPONENT = 1.8


def target(seed=0):
    rng = np.random.default_rng(seed)
    radius = np.hypot(np.fft.fftfreq(SIZE)[:, None], np.fft.rfftfreq(SIZE))
    radius[0, 0] = 1
    field = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((SIZE, SIZE))) * radius ** (-EXPONENT / 2), (SIZE, SIZE))
    return 0.4 + 0.08 * field / field.std()


def blurred(picture, sigma):
    radius2 = np.fft.fftfreq(SIZE)[:, None] ** 2 + np.fft.rfftfreq(SIZE) ** 2
    return np.fft.irfft2(np.fft.rfft2(picture) * np.exp(-2 * np.pi**2 * sigma**2 * radius2), picture.shape)


def expected(frequency, sigma):
    return np.exp(-2 * np.pi**2 * sigma**2 * frequency**2)


@pytest.mark.parametrize("sigma", [0.6, 1.2])
def test_the_blur_comes_back_with_the_target_or_its_exponent(sigma):
    seen = blurred(target(), sigma)
    inner = slice(4, -4)
    frequency = np.linspace(0.05, 0.4, 15)
    by_target = dead_leaves(seen[inner, inner], reference=target()[inner, inner])
    assert np.abs(np.interp(frequency, by_target.frequency, by_target.mtf) - expected(frequency, sigma)).max() < 0.03
    several = [dead_leaves(blurred(target(seed), sigma), exponent=EXPONENT) for seed in range(8)]
    by_power = np.mean([np.interp(frequency, one.frequency, one.mtf) for one in several], axis=0)
    assert np.abs(by_power - expected(frequency, sigma)).max() < 0.06
    assert by_target.mtf50 == pytest.approx(np.sqrt(np.log(2) / 2) / (np.pi * sigma), rel=0.05)


def test_noise_is_taken_away():
    rng = np.random.default_rng(1)
    seen = blurred(target(), 1.0)
    noise, flat = rng.normal(0, 0.008, (2, SIZE, SIZE))
    clean = dead_leaves(seen, exponent=EXPONENT)
    untreated = dead_leaves(seen + noise, exponent=EXPONENT)
    treated = dead_leaves(seen + noise, flat=0.4 + flat, exponent=EXPONENT)
    crossed = dead_leaves(seen + noise, reference=target())
    assert untreated.at(0.4) > 1.5 * clean.at(0.4)
    assert abs(treated.at(0.3) - clean.at(0.3)) < 0.06
    assert abs(crossed.at(0.3) - clean.at(0.3)) < 0.06


def test_the_spectrum_of_white_noise_is_its_variance():
    rng = np.random.default_rng(2)
    power = spectrum(rng.normal(0, 0.1, (128, 160)))[1]
    assert np.mean(power) == pytest.approx(0.01, rel=0.1)


def test_less_blur_has_more_acutance():
    results = [dead_leaves(blurred(target(), s), reference=target()).acutance for s in (0.3, 0.8, 1.6)]
    assert results[0] > results[1] > results[2]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "either the target"),
        ({"exponent": 1.8, "reference": target()}, "not both"),
        ({"reference": target()[:-1]}, "registered"),
        ({"exponent": 1.8, "flat": np.full((64, 64), 0.4)}, "one value"),
    ],
)
def test_what_cannot_be_told_is_refused_in_words(given, says):
    with pytest.raises(ParameterError, match=says):
        dead_leaves(target(), **given)


BOX = (20, 12, 20 + SIZE, 12 + SIZE)


def run(*arguments):
    return CliRunner().invoke(group, ["calibrate", "texture", *[str(one) for one in arguments]], catch_exceptions=True)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A target on a grey card, its blurred and noisy picture, the picture as it is moved by a pixel and a half."""
    folder, rng = tmp_path_factory.mktemp("texture"), np.random.default_rng(5)
    left, top, right, bottom = BOX

    def save(name, leaves, noise):
        card = np.full((SIZE + 40, SIZE + 140), 0.4)
        card[top:bottom, left:right] = leaves
        codes = encode(np.clip(card + rng.normal(0, noise, card.shape), 0, 1)[..., None] * np.ones(3))
        photo.write(np.rint(codes * 65535).astype(np.uint16), folder / f"{name}.png")

    save("target", target(), 0)
    seen = blurred(target(), 0.9)
    save("seen", seen, 0.004)
    fy, fx = np.meshgrid(np.fft.fftfreq(SIZE), np.fft.fftfreq(SIZE), indexing="ij")
    save("moved", np.fft.ifft2(np.fft.fft2(seen) * np.exp(-2j * np.pi * (1.5 * fx - 0.7 * fy))).real, 0.004)
    save("other", target(7), 0)
    image = sample.shoot(96, 128)
    dng.write(folder / "raw.dng", image.pixels, image.shot)
    return folder


@pytest.mark.parametrize("name", ["seen", "moved"])
def test_the_command_finds_the_blur_with_the_target(pictures, name):
    result = run(
        pictures / f"{name}.png", "--box", ",".join(map(str, BOX)), "--target", pictures / "target.png", "--json"
    )
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["mtf50"] == pytest.approx(np.sqrt(np.log(2) / 2) / (np.pi * 0.9), rel=0.06)
    assert 0 < told["acutance"] < 1


def test_the_command_finds_the_blur_with_the_exponent_and_a_flat_part(pictures):
    flat = f"{BOX[2] + 4},{BOX[1]},{BOX[2] + 104},{BOX[3]}"
    result = run(pictures / "seen.png", "--box", ",".join(map(str, BOX)), "--exponent", EXPONENT, "--flat", flat)
    assert result.exit_code == 0 and "MTF50 0.2" in result.stdout, result.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["seen.png", "--box", "20,12,276,268"], "either --target"),
        (["seen.png", "--box", "20,12", "--exponent", "2"], "left,top,right,bottom"),
        (["seen.png", "--box", "20,12,9000,268", "--exponent", "2"], "not inside"),
        (["seen.png", "--box", "20,12,276,268", "--target", "other.png"], "does not show"),
        (
            ["seen.png", "--box", "20,12,276,268", "--target", "target.png", "--flat", "0,0,9,9"],
            "belongs to --exponent",
        ),
        (["raw.dng", "--box", "0,0,64,64", "--exponent", "2"], "develop it first"),
    ],
)
def test_what_the_command_cannot_measure_is_one_sentence(arguments, says, pictures):
    given = [pictures / one if one.endswith((".png", ".dng")) else one for one in arguments]
    result = run(*given)
    assert isinstance(result.exception, TwinlensError) and says in str(result.exception), result.exception
