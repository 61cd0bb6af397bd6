"""Shots and sets: files with their truth, the same bytes for the same seed, nothing lost."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as PilImage

from twinlens import files, simulate
from twinlens.core.errors import DocumentError, FileError, ParameterError
from twinlens.measure.edge import slanted_edge
from twinlens.numerics import color
from twinlens.simulate import camera as cameras
from twinlens.simulate import maker
from twinlens.simulate.camera.blur import lens_mtf
from twinlens.simulate.shots import experiment, subject
from twinlens.simulate.shots.frame import SUFFIXES, no_files_of

SMALL = 0.05  # megapixels
BLACK = cameras.load("phone").sensor.black_levels[0]


def patch_means(picture: np.ndarray, truth: dict) -> np.ndarray:
    """The picture's mean codes (N, 3) in the middle of every patch."""
    to_jpeg = np.array(truth["jpeg"]["jpeg_from_active"])
    means = []
    for patch in truth["patches"]:
        corners = np.array(patch["corners"]) @ to_jpeg[:2, :2].T + to_jpeg[:2, 2]
        (left, top), (right, bottom) = corners.min(0), corners.max(0)
        y, x = (top + bottom) / 2, (left + right) / 2
        half = max(int(min(bottom - top, right - left) / 5), 1)
        means.append(picture[round(y) - half : round(y) + half, round(x) - half : round(x) + half].mean((0, 1)))
    return np.array(means)


@pytest.fixture(scope="module")
def chart() -> simulate.Frame:
    return simulate.chart(megapixels=0.15, maker="natural", seed=3)


def test_a_frame_is_three_files_that_agree(chart: simulate.Frame, tmp_path: Path) -> None:
    paths = chart.write(tmp_path)
    assert [path.name for path in paths] == [f"colorchecker-D65-phone{suffix}" for suffix in SUFFIXES]
    image = files.read(paths[0])
    assert np.array_equal(image.pixels, chart.image.pixels)
    told = json.loads(paths[2].read_text())
    assert told["format"] == "truth/1"
    with PilImage.open(paths[1]) as picture:
        assert picture.size == chart.picture.shape[1::-1]
        tags = picture.getexif()
        assert (tags[271], tags[272]) == ("Twinlens", "Phone")
        assert float(tags.get_ifd(34665)[33434]) == pytest.approx(told["exposure_time_s"])
        assert tags.get_ifd(34665)[34855] == told["iso"]
        assert "icc_profile" in picture.info
        assert np.abs(np.asarray(picture, float) - chart.picture).mean() < 3


def test_the_truth_names_light_radiance_maker_and_patches(chart: simulate.Frame) -> None:
    truth = chart.truth
    assert truth["illuminant"]["kelvin"] == pytest.approx(6500, abs=20)
    assert len(truth["illuminant"]["spectrum"]) == 31
    assert 0 < truth["radiance"]["p10"] < truth["radiance"]["p90"] <= truth["radiance"]["most"] < 1.1
    assert truth["maker"]["name"] == "natural"
    assert len(truth["patches"]) == 24
    assert truth["program"].startswith("twinlens ")


def test_the_makers_picture_shows_the_patches_that_the_truth_tells(chart: simulate.Frame) -> None:
    """Within what a 3x3 for this sensor leaves, noise and the vignette that is left."""
    wanted = np.array([patch["maker_rgb"] for patch in chart.truth["patches"]])
    shown = patch_means(chart.picture, chart.truth) / 255
    difference = color.delta_e_2000(color.lab_from_rgb(shown), color.lab_from_rgb(wanted))
    assert difference.mean() < 3
    assert difference.max() < 7


