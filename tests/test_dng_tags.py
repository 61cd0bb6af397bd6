"""DNG tags: what they say arrives in the shot; what is not valid is left out and named."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from raw_files import full_shot, mosaic, picture_tags, plain_shot, write_strips
from twinlens import files
from twinlens.core.camera_color import GainTableMap
from twinlens.files import dng, exif, tiff
from twinlens.files import tiff_write as tw
from twinlens.files.dng import color
from twinlens.files.tags import NUMBERS


def _directory(**tags: tw.Value) -> tiff.Directory:
    values = {NUMBERS[name]: value for name, value in tags.items()}
    return tiff.read(memoryview(tw.encode([tw.Directory(values)])))[0]


def test_planes_in_another_order_are_put_into_red_green_blue(tmp_path: Path) -> None:
    pixels = mosaic(8, 8)
    tags = picture_tags(pixels)
    tags[NUMBERS["CFAPlaneColor"]] = tw.numbers(tw.BYTE, [2, 1, 0])
    tags[NUMBERS["AsShotNeutral"]] = tw.numbers(tw.RATIONAL, [0.25, 1.0, 0.5])
    tags[NUMBERS["ColorMatrix1"]] = tw.numbers(tw.SRATIONAL, [0, 0, 3, 0, 2, 0, 1, 0, 0])
    write_strips(tmp_path / "a.dng", tags, [pixels.tobytes()], 8)
    shot = files.read(tmp_path / "a.dng").shot
    assert shot.as_shot_neutral == (0.5, 1.0, 0.25)
    assert shot.color.calibrations[0].color_matrix.tolist() == [[1, 0, 0], [0, 2, 0], [0, 0, 3]]


def test_one_noise_pair_counts_for_all_planes(tmp_path: Path) -> None:
    pixels = mosaic(8, 8)
    tags = picture_tags(pixels) | {NUMBERS["NoiseProfile"]: tw.numbers(tw.DOUBLE, [1e-4, 1e-6])}
    write_strips(tmp_path / "a.dng", tags, [pixels.tobytes()], 8)
    image = files.read(tmp_path / "a.dng")
    assert image.noise.gain == (1e-4,) * 3 and image.noise.offset == (1e-6,) * 3


def test_illuminant_data_as_chromaticity_and_as_spectrum() -> None:
    white = struct.pack("<H4I", 0, 3127, 10000, 329, 1000)
    assert color.illuminant_xy(white, "<") == (0.3127, 0.329)
    flat = struct.pack("<HI4I", 1, 2, 360, 1, 470, 1) + struct.pack("<4I", 1, 1, 1, 1)
    x, y = color.illuminant_xy(flat, "<")
    assert abs(x - 1 / 3) < 2e-3 and abs(y - 1 / 3) < 2e-3  # equal energy
    assert color.illuminant_xy(struct.pack("<H4I", 0, 1, 0, 1, 0), "<") is None


@pytest.mark.parametrize(
    ("kind", "stored", "full"), [(0, "<u1", 255), (1, "<u2", 65535), (2, "<f2", None), (3, "<f4", None)]
)
def test_gain_table_map_2_in_every_storage(kind, stored, full) -> None:
    """80 bytes of head; integers run from GainMin to GainMax."""
    raw = (
        np.array([0, 255, 51, 102])
        if kind == 0
        else np.array([0, 65535, 13107, 26214])
        if kind == 1
        else [0.5, 1, 2, 3]
    )
    head = struct.pack("<2I4dI5fI3f", 1, 2, 1.0, 0.5, 0.0, 0.25, 2, 0.1, 0.2, 0.3, 0.4, 0.5, kind, 2.0, 0.5, 3.0)
    assert len(head) == 80
    data = head + np.asarray(raw).astype(stored).tobytes()
    found = color.gain_table_map(_directory(ProfileGainTableMap2=tw.undefined(data)))
    wanted = [0.5, 1, 2, 3] if full is None else (0.5 + np.asarray(raw) / full * 2.5)
    np.testing.assert_allclose(found.gains.ravel(), wanted, rtol=1e-6)
    assert found.gains.shape == (1, 2, 2) and found.gamma == 2.0 and found.spacing == (1.0, 0.5)


def test_gain_table_map_with_gamma_is_written_as_the_second_kind(tmp_path: Path) -> None:
    table = GainTableMap(np.full((1, 1, 4), 1.5, np.float32), (0.0, 0.0), (1.0, 1.0), (0.0, 1.0, 0.0, 0.0, 0.0), 0.5)
    shot = plain_shot()
    dng.write(tmp_path / "a.dng", mosaic(8, 8), replace(shot, color=replace(shot.color, gain_table_map=table)))
    found = files.read(tmp_path / "a.dng").shot.color.gain_table_map
    assert found.gamma == 0.5 and np.array_equal(found.gains, table.gains)


def test_hue_sat_table_is_stored_value_hue_saturation() -> None:
    """Value is the outermost axis in the file, then hue, then saturation."""
    data = np.arange(2 * 3 * 2 * 3)
    directory = _directory(
        ProfileLookTableDims=tw.numbers(tw.LONG, [3, 2, 2]), ProfileLookTableData=tw.numbers(tw.FLOAT, data)
    )
    table = color.read(directory, directory, [0, 1, 2]).look_table.values
    assert table.shape == (3, 2, 2, 3)
    assert table[2, 1, 0].tolist() == [15, 16, 17] and table[0, 0, 1].tolist() == [18, 19, 20]


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("ColorMatrix1", tw.Value(tw.SRATIONAL, 9, bytes(72)), "ColorMatrix1"),
        ("ColorMatrix1", tw.numbers(tw.SRATIONAL, [1, 1, 1, 1, 1, 1, 1, 1, 1]), "no inverse"),
        ("ColorMatrix1", tw.numbers(tw.SRATIONAL, [1, 2, 3]), "9"),
        ("ActiveArea", tw.numbers(tw.LONG, [0, 0, 99, 99]), "ActiveArea"),
        ("WhiteLevel", tw.numbers(tw.LONG, [0]), "WhiteLevel"),
        ("BlackLevel", tw.numbers(tw.SHORT, [60, 62, 64]), "BlackLevel"),
        ("OpcodeList2", tw.undefined(b"\0\0\0\1abc"), "OpcodeList2"),
        ("RGBTables", tw.undefined(b"\1\0\0\0\0\0\0\0abcd"), "RGBTables"),
        ("ProfileGainTableMap", tw.undefined(b"\1" * 70), "ProfileGainTableMap"),
        ("DefaultCropOrigin", tw.numbers(tw.LONG, [50, 0]), "DefaultCropOrigin"),
    ],
)
def test_an_invalid_tag_is_left_out_and_named(tmp_path: Path, name, value, word) -> None:
    pixels = mosaic(8, 8)
    write_strips(tmp_path / "a.dng", picture_tags(pixels) | {NUMBERS[name]: value}, [pixels.tobytes()], 8)
    image = files.read(tmp_path / "a.dng")
    assert np.array_equal(image.pixels, pixels)
    assert any(word in note and note.endswith(".") for note in image.shot.notes), image.shot.notes


def test_exif_is_rebuilt_without_what_others_stumble_over() -> None:
    values = {
        271: tw.text("Maker"),
        306: tw.text("0000:00:00 00:00:00"),
        NUMBERS["MakerNote"]: tw.undefined(b"secret"),
    }
    base = tw.Directory(values)
    base.children[tiff.EXIF_IFD] = [
        tw.Directory(
            {
                33434: tw.Value(tw.RATIONAL, 1, struct.pack("<2I", 1, 0)),
                33437: tw.numbers(tw.RATIONAL, [1.8]),
                36867: tw.text(""),
                37500: tw.undefined(b"secret"),
            }
        )
    ]
    base.children[tiff.GPS_IFD] = [tw.Directory({1: tw.text("N"), 2: tw.numbers(tw.RATIONAL, [47, 30, 0])})]
    data = memoryview(tw.encode([base]))
    parts = exif.directories(data, tiff.read(data)[0])
    block = exif.rebuilt(*parts)
    kept, kept_exif, kept_gps = exif.parts(block)
    assert set(kept) == {271} and set(kept_exif) == {33437} and set(kept_gps) == {1, 2}
    assert b"secret" not in block
    from PIL import Image as Pillow

    found = Pillow.Exif()
    found.load(b"Exif\0\0" + block)
    assert found[271] == "Maker" and found.get_ifd(34665)[33437] == 1.8


def test_previews_are_found(tmp_path: Path) -> None:
    preview = np.zeros((30, 40, 3), np.uint8)
    preview[:, 20:] = 200
    dng.write(tmp_path / "a.dng", mosaic(64, 64), plain_shot(), preview=preview)
    ((size, jpeg),) = files.previews(tmp_path / "a.dng")
    assert size == (40, 30)
    assert np.abs(imagecodecs.jpeg8_decode(jpeg).astype(int) - preview).max() <= 12


def test_plain_thumbnails_are_found(tmp_path: Path) -> None:
    pixels, thumbnail = mosaic(16, 20), np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)
    tags = picture_tags(thumbnail, bits=8, samples=3, photometric=2) | {254: tw.numbers(tw.LONG, [1])}
    first = tw.Directory(tags, segments=[thumbnail.tobytes()], segment_tags=(273, 279))
    first.children[tiff.SUB_IFDS] = [
        tw.Directory(picture_tags(pixels), segments=[pixels.tobytes()], segment_tags=(273, 279))
    ]
    (tmp_path / "a.dng").write_bytes(tw.encode([first]))
    ((size, found),) = files.previews(tmp_path / "a.dng")
    assert size == (8, 6) and np.array_equal(found, thumbnail)


def test_another_reader_finds_the_numbers_that_were_meant(tmp_path: Path) -> None:
    import tifffile

    dng.write(tmp_path / "a.dng", mosaic(40, 48), full_shot(40, 48))
    with tifffile.TiffFile(tmp_path / "a.dng") as file:
        tags = {tag.code: tag.value for tag in file.pages[0].tags}
    wanted = {
        "DNGVersion": b"\1\6\0\0",
        "DNGBackwardVersion": b"\1\3\0\0",
        "UniqueCameraModel": "Test One wide",
        "CFAPattern": b"\2\1\1\0",  # GBRG seen from (2, 3)
        "ActiveArea": (2, 3, 39, 46),
        "MaskedAreas": (0, 0, 2, 48, 2, 0, 39, 3),
        "BlackLevelRepeatDim": (2, 2),
        "BlackLevel": (64, 1, 131, 2, 66, 1, 269, 4),
        "WhiteLevel": 4000,
        "DefaultScale": (1, 1, 2, 1),
        "DefaultCropOrigin": (4, 1, 5, 2),
        "DefaultCropSize": (20, 16),
        "AnalogBalance": (1, 1, 5, 4, 3, 4),
        "AsShotNeutral": (1, 2, 1, 1, 5, 8),
        "BaselineExposure": (-1, 2),
        "BaselineNoise": (3, 4),
        "BaselineSharpness": (3, 2),
        "CalibrationIlluminant1": 17,
        "CalibrationIlluminant3": 255,
        "NoiseProfile": (1e-4, 1e-6, 2e-4, 2e-6, 3e-4, 3e-6),
        "ProfileToneCurve": (0.0, 0.0, 0.25, 0.5, 1.0, 1.0),
        "ProfileHueSatMapDims": (6, 4, 2),
        "BaselineExposureOffset": (1, 4),
        "DefaultBlackRender": 1,
        "IlluminantData3": struct.pack("<H4I", 0, 3127, 10000, 329, 1000),
    }
    assert {name: tags[NUMBERS[name]] for name in wanted} == wanted
    assert tags[NUMBERS["ColorMatrix2"]][:6] == (6461, 10000, -291, 2500, -857, 10000)
    assert tags[NUMBERS["OpcodeList1"]][:8] == struct.pack(">2I", 1, 4)  # big-endian: one opcode, FixBadPixelsConstant


@pytest.mark.parametrize(("gamma", "version"), [(1.0, b"\1\6\0\0"), (0.5, b"\1\7\0\0")])
def test_the_version_is_that_of_the_newest_tag(tmp_path: Path, gamma, version) -> None:
    table = GainTableMap(np.ones((1, 1, 4), np.float32), (0.0, 0.0), (1.0, 1.0), (0.0, 1.0, 0.0, 0.0, 0.0), gamma)
    shot = plain_shot()
    dng.write(tmp_path / "a.dng", mosaic(8, 8), replace(shot, color=replace(shot.color, gain_table_map=table)))
    assert tiff.read(tiff.open_bytes(tmp_path / "a.dng"))[0].bytes(NUMBERS["DNGVersion"]) == version
