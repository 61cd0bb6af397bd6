"""Sets of photographs: what is read, what is left out and why, and which pictures show the same scene."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from compared_pictures import drawn, moved, rendered, written
from twinlens import simulate
from twinlens.compare import scenes, sets, sets_checks, sets_files, sets_read
from twinlens.core.errors import FileError
from twinlens.core.shot import Shot
from twinlens.files import dng, exif
from twinlens.numerics.color import decode, rgb_from_rgb


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Two scenes, twice each, under names that say the opposite."""
    place = tmp_path_factory.mktemp("sets")
    one, other = drawn(1), drawn(2)
    written(rendered(one), place / "before" / "a.jpg")
    written(rendered(other), place / "before" / "b.jpg")
    written(rendered(moved(other, 1), contrast=1.2), place / "after" / "a.jpg")
    written(rendered(moved(one, 2), exposure=0.5), place / "after" / "b.png")
    return place


def test_scenes_are_told_by_what_they_show(folder):
    found = sets.gather(folder / "before", folder / "after")
    groups = scenes.grouped(found.pictures)
    shown = [{(found.pictures[index].role, found.pictures[index].name) for index in group.members} for group in groups]
    assert shown == [{("before", "a.jpg"), ("after", "b.png")}, {("before", "b.jpg"), ("after", "a.jpg")}]


def test_what_is_broken_or_no_photograph_is_left_out_with_the_reason(folder, tmp_path):
    (tmp_path / "broken.jpg").write_bytes((folder / "before" / "a.jpg").read_bytes()[:900])
    (tmp_path / "empty.jpg").write_bytes(b"")
    written(np.full((64, 64, 3), 99, np.uint8), tmp_path / "tiny.png")
    written(rendered(drawn(1)), tmp_path / "Screenshot_2026.png")
    found = sets.gather([tmp_path, folder / "before" / "a.jpg"], folder / "after")
    reasons = {Path(path).name: why for path, why in found.left_out}
    assert set(reasons) == {"broken.jpg", "empty.jpg", "tiny.png", "Screenshot_2026.png"}
    assert all(str(tmp_path) not in why for why in reasons.values())  # the file is named once, before the reason
    assert "screenshot" in reasons["Screenshot_2026.png"] and "too few" in reasons["tiny.png"]
    assert [one.name for one in found.of("before")] == ["a.jpg"]


def test_an_edited_picture_among_others_is_left_out_unless_it_is_asked_for(folder, tmp_path):
    told = exif.made(Shot(software="Adobe Photoshop 25.1", make="Maker", model="One"))
    path = written(rendered(drawn(3)), tmp_path / "edited.tif", exif=told)
    picture = sets.scan(path)
    assert sets_checks.editor_of("Adobe Photoshop 25.1") and not sets_checks.editor_of("twinlens")
    assert picture.camera == "Maker One"


def test_a_raw_file_with_its_picture_beside_it_is_not_read(tmp_path):
    for name in ("a.dng", "a.JPG", "b.nef", "c.jpg", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    paths, notes = sets_files.listed(tmp_path)
    assert [one.name for one in paths] == ["a.JPG", "b.nef", "c.jpg"]
    assert notes == ["1 raw file left aside: the picture beside it is its rendering"]


def test_a_place_without_pictures_is_an_error_that_says_so(tmp_path):
    with pytest.raises(FileError, match="no picture was found"):
        sets_files.listed(tmp_path)
    with pytest.raises(FileError, match="is not there"):
        sets_files.listed(tmp_path / "nowhere")


def test_a_monochrome_picture_is_noticed(folder, tmp_path):
    grey = np.repeat(rendered(drawn(1))[..., :1], 3, axis=2)
    written(grey, tmp_path / "grey.jpg")
    found = sets.gather(tmp_path, folder / "after")
    assert found.of("before")[0].is_mono and not found.of("after")[0].is_mono
    assert any("monochrome" in note for note in found.notes)


def test_the_quality_of_a_jpeg_is_that_which_it_was_written_with(folder):
    tables = sets_read.jpeg_tables(folder / "before" / "a.jpg")
    assert abs(sets_read.quality(tables) - 97) < 1.5
    assert np.isnan(sets_read.quality(sets_read.jpeg_tables(folder / "after" / "b.png")))


def test_smaller_pictures_of_a_camera_are_noticed():
    cameras = ["One"] * 4 + ["", "Two"]
    assert sets_checks.resized([4000, 4000, 4000, 1600, 800, 900], cameras) == [False] * 3 + [True, False, False]


def test_turned_pictures_are_read_upright(tmp_path):
    codes = rendered(drawn(4))
    path = written(codes, tmp_path / "a.jpg", exif=exif.made(Shot(make="Maker")))
    data = bytearray(path.read_bytes())
    at = data.find(b"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x01")
    little = data.find(b"\x12\x01\x03\x00\x01\x00\x00\x00\x01\x00")
    assert max(at, little) > 0
    data[(at if at > 0 else little) + (9 if at > 0 else 8)] = 6
    path.write_bytes(data)
    picture = sets.scan(path)
    assert (picture.height, picture.width) == (codes.shape[1], codes.shape[0])
    assert picture.features.grey.shape[0] > picture.features.grey.shape[1]


def test_a_raw_file_alone_is_its_preview_turned_and_named_as_the_raw_says(tmp_path):
    frame = simulate.shot("still-life", "phone", megapixels=0.4, seed=4, name="frame")
    turned = replace(frame.image.shot, orientation=6, make="Maker", model="One", iso=200.0)
    dng.write(tmp_path / "a.dng", frame.image.pixels, turned, preview=frame.picture)
    picture = sets.scan(tmp_path / "a.dng")
    assert picture.height > picture.width and picture.camera == "Maker One"
    assert any("embedded preview" in note for note in picture.notes)
    full, small = (sets_read.opened(tmp_path / "a.dng", edge=edge)[0] for edge in (None, 200))
    assert full.pixels.shape[:2] == (picture.height, picture.width)
    assert 200 <= max(small.pixels.shape) < max(full.pixels.shape) and small.shot.height == full.shot.height


def test_codes_of_eight_bits_and_of_sixteen_are_one_picture():
    codes = rendered(drawn(5))
    eight, sixteen = (sets_read.reduced(one, "srgb", (84, 112)) for one in (codes, codes.astype(np.uint16) * 257))
    linear = decode(codes / 255, "srgb") @ rgb_from_rgb("rec2020", "srgb").T
    means = linear.reshape(84, 6, 112, 6, 3).mean(axis=(1, 3))
    for view in (eight, sixteen):
        np.testing.assert_allclose(view.linear, means, atol=1e-5)
        np.testing.assert_array_equal(view.white, eight.white)
        np.testing.assert_array_equal(view.sunk, eight.sunk)
