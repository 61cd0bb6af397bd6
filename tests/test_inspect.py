"""The doctor: every fault is found in a file made to have it, none in a healthy one, and repairs mend what they
name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from shared_data import shared
from twinlens import files
from twinlens.core import opcodes as op
from twinlens.core.camera_color import Calibration
from twinlens.core.errors import FileError, ParameterError
from twinlens.core.image import Image
from twinlens.core.noise import NoiseModel
from twinlens.core.shot import Cfa
from twinlens.files import dng, exif, tiff
from twinlens.measure.doctor.checks import all_findings
from twinlens.measure.doctor.checks.color import lights_are_exchanged
from twinlens.measure.doctor.findings import Report, Section
from twinlens.measure.doctor.system import system_report
from twinlens.measure.inspect import inspect, repair
from twinlens.numerics import color
from twinlens.simulate import sample


def healthy() -> Image:
    """A raw in which nothing is wrong."""
    gains = op.GainMap(area=(0, 0, 240, 320), row_pitch=1, column_pitch=1, gains=np.ones((3, 4, 1), np.float32),
                       spacing=(0.5, 1 / 3), origin=(0.0, 0.0))  # fmt: skip
    return sample.shoot(
        240, 320, seed=2, default_crop_origin=(0.0, 0.0), default_crop_size=(320.0, 240.0), opcodes=((), (gains,), ()),
        color=dataclasses.replace(sample.camera_color()),
    )  # fmt: skip


def with_shot(image: Image, **facts) -> Image:
    return dataclasses.replace(image, shot=dataclasses.replace(image.shot, **facts))


def with_lights(image: Image, *lights: Calibration) -> Image:
    return with_shot(image, color=dataclasses.replace(image.shot.color, calibrations=lights))


def lights(image: Image) -> tuple[Calibration, ...]:
    return image.shot.color.calibrations


def with_cfa(image: Image, name: str) -> Image:
    return dataclasses.replace(with_shot(image, cfa=Cfa.bayer(name)), cfa=Cfa.bayer(name))


def swapped(image: Image) -> Image:
    warm, cool = lights(image)
    return with_lights(image, dataclasses.replace(warm, light=21), dataclasses.replace(cool, light=17))


def clipped_early(image: Image) -> Image:
    bright = sample.shoot(240, 320, seed=2, exposure=2.0)
    return dataclasses.replace(image, pixels=np.minimum(bright.pixels, 3000))


def masked(image: Image, level: int) -> Image:
    pixels = image.pixels.copy()
    pixels[:, :16] = level
    return dataclasses.replace(
        with_shot(
            image, active_area=(0, 16, 240, 320), masked_areas=((0, 0, 240, 16),), default_crop_size=(304.0, 240.0)
        ),
        pixels=pixels,
    )


def single(image: Image, matrix: np.ndarray, light: int = 21) -> Image:
    return with_lights(image, Calibration(light, matrix))


FAULTS: dict[str, Callable[[Image], Image]] = {
    "no-matrix": with_lights,
    "light-missing": lambda image: with_lights(image, *(dataclasses.replace(one, light=0) for one in lights(image))),
    "lights-swapped": swapped,
    "lights-odd-order": lambda image: with_lights(image, *lights(image)[::-1]),
    "no-daylight-matrix": lambda image: with_lights(image, lights(image)[0]),
    "one-matrix": lambda image: with_lights(image, lights(image)[1]),
    "white-xy-only": lambda image: with_shot(image, as_shot_neutral=None, as_shot_white_xy=(0.3127, 0.329)),
    "no-white-balance": lambda image: with_shot(image, as_shot_neutral=None),
    "neutral-impossible": lambda image: with_shot(image, as_shot_neutral=(0.0, 1.0, 0.5)),
    "neutral-is-one": lambda image: with_shot(image, as_shot_neutral=(1.0, 1.0, 1.0)),
    "forward-matrix-white": lambda image: with_lights(
        image, *(dataclasses.replace(one, forward_matrix=one.forward_matrix * 1.2) for one in lights(image))
    ),
    "cfa-order": lambda image: with_cfa(image, "GRBG"),
    "white-level-high": clipped_early,
    "levels-impossible": lambda image: with_shot(image, black_level=np.full((1, 1, 1), 4095.0)),
    "black-not-stated": lambda image: with_shot(masked(image, 64), black_level=None),
    "black-contradicts-mask": lambda image: with_shot(masked(image, 64), black_level=np.full((1, 1, 1), 200.0)),
    "black-too-high": lambda image: with_shot(image, black_level=np.full((1, 1, 1), 900.0)),
    "opcode-unknown": lambda image: with_shot(image, opcodes=((), (op.UnknownOpcode(id=99, data=b"1234"),), ())),
    "opcode-not-applied": lambda image: with_shot(
        image, opcodes=((), (), (op.FixBadPixelsList(bayer_phase=0, points=((3, 4),)),))
    ),
    "no-crop": lambda image: with_shot(image, default_crop_origin=None, default_crop_size=None),
    "crop-outside": lambda image: with_shot(image, default_crop_size=(999.0, 10.0)),
    "no-make": lambda image: with_shot(image, make=""),
    "module-unnamed": lambda image: with_shot(image, lens=""),
    "no-noise-profile": lambda image: with_shot(image, noise=None),
    "noise-absurd": lambda image: with_shot(image, noise=NoiseModel((2.0,) * 3, (0.5,) * 3)),
    "no-shading": lambda image: with_shot(image, opcodes=((), (), ())),
}
MATRICES = {
    "unit": np.eye(3),
    "srgb": np.linalg.inv(color.xyz_from_rgb("srgb")),
    "impossible": -sample.CAMERA_FROM_XYZ_D65,
}
ONLY_IN_MEMORY = {"crop-outside", "neutral-impossible", "levels-impossible"}  # the writer refuses or mends them


def codes(image: Image) -> set[str]:
    return {finding.code for finding in all_findings(image)}


def test_a_healthy_file_has_no_findings(tmp_path: Path) -> None:
    image = healthy()
    dng.write(tmp_path / "a.dng", image.pixels, image.shot)
    report = inspect(tmp_path / "a.dng")
    assert report.findings == ()
    assert report.kind == "raw"


@pytest.mark.parametrize("code", FAULTS)
def test_each_fault_is_found_in_a_file_made_to_have_it(code: str, tmp_path: Path) -> None:
    image = FAULTS[code](healthy())
    assert code in codes(image)
    if code in ONLY_IN_MEMORY:
        return
    dng.write(tmp_path / "a.dng", image.pixels, image.shot)
    assert code in {finding.code for finding in inspect(tmp_path / "a.dng").findings}


@pytest.mark.parametrize("name", MATRICES)
def test_matrices_that_no_camera_has_are_found(name: str) -> None:
    assert "matrix-not-a-camera" in codes(single(healthy(), MATRICES[name]))


def test_every_finding_says_what_to_do() -> None:
    for make in FAULTS.values():
        for finding in all_findings(make(healthy())):
            assert finding.sentence.endswith((".", "!")), finding
            assert finding.remedy.endswith("."), finding


REPAIRABLE = ("light-missing", "lights-swapped", "lights-odd-order", "white-xy-only", "forward-matrix-white",
              "white-level-high", "black-not-stated", "black-contradicts-mask", "no-crop")  # fmt: skip


@pytest.mark.parametrize("code", REPAIRABLE)
def test_a_repair_mends_what_it_names_and_keeps_the_counts(code: str, tmp_path: Path) -> None:
    image = FAULTS[code](healthy())
    source, out = tmp_path / "a.dng", tmp_path / "fixed.dng"
    dng.write(source, image.pixels, image.shot)
    before = source.read_bytes()
    changes = repair(source, out, only=(code,))
    assert len(changes) == 1
    assert source.read_bytes() == before
    fixed = files.read(out)
    assert np.array_equal(fixed.pixels, image.pixels)
    assert code not in codes(fixed)
    old, new = codes(files.read(source)), codes(fixed)
    assert new <= old - {code} | {"lights-odd-order"}, "a repair may not bring another fault"


def test_the_swapped_lights_come_back_in_the_right_order(tmp_path: Path) -> None:
    good, bad = healthy(), swapped(healthy())
    dng.write(tmp_path / "a.dng", bad.pixels, bad.shot)
    repair(tmp_path / "a.dng", tmp_path / "b.dng", only=("lights-swapped",))
    fixed = files.read(tmp_path / "b.dng").shot.color.calibrations
    assert [one.light for one in fixed] == [one.light for one in lights(good)]


def test_a_wrong_filter_order_is_mended_only_when_asked(tmp_path: Path) -> None:
    image = with_shot(with_cfa(healthy(), "GRBG"), default_crop_size=None)
    dng.write(tmp_path / "a.dng", image.pixels, image.shot)
    repair(tmp_path / "a.dng", tmp_path / "b.dng")
    assert files.read(tmp_path / "b.dng").cfa == Cfa.bayer("GRBG")
    repair(tmp_path / "a.dng", tmp_path / "c.dng", only=("cfa-order",))
    assert files.read(tmp_path / "c.dng").cfa == Cfa.bayer("RGGB")


@pytest.mark.parametrize("order", ["RGGB", "BGGR", "GRBG", "GBRG"])
def test_right_filter_orders_are_believed(order: str) -> None:
    assert "cfa-order" not in codes(sample.shoot(240, 320, cfa=order, seed=1))


def test_repair_refuses_what_it_cannot_do(tmp_path: Path) -> None:
    image = healthy()
    source = tmp_path / "a.dng"
    dng.write(source, image.pixels, image.shot)
    with pytest.raises(ParameterError, match="nothing to mend"):
        repair(source, tmp_path / "b.dng")
    with pytest.raises(ParameterError, match="no repair for sparkle"):
        repair(source, tmp_path / "b.dng", only=("sparkle",))
    with pytest.raises(FileError, match="input itself"):
        repair(source, source, overwrite=True)
    with pytest.raises(ParameterError, match=r"ends in \.dng"):
        repair(source, tmp_path / "b.jpg")
    assert not (tmp_path / "b.dng").exists()


def test_published_matrices_are_rarely_taken_for_exchanged() -> None:
    rows = np.genfromtxt(shared("spectral/dng_color_matrices.csv"), delimiter=",", skip_header=1, usecols=range(1, 19))
    rows = rows[np.isfinite(rows).all(axis=1)]
    pairs = [(Calibration(17, row[:9].reshape(3, 3)), Calibration(21, row[9:].reshape(3, 3))) for row in rows]
    wrong = [lights_are_exchanged(pair) for pair in pairs]
    caught = [
        lights_are_exchanged((dataclasses.replace(a, light=21), dataclasses.replace(d, light=17))) for a, d in pairs
    ]
    assert np.mean(wrong) < 0.01
    assert np.mean(caught) > 0.9


@pytest.mark.parametrize(
    "name",
    ["raw/canon_550d_colorchecker_passport.dng", "photos/samsung_galaxy_s7_edge.jpg", "photos/iphone_13_pro_max.HEIC"],
)
def test_real_files_are_described(name: str) -> None:
    report = inspect(shared(name))
    assert report.sections
    assert report.as_dict()["facts"]


def test_facts_of_one_name_are_all_told() -> None:
    report = Report("x", "raw", (Section("Corrections", (("list 3", "a"), ("list 3", "b"), ("list 2", "c"))),))
    assert report.as_dict()["facts"] == {"Corrections": {"list 3": ["a", "b"], "list 2": "c"}}


def test_system_report_names_the_kernels() -> None:
    told = system_report()
    assert told["kernels"]["implementation"] in ("halide", "numpy")
    assert told["libraries"]["numpy"]


def with_broken_exif(path: Path) -> None:
    """The exposure time's denominator becomes 0 and the date becomes blanks, in place."""
    data = bytearray(path.read_bytes())
    first = tiff.read(memoryview(bytes(data)))[0]
    _, block, _ = exif.directories(memoryview(bytes(data)), first)
    assert block is not None
    time, date = block.entries[33434], block.entries[36867]
    data[time.offset + 4 : time.offset + 8] = bytes(4)
    data[date.offset : date.offset + date.count - 1] = b" " * (date.count - 1)
    path.write_bytes(data)


def test_zero_denominators_and_empty_dates_in_exif_are_found_and_mended(tmp_path: Path) -> None:
    image = healthy()
    source, out = tmp_path / "a.dng", tmp_path / "b.dng"
    dng.write(source, image.pixels, image.shot)
    with_broken_exif(source)
    found = {finding.code: finding for finding in inspect(source).findings}
    assert "zero denominator" in found["exif-broken"].sentence
    assert "is not a date" in found["exif-broken"].sentence
    repair(source, out, only=("exif-broken",))
    assert "exif-broken" not in codes(files.read(out))
    assert files.read(out).shot.f_number == pytest.approx(1.9)
