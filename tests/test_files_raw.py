"""Raw files: what is written is read back, and other programs read the same."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from raw_files import full_shot, mosaic, plain_shot
from shared_data import shared
from twinlens import files
from twinlens.core.image import SENSOR
from twinlens.core.shot import Cfa
from twinlens.files import dng, tiff

SIZES = [(1, 1), (1, 7), (31, 33), (300, 270)]
MOSAIC = ["none", "ljpeg", "deflate", "jpegxl"]


@pytest.mark.parametrize("compression", MOSAIC)
@pytest.mark.parametrize("size", SIZES)
def test_mosaic_comes_back_bit_for_bit(tmp_path: Path, compression, size) -> None:
    pixels = mosaic(*size)
    dng.write(tmp_path / "a.dng", pixels, plain_shot(), compression=compression)
    image = files.read(tmp_path / "a.dng")
    assert image.state is SENSOR and image.pixels.dtype == np.uint16
    assert np.array_equal(image.pixels, pixels)
    assert image.cfa == image.shot.cfa == Cfa.bayer("RGGB")


@pytest.mark.parametrize("compression", MOSAIC)
def test_full_range_comes_back_bit_for_bit(tmp_path: Path, compression) -> None:
    pixels = np.random.default_rng(1).integers(0, 65536, (64, 48), dtype=np.uint16)
    pixels[:2, :4] = [[0, 65535, 0, 65535], [32768, 0, 32767, 65535]]
    dng.write(tmp_path / "a.dng", pixels, plain_shot(), compression=compression, tile=(32, 32))
    assert np.array_equal(files.read(tmp_path / "a.dng").pixels, pixels)


@pytest.mark.parametrize("compression", MOSAIC)
def test_linear_comes_back_bit_for_bit_in_planar_memory(tmp_path: Path, compression) -> None:
    pixels = np.stack([mosaic(45, 51, seed) for seed in range(3)], -1)
    dng.write(tmp_path / "a.dng", pixels, plain_shot(), compression=compression, tile=(32, 32))
    image = files.read(tmp_path / "a.dng")
    assert np.array_equal(image.pixels, pixels) and image.cfa is None
    assert image.pixels.strides[1] == image.pixels.itemsize


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("compression", ["none", "deflate"])
@pytest.mark.parametrize("shape", [(33, 47), (33, 47, 3)])
def test_floats_come_back_bit_for_bit(tmp_path: Path, dtype, compression, shape) -> None:
    pixels = np.random.default_rng(2).random(shape).astype(dtype)
    dng.write(tmp_path / "a.dng", pixels, plain_shot(white_level=None), compression=compression, tile=(16, 32))
    image = files.read(tmp_path / "a.dng")
    assert image.pixels.dtype == np.float32 and np.array_equal(image.pixels, pixels.astype(np.float32))
    assert image.shot.white_level == (1.0,) * (1 if pixels.ndim == 2 else 3)


def test_pixels_that_are_no_numbers_are_mended(tmp_path: Path) -> None:
    pixels = np.full((20, 30, 3), 0.5, np.float32)
    pixels[1, 2], pixels[3, 4] = (np.nan, np.inf, -np.inf), (3e38, -3e38, 0.25)
    dng.write(tmp_path / "a.dng", pixels, plain_shot(white_level=None), compression="deflate")
    image = files.read(tmp_path / "a.dng")
    assert image.pixels[1, 2].tolist() == [0, 1e9, -1e9] and image.pixels[3, 4].tolist() == [1e9, -1e9, 0.25]
    assert any("no numbers" in note for note in image.shot.notes)


def test_monochrome_has_no_color_filters(tmp_path: Path) -> None:
    pixels = mosaic(20, 30)
    dng.write(tmp_path / "a.dng", pixels, plain_shot(), linear=True)
    image = files.read(tmp_path / "a.dng")
    assert np.array_equal(image.pixels, pixels) and image.cfa is None and not image.is_mosaic


def test_uncompressed_pixels_are_a_view_of_the_file(tmp_path: Path) -> None:
    dng.write(tmp_path / "a.dng", mosaic(40, 50), plain_shot(), compression="none")
    pixels = files.read(tmp_path / "a.dng").pixels
    assert not pixels.flags.writeable and not pixels.flags.owndata


def test_every_field_of_a_shot_comes_back(tmp_path: Path) -> None:
    shot = full_shot(40, 48)
    dng.write(tmp_path / "a.dng", mosaic(40, 48), shot)
    found = files.read(tmp_path / "a.dng").shot
    plain = (
        *("make", "model", "unique_camera_model", "lens", "serial", "software", "taken", "exposure_time_s", "f_number"),
        *("iso", "focal_length_mm", "focus_distance_m", "orientation", "cfa", "active_area", "masked_areas"),
        *("default_crop_origin", "default_crop_size", "default_scale", "white_level", "noise", "as_shot_neutral"),
        *("baseline_exposure", "baseline_sharpness", "baseline_noise", "xmp"),
    )
    assert {name: getattr(found, name) for name in plain} == {name: getattr(shot, name) for name in plain}
    for name in ("black_level", "black_delta_h", "black_delta_v", "linearization_table"):
        assert np.array_equal(getattr(found, name), getattr(shot, name)), name
    assert [type(item) for items in found.opcodes for item in items] == [
        type(item) for items in shot.opcodes for item in items
    ]
    assert (found.width, found.height, found.bits, found.compression) == (48, 40, 16, "ljpeg")
    assert found.notes == ()


def test_every_field_of_a_color_comes_back(tmp_path: Path) -> None:
    wanted = full_shot(40, 48).color
    dng.write(tmp_path / "a.dng", mosaic(40, 48), full_shot(40, 48))
    found = files.read(tmp_path / "a.dng").shot.color
    for name in ("name", "signature", "profile_signature", "copyright", "embed_policy", "baseline_exposure_offset"):
        assert getattr(found, name) == getattr(wanted, name)
    assert found.default_black_render == 1 and found.origin == "dng"
    assert np.array_equal(found.analog_balance, wanted.analog_balance)
    assert np.array_equal(found.tone_curve, wanted.tone_curve)
    assert np.array_equal(found.look_table.values, wanted.look_table.values) and found.look_table.encoding == "srgb"
    for one, other in zip(found.calibrations, wanted.calibrations, strict=True):
        assert one.light == other.light and one.white_xy == other.white_xy
        for name in ("color_matrix", "forward_matrix", "camera_calibration"):
            np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=0, atol=1e-9)
        assert np.array_equal(one.hue_sat.values, other.hue_sat.values)
    table = found.gain_table_map
    assert np.array_equal(table.gains, wanted.gain_table_map.gains)
    assert (table.origin, table.spacing, table.gamma) == ((0.25, 0.125), (0.5, 0.375), 1.0)
    assert table.input_weights == (0.25, 0.5, 0.125, 0.0, 0.125)
    assert np.array_equal(found.rgb_tables[0].values, wanted.rgb_tables[0].values)
    assert (found.rgb_tables[0].semantic_name, found.rgb_tables[0].primaries) == ("sky", 3)


def test_white_point_is_written_when_there_is_no_neutral(tmp_path: Path) -> None:
    shot = plain_shot(as_shot_neutral=None, as_shot_white_xy=(0.3457, 0.3585))
    dng.write(tmp_path / "a.dng", mosaic(8, 8), shot)
    found = files.read(tmp_path / "a.dng").shot
    assert found.as_shot_white_xy == (0.3457, 0.3585) and found.as_shot_neutral is None


@pytest.mark.parametrize("area", [(0, 0, 20, 20), (1, 0, 20, 20), (0, 1, 20, 20), (3, 5, 18, 19)])
def test_color_filters_count_from_the_active_area_in_the_file(tmp_path: Path, area) -> None:
    """The stored pattern begins at the active area (DNG 1.7.1, CFAPattern); the shot's begins at the stored frame."""
    dng.write(tmp_path / "a.dng", mosaic(20, 20), plain_shot("RGGB", active_area=area))
    first = tiff.read(tiff.open_bytes(tmp_path / "a.dng"))[0]
    stored = "".join("RGB"[code] for code in first.integers(33422))
    assert stored == Cfa.bayer("RGGB").shifted(area[0], area[1]).name
    assert files.read(tmp_path / "a.dng").cfa.name == "RGGB"


