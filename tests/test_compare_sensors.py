"""What two known sensors cannot help: calculated from sensitivities, profiles or raw files, taken away and told."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from twinlens.calibrate.color_profile import camera_profile
from twinlens.compare import metamerism, set_sensors
from twinlens.compare.comparison import Comparison
from twinlens.compare.features import FEATURES, INDEX
from twinlens.compare.json_form import as_dict
from twinlens.compare.limits import limits
from twinlens.compare.verdict import verdict
from twinlens.core.camera_color import CameraColor
from twinlens.core.errors import FileError, ParameterError
from twinlens.measure import sensors
from twinlens.numerics import spectra
from twinlens.numerics.color_model import ColorModel
from twinlens.pipeline import profile as profiles
from twinlens.simulate import camera as cameras
from twinlens.simulate import shot
from verdict_data import fingerprints

FLOOR = np.array([one.floor for one in FEATURES])


def known(name, sd=0.0):
    curves = cameras.load(name).sensitivities
    return sensors.KnownSensor(sensitivities=curves, covariance=np.eye(93) * sd**2, origin=name)


def table_of(path: Path, name: str) -> Path:
    rows = np.column_stack([spectra.WAVELENGTHS_NM, cameras.load(name).sensitivities])
    lines = ["wavelength,red,green,blue", *(",".join(f"{one:.6g}" for one in row) for row in rows)]
    path.write_text("\n".join(lines))
    return path


def in_floors(variances, block):
    chosen = [at for at, one in enumerate(FEATURES) if one.block == block]
    return float(np.sqrt(np.mean(variances[chosen] / FLOOR[chosen] ** 2)))


def test_one_sensor_twice_has_nothing_that_it_cannot_help():
    found = metamerism.variances(known("phone"), known("phone"))
    assert np.sqrt(found / FLOOR**2).max() < 0.01  # the map's ridge leaves less than a hundredth of what an eye minds


def test_two_sensors_differ_in_color_and_in_nothing_else():
    found = metamerism.variances(known("phone"), known("reference"))
    moved = {one.block for one, value in zip(FEATURES, found, strict=True) if value > 0}
    assert moved == {"white balance", "chroma", "hue"}


def test_the_program_s_two_cameras_give_what_was_measured_of_them():
    """Chroma 1.7 and hue 2.3 floors, white balance 0.7: the stated prior, measured on simulated pictures of both."""
    found = metamerism.variances(known("phone"), known("reference"))
    assert in_floors(found, "chroma") == pytest.approx(1.7, rel=0.25)
    assert in_floors(found, "hue") == pytest.approx(2.3, rel=0.25)
    assert in_floors(found, "white balance") == pytest.approx(0.7, rel=0.25)


def test_what_is_not_known_of_a_sensor_adds_to_what_it_cannot_help():
    sure, unsure = (metamerism.variances(known("phone", sd), known("reference")) for sd in (0.0, 0.02))
    assert unsure[INDEX["chroma_blue"]] > sure[INDEX["chroma_blue"]]


def test_the_light_is_that_of_the_raw_pictures_else_daylight():
    plain, warm = known("phone"), replace(known("phone"), kelvin=2856.0)
    assert np.array_equal(metamerism.light_of(plain, plain), spectra.illuminant("D65"))
    light = metamerism.light_of(warm, plain)
    assert np.abs(light / light[16] - spectra.illuminant("A")).max() < 0.02
    found = [metamerism.variances(one, known("reference")) for one in (warm, plain)]
    assert not np.allclose(*found)


def test_a_table_a_profile_and_a_raw_file_tell_of_a_sensor(tmp_path):
    table = sensors.sensor_of(table_of(tmp_path / "phone.csv", "phone"))
    curves = cameras.load("phone").sensitivities
    assert np.allclose(table.sensitivities, curves / curves.max(), atol=1e-5) and not table.covariance.any()
    model = ColorModel(curves, np.zeros((93, 93)), spectra.illuminant("D65"), "D65")
    (tmp_path / "phone.toml").write_text(profiles.dumps(camera_profile(model, "phone")))
    assert np.allclose(sensors.sensor_of(tmp_path / "phone.toml").sensitivities, curves, atol=1e-3)
    raw = shot("still-life", camera="phone", light="A", megapixels=0.05, name="one").write(tmp_path / "raws")[0]
    found = sensors.sensor_of(raw)
    assert "estimated" in found.origin and found.covariance.any() and found.kelvin == pytest.approx(2856, rel=0.05)
    shape, told = (one / one.max(0) for one in (curves, found.sensitivities))
    assert np.abs(shape - told).mean() < 0.1


def test_what_tells_nothing_of_a_sensor_is_refused_in_words(tmp_path):
    (tmp_path / "grey.csv").write_text("nm,grey\n400,0.5\n410,0.5\n")
    with pytest.raises(FileError, match="red, green and blue"):
        sensors.sensor_of(tmp_path / "grey.csv")
    with pytest.raises(ParameterError, match="no color matrix"):
        sensors.of_color(CameraColor(), "a file")
    picture = shot("still-life", camera="phone", megapixels=0.05, name="one").write(tmp_path)[1]
    with pytest.raises(ParameterError, match="finished picture"):
        sensors.sensor_of(picture)


def test_raw_files_beside_the_pictures_tell_the_sensors_of_their_sets(tmp_path):
    for role, camera in (("before", "phone"), ("reference", "reference")):
        shot("still-life", camera=camera, megapixels=0.05, name="one").write(tmp_path / role)
    sources = {role: tmp_path / role for role in ("before", "reference")}
    found = set_sensors.sensors_of(sources, {})
    assert set(found) == {"before", "reference"} and all("one.dng" in one.origin for one in found.values())
    asked = set_sensors.metamerism(found)
    assert asked["metamerism"].shape == (len(FEATURES),) and "one.dng" in asked["origin"]
    assert set_sensors.metamerism({"before": found["before"]}) == {}
    given = known("phone")
    assert set_sensors.sensors_of(sources, {"before": given})["before"] is given
    assert set(set_sensors.sensors_of({"before": tmp_path / "before"}, {})) == set()


@pytest.mark.parametrize("kind", ["prior", "known sensors", "one sensor"])
def test_the_verdict_says_what_was_taken_for_the_sensors_and_from_what(kind):
    prints = fingerprints(scenes=8, moved=0.5)
    count = len(prints.features)
    within = limits(
        prints.features,
        same_sensor=kind == "one sensor",
        metamerism=np.ones(count) if kind == "known sensors" else None,
        origin="from two profiles",
    )
    taken = verdict(prints, limits=within).taken
    assert taken.kind == kind and (taken.sensors > 0) == (kind != "one sensor")
    assert 0 < taken.shots < 1 and 0 < taken.spread < 1
    told = as_dict(Comparison(sets=(), fingerprints=prints, verdict=verdict(prints, limits=within)))
    sensors_told = told["verdict"]["taken_away"]["sensors"]
    assert sensors_told["kind"] == kind and sensors_told["share"] == pytest.approx(taken.sensors)
    assert ("two profiles" in sensors_told["origin"]) == (kind == "known sensors")
    assert any("calculated: from two profiles" in note for note in told["notes"]) == (kind == "known sensors")
    assert any("stated prior" in note for note in told["notes"]) == (kind == "prior")


def test_without_a_reference_nothing_is_taken():
    prints = fingerprints(scenes=8, moved=0.5, sets=("before", "after"))
    assert verdict(prints).taken is None