def test_same_seed_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        simulate.shot("colorchecker", megapixels=SMALL, seed=5).write(tmp_path / folder)
    simulate.shot("colorchecker", megapixels=SMALL, seed=6).write(tmp_path / "three")
    for suffix in SUFFIXES:
        one, two, three = (
            (tmp_path / folder / f"colorchecker-D65-phone{suffix}").read_bytes() for folder in ("one", "two", "three")
        )
        assert one == two
        assert one != three


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    frame = simulate.shot("colorchecker", megapixels=SMALL)
    (tmp_path / f"{frame.name}.jpg").write_text("mine")
    with pytest.raises(FileError, match="exists already"):
        frame.write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f"{frame.name}.jpg"]
    frame.write(tmp_path, overwrite=True)
    assert len(list(tmp_path.iterdir())) == 3


def test_a_folder_that_cannot_be_written_is_refused_before_the_shot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    monkeypatch.setattr("twinlens.simulate.shots.single.subject", lambda *_, **__: pytest.fail("was computed"))
    with pytest.raises(FileError, match="permission denied"):
        simulate.chart(before=no_files_of(tmp_path / "new"))


@pytest.mark.parametrize("orientation", [1, 6, 8, 3])
def test_the_preview_lies_as_the_sensor_and_the_jpeg_upright(orientation: int, tmp_path: Path) -> None:
    frame = simulate.shot("colorchecker", megapixels=SMALL, orientation=orientation)
    dng = frame.write(tmp_path)[0]
    shown = patch_means(frame.picture, frame.truth)
    assert shown[18].min() > 180  # the white patch is where the truth says
    assert shown[23].max() < 60
    import tifffile

    with tifffile.TiffFile(dng) as file:
        preview = file.pages[0].pages[0].asarray()  # type: ignore[union-attr]
    top, left, bottom, right = frame.image.shot.crop
    assert (preview.shape[0] > preview.shape[1]) == (bottom - top > right - left)
    lying = frame.picture if orientation in (1, 3) else frame.picture.swapaxes(0, 1)
    assert preview.shape == lying.shape


def test_a_bracket_doubles_the_light(tmp_path: Path) -> None:
    dark, middle, bright = simulate.bracket("flat", stops=(-2, 0, 1), megapixels=SMALL, exposure=0.3)
    levels = [one.image.pixels[50:-50, 50:-50].mean() - BLACK for one in (dark, middle, bright)]
    assert levels[1] / levels[0] == pytest.approx(4, rel=0.02)
    assert levels[2] / levels[1] == pytest.approx(2, rel=0.02)
    assert bright.truth["exposure_time_s"] == pytest.approx(2 * middle.truth["exposure_time_s"])
    assert len({one.name for one in (dark, middle, bright)}) == 3


@pytest.mark.parametrize("name", ["phone", "reference"])
def test_a_slanted_edge_returns_the_mtf_of_the_lens(name: str) -> None:
    """From the raw's green sites, up to the Nyquist frequency."""
    camera = cameras.load(name)
    even = {"vignetting": (0.0,) * 3, "shading_red": (0.0, 0.0), "shading_blue": (0.0, 0.0), "glare": 0.0, "halo": 0.0}
    camera = replace(camera, lens=replace(camera.lens, **even))
    frame = simulate.shot("slanted-edge", camera, megapixels=0.3, noisy=False)
    shot, mosaic = frame.image.shot, np.asarray(frame.image.pixels, float)
    top, left, bottom, right = shot.area
    part = mosaic[top:bottom, left:right] - float(np.mean(shot.black_level))
    height, width = part.shape
    x, y = int(width / 2 + 0.55 * height / 2), height // 2
    box = np.s_[y - 60 : y + 60, x - 44 : x + 44]
    tile = shot.cfa.shifted(top, left).indices
    rows, columns = np.ogrid[:height, :width]
    found = slanted_edge(part[box], (tile[rows % 2, columns % 2] == 1)[box])
    frequency = np.linspace(0.02, 0.5, 25)
    turned = np.radians(found.angle_deg)
    pixel = np.sinc(frequency * np.cos(turned)) * np.sinc(frequency * np.sin(turned))
    off = np.interp(frequency, found.frequency, found.sfr) - lens_mtf(camera, frequency) * pixel
    assert np.abs(off).max() < 0.02, np.abs(off).max()