@pytest.mark.parametrize("size", [(22, 31), (22, 302), (300, 64)])
def test_libraw_reads_ours_of_any_size(tmp_path: Path, size) -> None:
    import rawpy

    pixels = mosaic(*size)
    dng.write(tmp_path / "a.dng", pixels, plain_shot())
    with rawpy.imread(str(tmp_path / "a.dng")) as raw:
        assert np.array_equal(raw.raw_image, pixels)


@pytest.mark.parametrize("compression", ["none", "ljpeg"])
@pytest.mark.parametrize("with_preview", [False, True])
def test_libraw_reads_ours_identically(tmp_path: Path, compression, with_preview) -> None:
    import rawpy

    pixels, shot = mosaic(120, 302), plain_shot(active_area=(2, 4, 118, 300), orientation=6)
    preview = np.full((30, 40, 3), 128, np.uint8) if with_preview else None
    dng.write(tmp_path / "a.dng", pixels, shot, compression=compression, preview=preview)
    with rawpy.imread(str(tmp_path / "a.dng")) as raw:
        assert np.array_equal(raw.raw_image, pixels)
        assert (raw.sizes.top_margin, raw.sizes.left_margin, raw.sizes.flip) == (2, 4, 6)
        assert raw.black_level_per_channel == [512] * 4 and raw.white_level == 16383
        assert raw.color_desc == b"RGBG" and raw.raw_pattern.tolist() == [[0, 1], [3, 2]]


