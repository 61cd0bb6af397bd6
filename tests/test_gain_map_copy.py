"""A measured shading goes into a copy of a DNG as its gain map: counts stay, every reader evens the light out alike."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from twinlens import files
from twinlens.cli import group
from twinlens.core.errors import TwinlensError
from twinlens.core.opcodes import FixBadPixelsConstant, FixVignetteRadial, GainMap
from twinlens.files import dng
from twinlens.pipeline import profile
from twinlens.simulate import sample

SIZE = (240, 320)
FALL = np.array([0.35, 0.30, 0.40])  # exponents of red, green and blue at the corners


def run(*arguments):
    return CliRunner().invoke(group, [str(one) for one in arguments], catch_exceptions=True)


def shading():
    v, h = np.meshgrid(np.linspace(-1, 1, SIZE[0]), np.linspace(-1, 1, SIZE[1]), indexing="ij")
    return np.exp(-((v * v + h * h) / 2)[..., None] * FALL).astype(np.float32)


def shoot(path, level, seed, opcodes=((), (), ()), **facts):
    from dataclasses import replace

    image = sample.shoot(light=level * shading(), seed=seed, **facts)
    dng.write(path, image.pixels, replace(image.shot, opcodes=opcodes))
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Flats, a picture of a grey wall through the same lens, the profile of two lights, and the picture's copy."""
    folder = tmp_path_factory.mktemp("gain")
    flats = [shoot(folder / f"f{seed}.dng", 0.6, seed) for seed in range(4)]
    wall = shoot(folder / "wall.dng", 0.4, 9)
    for light, base, out in (("A", (), "one.toml"), ("D65", ("--profile", folder / "one.toml"), "two.toml")):
        assert run("calibrate", "shading", *flats, "--light", light, *base, "-o", folder / out).exit_code == 0
    result = run("calibrate", "shading", "--profile", folder / "two.toml", "--into", wall, "-o", folder / "copy.dng")
    assert result.exit_code == 0, result.output
    (folder / "told").write_text(result.stdout)
    return folder


def test_the_copy_has_one_map_a_site_and_all_else_is_as_it_was(made):
    old, new = files.read(made / "wall.dng"), files.read(made / "copy.dng")
    assert [type(one) for one in new.shot.opcodes[1]] == [GainMap] * 4
    assert np.array_equal(old.pixels, new.pixels) and old.shot.color.calibrations[0].light == 17
    assert old.shot.as_shot_neutral == new.shot.as_shot_neutral and old.shot.iso == new.shot.iso
    assert "between those measured under A, D65" in (made / "told").read_text()


def test_the_map_evens_every_color(made):
    maps = files.read(made / "copy.dng").shot.opcodes[1]
    from scipy.ndimage import map_coordinates

    tile = files.read(made / "copy.dng").shot.cfa.indices
    for site, one in enumerate(maps):
        color = int(tile[divmod(site, 2)])
        v, h = (np.linspace(0, one.gains.shape[axis] - 1, SIZE[axis]) for axis in (0, 1))
        gain = map_coordinates(one.gains[..., 0].astype(float), np.meshgrid(v, h, indexing="ij"), order=1)
        even = gain * shading()[..., color]
        assert even.std() / even.mean() < 0.006  # the noise of flats this small


def test_develop_of_the_copy_is_develop_with_the_profile(made, tmp_path):
    for name, source, more in (("a", "copy.dng", ()), ("b", "wall.dng", ("--profile", made / "two.toml"))):
        result = run("develop", made / source, "-o", tmp_path / f"{name}.png", "--look", "neutral", *more)
        assert result.exit_code == 0, result.output
    one, other = (np.asarray(files.read(tmp_path / f"{name}.png").pixels, float) for name in "ab")
    assert np.abs(one - other).max() < 2.5 / 255
    assert np.ptp(one[8:-8, 8:-8].reshape(-1, 3).mean(1).reshape(224, 304)[::16, ::16].mean(0)) < 0.03


def test_another_reader_opens_the_copy(made):
    rawpy = pytest.importorskip("rawpy")
    with rawpy.imread(str(made / "copy.dng")) as raw:
        assert np.array_equal(raw.raw_image_visible, np.asarray(files.read(made / "copy.dng").pixels))


def test_old_maps_are_replaced_other_opcodes_stay_and_are_told(made, tmp_path):
    mend = FixBadPixelsConstant(constant=0, bayer_phase=0)
    vignette = FixVignetteRadial(coefficients=(0.1, 0, 0, 0, 0), center=(0.5, 0.5))
    old = files.read(made / "copy.dng").shot.opcodes[1]
    source = shoot(tmp_path / "old.dng", 0.4, 3, opcodes=((), (mend, *old), (vignette,)))
    result = run("calibrate", "shading", "--profile", made / "one.toml", "--into", source, "-o", tmp_path / "new.dng",
                 "--json")  # fmt: skip
    assert result.exit_code == 0, result.output
    notes = " ".join(json.loads(result.stdout)["notes"])
    assert "measured under A" in notes and "4 gain maps of the file were replaced" in notes and "vignette" in notes
    kinds = [type(one) for one in files.read(tmp_path / "new.dng").shot.opcodes[1]]
    assert kinds == [FixBadPixelsConstant] + [GainMap] * 4


def test_flats_and_a_copy_in_one_go(made, tmp_path):
    result = run("calibrate", "shading", made / "f0.dng", "--light", "D65", "--into", made / "wall.dng", "-o",
                 tmp_path / "x.dng", "--json")  # fmt: skip
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["falloff_stops"] == pytest.approx(0.30 / np.log(2), abs=0.05) and "under D65" in told["notes"][0]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--profile", "{two}", "--into", "{wall}", "-o", "{wall}"], "is an input"),
        (["--profile", "{two}", "--into", "{wall}", "-o", "{copy}"], "exists already"),
        (["--profile", "{two}", "--into", "{wall}"], "-o COPY.dng"),
        (["--profile", "{two}", "--into", "{wall}", "-o", "x.toml"], "-o COPY.dng"),
        (["--into", "{wall}", "-o", "x.dng"], "needs a shading"),
        (["--profile", "{two}"], "name the flats"),
        (["--profile", "{two}", "--into", "{other}", "-o", "x.dng"], "another module"),
    ],
)
def test_what_cannot_be_written_is_one_sentence(arguments, says, made, tmp_path, monkeypatch):
    from dataclasses import replace

    monkeypatch.chdir(tmp_path)
    image = files.read(made / "wall.dng")
    dng.write(tmp_path / "other.dng", image.pixels, replace(image.shot, lens="the other lens", model="Sample Two"))
    names = {"wall": made / "wall.dng", "two": made / "two.toml", "copy": made / "copy.dng", "other": "other.dng"}
    result = run("calibrate", "shading", *[one.format(**names) for one in arguments])
    assert isinstance(result.exception, TwinlensError) and says in str(result.exception), result.exception
    assert profile.load(made / "two.toml").shading