def test_flats_and_darks_have_their_levels() -> None:
    low, high = simulate.flat(levels=(0.1, 0.5), count=1, megapixels=SMALL)
    middle = np.s_[90:-90, 120:-120]
    ratio = (high.image.pixels[middle].mean() - BLACK) / (low.image.pixels[middle].mean() - BLACK)
    assert ratio == pytest.approx(5, rel=0.03)
    (dark,) = simulate.dark(count=1, megapixels=SMALL)
    assert dark.image.pixels.mean() == pytest.approx(BLACK, abs=1)


def test_a_burst_tells_where_each_frame_looked() -> None:
    """The luma of rendered frames is registered by phase correlation, and agrees with the truth."""
    frames = list(
        simulate.burst("dead-leaves", frames=3, tremor_px=3, rotation_deg=0.0, megapixels=0.25, seed=4, flicker=0.1)
    )
    assert frames[0].truth["series"]["this_from_first"] == pytest.approx(np.eye(3))
    window = np.s_[100:356, 100:356]
    first, *others = (cv2.cvtColor(one.picture, cv2.COLOR_RGB2GRAY).astype(np.float32)[window] for one in frames)
    hann = cv2.createHanningWindow((256, 256), cv2.CV_32F)
    for frame, luma in zip(frames[1:], others, strict=True):
        moved = np.array(frame.truth["series"]["this_from_first"])[:2, 2]
        found, _ = cv2.phaseCorrelate(first.copy(), luma.copy(), hann)
        assert np.abs(moved).max() > 0.5
        assert found == pytest.approx(moved, abs=0.15)
    factors = [one.truth["series"]["light_factor"] for one in frames]
    assert len(set(factors)) == 3


def test_a_pair_tells_the_geometry_between_its_pictures() -> None:
    made = simulate.pair("dead-leaves", megapixels=0.3, seed=2, phone_maker="natural")
    matrix = np.array(made.truth["reference_from_phone"]["jpeg"])
    assert not np.allclose(matrix, np.eye(3), atol=0.5)
    other = made.reference.picture
    warped = cv2.warpPerspective(made.phone.picture, matrix, other.shape[1::-1])
    hann = cv2.createHanningWindow((128, 128), cv2.CV_32F)
    for top, left in ((60, 60), (150, 250), (220, 400)):
        part = np.s_[top : top + 128, left : left + 128]
        one, two = (cv2.cvtColor(p[part], cv2.COLOR_RGB2GRAY).astype(np.float32) for p in (warped, other))
        assert np.abs(cv2.phaseCorrelate(one, two, hann)[0]).max() < 0.3


def test_on_a_tripod_phone_and_reference_differ_in_nothing_but_the_camera() -> None:
    made = simulate.pair("colorchecker", megapixels=SMALL, difference=0)
    matrix = np.array(made.truth["reference_from_phone"]["jpeg"])
    assert matrix[2, :2] == pytest.approx([0, 0], abs=1e-9)
    assert matrix[0, 1] == pytest.approx(0, abs=1e-6)
    assert made.phone.truth["maker"]["name"] == "smartphone"
    assert made.reference.truth["maker"]["name"] == "natural"


def asked(**changes) -> dict:
    return {
        "scenes": 4, "lights": ("D65", "A"), "megapixels": SMALL, "photographs": None, "calibration": False, **changes,
    }  # fmt: skip


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for index in range(4):
        cells = cv2.resize(rng.uniform(20, 235, (6, 8, 3)).astype(np.uint8), (160, 120), interpolation=cv2.INTER_CUBIC)
        PilImage.fromarray(cells).save(folder / f"picture {index}.png")
    return folder