def test_libraw_reads_linear_identically(tmp_path: Path) -> None:
    import rawpy

    pixels = np.stack([mosaic(100, 90, seed) for seed in range(3)], -1)
    dng.write(tmp_path / "a.dng", pixels, plain_shot())
    with rawpy.imread(str(tmp_path / "a.dng")) as raw:
        assert np.array_equal(raw.raw_image[..., :3], pixels)


@pytest.mark.parametrize("program", ["rawtherapee-cli", "darktable-cli"])
def test_other_programs_open_ours(tmp_path: Path, program) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    preview = np.full((30, 40, 3), 128, np.uint8)
    dng.write(tmp_path / "a.dng", mosaic(600, 800), plain_shot(), preview=preview)
    source, result = str(tmp_path / "a.dng"), tmp_path / "a.tif"
    arguments = {
        "rawtherapee-cli": ["-q", "-Y", "-t", "-o", str(result), "-c", source],
        "darktable-cli": [source, str(result), "--core", "--configdir", str(tmp_path), "--library", ":memory:"],
    }
    subprocess.run([program, *arguments[program]], capture_output=True, timeout=120, check=True)
    assert result.stat().st_size > 100_000


def test_other_color_filters_are_demosaiced_by_libraw(tmp_path: Path) -> None:
    cfa = Cfa(("GGRGGB", "GGBGGR", "BRGRBG", "GGBGGR", "GGRGGB", "RBGBRG"))
    light = np.array([0.2, 0.5, 0.35])
    tile = 1000 + 60000 * light[cfa.indices]
    pixels = np.tile(tile, (100, 150)).astype(np.uint16)
    shot = replace(plain_shot(), cfa=cfa, black_level=np.full((1, 1, 1), 1000.0), white_level=(65535.0,))
    dng.write(tmp_path / "a.dng", pixels, shot, compression="none")
    image = files.read(tmp_path / "a.dng")
    assert image.cfa is None and image.pixels.shape == (600, 900, 3)
    np.testing.assert_allclose(image.pixels[200, 200] / 65535, light * 60000 / 64535, atol=2e-3)
    assert image.shot.as_shot_neutral == (0.5, 1.0, 0.625) and image.shot.color.is_known
    assert any("demosaic" in note for note in image.shot.notes)


def test_canon_dng_agrees_with_libraw() -> None:
    import rawpy

    path = shared("raw/canon_550d_colorchecker_passport.dng")
    image = files.read(path)
    with rawpy.imread(str(path)) as raw:
        assert np.array_equal(raw.raw_image, image.pixels)
        assert raw.black_level_per_channel == [image.shot.black_level[0, 0, 0]] * 4
        assert raw.white_level == image.shot.white_level[0]
        top, left, bottom, right = image.shot.active_area
        sizes = raw.sizes
        assert (sizes.top_margin, sizes.left_margin, sizes.height, sizes.width) == (
            top,
            left,
            bottom - top,
            right - left,
        )
    assert image.shot.cfa.name == "RGGB" and image.shot.taken == "" and image.shot.exposure_time_s is None
    assert image.shot.as_shot_neutral == (1.0, 2.477, 1.462)


def test_canon_dng_by_libraw_gives_the_same_mosaic() -> None:
    from twinlens.files import libraw

    path = shared("raw/canon_550d_colorchecker_passport.dng")
    own, other = files.read(path), libraw.read(path)
    assert np.array_equal(own.pixels, other.pixels) and own.cfa == other.cfa
    assert own.shot.active_area == other.shot.active_area and own.shot.crop == other.shot.crop
    assert np.all(other.shot.black_level == 2056) and other.shot.white_level == (15000.0,)
    ratio = np.array(other.shot.as_shot_neutral) / np.array(own.shot.as_shot_neutral)
    np.testing.assert_allclose(ratio / ratio[0], 1, rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "stated", "top"),
    [
        ("lightbooth_colorchecker_1920x1080_12bit_BGGR", "1920x1080:uint16le:BGGR:bits=12", 4095),
        ("dynamic_range_chart_1920x1080_10bit_RGGB", "1920x1080:uint16le:RGGB:bits=10", 1023),
        ("nikon_rose_768x512_14bit_RGGB", "768x512:uint16le:RGGB:black=600:bits=14", 16383),
    ],
)
def test_headerless_files_read_by_their_layout(name, stated, top) -> None:
    image = files.read(shared(f"raw/{name}.raw"), raw_layout=stated)
    assert image.shot.white_level == (top,) and image.pixels.max() <= top
    assert image.cfa.name == stated.split(":")[2]