def test_a_set_is_complete_reproducible_and_continued(pictures: Path, tmp_path: Path) -> None:
    request = asked(photographs=str(pictures), scenes=2)
    plan = simulate.set(tmp_path / "one", **request)
    simulate.set(tmp_path / "two", **request)
    written = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert len(written) == 1 + 2 * 7
    for path in written:
        assert (tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes(), path
    lost = next((tmp_path / "two").rglob("*-pair.json"))
    lost.unlink()
    made_again = []
    simulate.set(tmp_path / "two", progress=lambda n, of, name, there: made_again.append(there), **request)
    assert made_again.count(False) == 1
    assert lost.exists()
    assert json.loads((tmp_path / "one" / "set.json").read_text()) == plan


def test_training_and_test_share_no_scene_and_have_every_light() -> None:
    items = experiment.plan(experiment.Experiment(scenes=24))
    pairs = [one for one in items if one.kind == "pair"]
    test, training = ({one.seed for one in pairs if one.folder == folder} for folder in ("test", "training"))
    assert len(test) == 8
    assert len(training) == 16
    assert not test & training
    assert {one.light for one in pairs if one.folder == "test"} == {"D65", "A", "LED"}
    assert {one.kind for one in items} == {"pair", "chart", "flat", "dark"}
    assert len({one.name for one in items}) == len(items)


def test_another_request_does_not_touch_a_set(pictures: Path, tmp_path: Path) -> None:
    request = asked(photographs=str(pictures), scenes=2, lights=("D65",))
    simulate.set(tmp_path / "set", **request)
    with pytest.raises(FileError, match="another request"):
        simulate.set(tmp_path / "set", **{**request, "seed": 1})
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "mine.txt").write_text("mine")
    with pytest.raises(FileError, match="not empty"):
        simulate.set(tmp_path / "else", **request)


@pytest.mark.parametrize(
    ("changes", "kind", "told"),
    [
        ({"scenes": 1}, ParameterError, "2 to 10000"),
        ({"lights": ()}, ParameterError, "one or more"),
        ({"lights": ("moon",)}, ParameterError, "'moon' is not known"),
        ({"phone": "fone"}, DocumentError, "did you mean 'phone'"),
        ({"reference_maker": "naturl"}, DocumentError, "did you mean 'natural'"),
        ({"megapixels": 1e4}, ParameterError, "outside 0.01 to 200"),
        ({"photographs": "no-such-folder"}, FileError, "not a folder"),
    ],
)
def test_a_set_that_cannot_be_is_refused_before_anything_is_made(changes, kind, told, tmp_path: Path) -> None:
    with pytest.raises(kind, match=told):
        simulate.set(tmp_path / "set", **asked(**changes))
    assert not (tmp_path / "set").exists()


def test_a_full_disk_is_foreseen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pictures: Path) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000})())
    with pytest.raises(FileError, match="GB are free"):
        simulate.set(tmp_path / "set", **asked(photographs=str(pictures)))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: simulate.chart(target="circle"), "expected one of colorchecker"),
        (lambda: simulate.pair("flat", difference=3), "outside 0 to 2"),
        (lambda: list(simulate.burst("flat", frames=0)), "frames = 0 is outside"),
        (lambda: list(simulate.burst("flat", flicker=1.0)), "flicker = 1 is outside"),
        (lambda: list(simulate.flat(levels=(0.0,))), "above 0"),
        (lambda: list(simulate.dark(count=0)), "count = 0"),
        (lambda: list(simulate.bracket("flat", stops=())), "one or more numbers of EV"),
    ],
)
def test_what_cannot_be_shot_is_said(make, told: str) -> None:
    with pytest.raises(ParameterError, match=told):
        make()


def test_everyday_names_of_lights_are_known() -> None:
    assert subject.light_of("LED") == "LED-B3"
    assert subject.light_of("D50") == "D50"


def test_a_random_maker_is_told_in_full() -> None:
    frame = simulate.shot("flat", maker="random:4", megapixels=SMALL)
    assert frame.truth["maker"]["name"] == "random:4"
    assert frame.truth["maker"]["color"]["space"] == maker.random(4).parameters.color.space
