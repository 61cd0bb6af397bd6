"""Raw files: what is written is read back, and other programs read the same."""

from __future__ import annotations

import shutil
import struct
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from raw_files import full_shot, mosaic, picture_tags, plain_shot, set_tag, write_strips, write_tiles
from shared_data import shared
from twinlens import files
from twinlens.core.camera_color import GainTableMap
from twinlens.core.errors import DocumentError, FileError, ParameterError
from twinlens.core.image import SENSOR
from twinlens.core.shot import Cfa, Shot
from twinlens.files import dng, exif, layout, reading, segment, tiff
from twinlens.files import tiff_write as tw
from twinlens.files.dng import color
from twinlens.files.tags import NUMBERS

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


# ---- LibRaw and other programs


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


# ---- how pixels are stored


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_packed_rows_begin_at_whole_bytes(tmp_path: Path, bits) -> None:
    pixels = mosaic(9, 13) & (2**bits - 1)
    stream = []
    for row in pixels:
        number = "".join(f"{value:0{bits}b}" for value in row)
        number += "0" * (-len(number) % 8)
        stream.append(int(number, 2).to_bytes(len(number) // 8, "big"))
    write_strips(tmp_path / "a.dng", picture_tags(pixels, bits=bits), [b"".join(stream[:5]), b"".join(stream[5:])], 5)
    assert np.array_equal(files.read(tmp_path / "a.dng").pixels, pixels)


def test_big_endian_files_by_another_writer(tmp_path: Path) -> None:
    import tifffile

    pixels = mosaic(24, 32)
    extra = [
        (50706, 1, 4, (1, 4, 0, 0), True),
        (33421, 3, 2, (2, 2), True),
        (33422, 1, 4, (1, 2, 0, 1), True),
        (50714, 5, 1, (129, 2), True),
        (50717, 4, 1, 16000, True),
        (50728, 5, 3, (1, 2, 1, 1, 5, 8), True),
        (50721, 10, 9, (8, 10, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, -1, 10, 0, 1, 7, 10), True),
    ]
    tifffile.imwrite(tmp_path / "a.dng", pixels, byteorder=">", photometric=32803, extratags=extra, metadata=None)
    image = files.read(tmp_path / "a.dng")
    assert np.array_equal(image.pixels, pixels) and image.pixels.dtype.isnative
    assert image.cfa.name == "GBRG" and image.shot.black_level[0, 0, 0] == 64.5
    assert image.shot.as_shot_neutral == (0.5, 1.0, 0.625)
    wanted = [[0.8, 0, 0], [0, 1, 0], [-0.1, 0, 0.7]]
    assert image.shot.color.calibrations[0].color_matrix.tolist() == wanted


@pytest.mark.parametrize("predictor", range(1, 8))
@pytest.mark.parametrize("components", [1, 2])
def test_lossless_jpeg_of_every_predictor(tmp_path: Path, predictor, components) -> None:
    pixels = mosaic(32, 48)
    coded = pixels if components == 1 else pixels.reshape(32, 24, 2)
    tile = imagecodecs.jpeg8_encode(coded, lossless=True, predictor=predictor, bitspersample=14)
    tags = picture_tags(pixels, compression=7, bits=14)
    write_tiles(tmp_path / "a.dng", tags, [tile], (32, 48))
    assert np.array_equal(files.read(tmp_path / "a.dng").pixels, pixels)


def test_lossy_jpeg_is_read_with_its_table(tmp_path: Path) -> None:
    ramp = np.linspace(20, 230, 64).astype(np.uint8)
    pixels = np.broadcast_to(ramp[None, :, None], (64, 64, 3)).copy()
    tags = picture_tags(pixels, compression=34892, bits=8, samples=3, photometric=34892)
    tags[NUMBERS["LinearizationTable"]] = tw.numbers(tw.SHORT, np.arange(256) * 257)
    write_tiles(tmp_path / "a.dng", tags, [imagecodecs.jpeg8_encode(pixels, level=98)], (64, 64))
    image = files.read(tmp_path / "a.dng")
    assert image.pixels.dtype == np.uint16 and image.shot.bits == 8
    assert np.abs(image.pixels.astype(int) - pixels).max() <= 3
    assert image.shot.linearization_table[255] == 65535


def test_floating_point_of_24_bits() -> None:
    """1 sign, 7 exponent (bias 64), 16 mantissa bits: 1.5 is 0x408000, -2 is 0xC10000, the smallest step is 2**-79."""
    stored = bytes.fromhex("408000c10000000001000000")
    codec = segment.Codec(1, 24, True, 1, 1, ">")
    values = segment.decode(memoryview(stored), codec, (1, 4), 1)
    assert values.ravel().tolist() == [1.5, -2.0, 2.0**-79, 0.0]
    little = b"".join(stored[i : i + 3][::-1] for i in range(0, 12, 3))
    assert np.array_equal(segment.decode(memoryview(little), replace(codec, order="<"), (1, 4), 1), values)


@pytest.mark.parametrize(("predictor", "step"), [(2, 1), (34892, 2), (34893, 4)])
def test_deflate_with_horizontal_predictors(tmp_path: Path, predictor, step) -> None:
    pixels = mosaic(16, 32)
    differences = pixels.copy()
    differences[:, step:] -= pixels[:, :-step]
    tags = picture_tags(pixels, compression=8, predictor=predictor)
    write_tiles(tmp_path / "a.dng", tags, [zlib.compress(differences.tobytes())], (16, 32))
    assert np.array_equal(files.read(tmp_path / "a.dng").pixels, pixels)


@pytest.mark.parametrize(("predictor", "step"), [(3, 1), (34894, 2), (34895, 4)])
@pytest.mark.parametrize("size", [2, 3, 4])
def test_deflate_with_floating_point_predictors(tmp_path: Path, predictor, step, size) -> None:
    values = (np.arange(16 * 32).reshape(16, 32) / 256 + 1).astype(np.float32)
    if size == 3:
        bits = values.view(np.uint32)
        short = (bits >> 23) - 127 + 64 << 16 | bits >> 7 & 0xFFFF  # exact: 16 mantissa bits suffice
        parts = np.stack([short >> 16, short >> 8, short], -1).astype(np.uint8)
    else:
        parts = values.astype(f">f{size}").view(np.uint8).reshape(16, 32, size)
        values = values.astype(f"f{size}").astype(np.float32)
    planes = np.ascontiguousarray(parts.transpose(0, 2, 1)).reshape(16, -1)
    differences = planes.copy()
    differences[:, step:] -= planes[:, :-step]
    tags = picture_tags(values, compression=8, predictor=predictor, bits=8 * size, sample_format=3)
    write_tiles(tmp_path / "a.dng", tags, [zlib.compress(differences.tobytes())], (16, 32))
    assert np.array_equal(files.read(tmp_path / "a.dng").pixels, values)


def test_planes_stored_one_after_the_other(tmp_path: Path) -> None:
    pixels = np.stack([mosaic(10, 12, seed) for seed in range(3)], -1)
    tags = picture_tags(pixels, samples=3, photometric=34892) | {284: tw.numbers(tw.SHORT, [2])}
    strips = [np.ascontiguousarray(pixels[top : top + 5, :, c]).tobytes() for c in range(3) for top in (0, 5)]
    write_strips(tmp_path / "a.dng", tags, strips, 5)
    assert np.array_equal(files.read(tmp_path / "a.dng").pixels, pixels)


def test_interleaved_fields_are_put_in_place(tmp_path: Path) -> None:
    """RowInterleaveFactor and ColumnInterleaveFactor 2: the four sites are the four quarters as stored."""
    pixels = mosaic(9, 13)
    order = [np.concatenate([np.arange(0, n, 2), np.arange(1, n, 2)]) for n in pixels.shape]
    tags = picture_tags(pixels)
    tags |= {NUMBERS["RowInterleaveFactor"]: tw.numbers(tw.LONG, [2])}
    tags |= {NUMBERS["ColumnInterleaveFactor"]: tw.numbers(tw.LONG, [2])}
    write_strips(tmp_path / "a.dng", tags, [pixels[np.ix_(*order)].tobytes()], 9)
    assert np.array_equal(files.read(tmp_path / "a.dng").pixels, pixels)


def test_the_largest_main_picture_is_chosen(tmp_path: Path) -> None:
    pixels, thumbnail = mosaic(16, 20), mosaic(40, 50)
    small = tw.Directory(picture_tags(pixels), segments=[pixels.tobytes()], segment_tags=(273, 279))
    values = picture_tags(thumbnail) | {254: tw.numbers(tw.LONG, [1])}
    first = tw.Directory(values, segments=[thumbnail.tobytes()], segment_tags=(273, 279))
    first.children[tiff.SUB_IFDS] = [small]
    (tmp_path / "a.dng").write_bytes(tw.encode([first]))
    assert np.array_equal(files.read(tmp_path / "a.dng").pixels, pixels)


# ---- tags


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


# ---- EXIF and previews


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


# ---- headerless files


def test_layout_of_the_command_line() -> None:
    found = layout.parse("1920x1080:uint16le:bggr:black=64:white=4095:offset=128:make=A:model=B:wb=2,1,1.5:bits=12")
    assert found == layout.Layout(1920, 1080, "uint16le", "BGGR", 64, 4095, 12, 128, "A", "B", (2.0, 1.0, 1.5))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("1920", "1920x1080"),
        ("10x10", "number format"),
        ("10x10:float:RGGB", "float"),
        ("10x10:uint8:RGBG", "RGBG"),
        ("10x10:uint8:RGGB:blck=1", "blck=1"),
        ("10x10:uint8:RGGB:black=a", "black=a"),
        ("10x10:uint8:RGGB:black=200:white=100", "black=200"),
        ("10x10:uint8:RGGB:white=300", "255"),
        ("10x10:uint8:RGGB:black=1:black=2", "twice"),
        ("10x10:uint8:RGGB:wb=1,2", "wb=1,2"),
        ("10x10:uint8:RGGB:wb=1,0,1", "above zero"),
        ("0x10:uint8:RGGB", "1x1"),
        ("10x10:uint8:RGGB:bits=12", "bits=12"),
        ("10x10:uint8:RGGB:black=nan", "black=nan"),
    ],
)
def test_an_invalid_layout_is_named(text, word) -> None:
    with pytest.raises(ParameterError, match="raw layout") as caught:
        layout.parse(text)
    assert word in str(caught.value)


def test_headerless_numbers(tmp_path: Path) -> None:
    pixels = mosaic(4, 6) & 1023
    cases = {
        "uint16le": b"??" + pixels.astype("<u2").tobytes(),
        "uint16be": b"??" + pixels.astype(">u2").tobytes(),
    }
    for name, data in cases.items():
        (tmp_path / name).write_bytes(data)
        image = files.read(tmp_path / name, raw_layout=f"6x4:{name}:GRBG:offset=2:bits=10:wb=2,1,1.6")
        assert np.array_equal(image.pixels, pixels) and image.cfa.name == "GRBG"
        assert image.shot.as_shot_neutral == (0.5, 1.0, 0.625)


@pytest.mark.parametrize(("bits", "group", "stored"), [(10, 4, "ff00ff0027"), (12, 2, "ff00a5")])
def test_mipi_packing_by_hand(tmp_path: Path, bits, group, stored) -> None:
    """RAW10: 0x27 = 0b00100111 gives the low bits 3, 1, 2, 0. RAW12: 0xa5 gives 5, then 10."""
    wanted = [1023, 1, 1022, 0] if bits == 10 else [0xFF5, 0x00A]
    (tmp_path / "a.raw").write_bytes(bytes.fromhex(stored) * 3)
    image = files.read(tmp_path / "a.raw", raw_layout=f"{group}x3:packed{bits}:mono")
    assert image.pixels.tolist() == [wanted] * 3 and image.cfa is None


def test_layout_beside_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.raw"
    path.write_bytes(bytes(range(12)))
    document = (
        'format = "raw-layout/1"\nsize = [4, 3]\nsamples = "uint8"\ncfa = "BGGR"\nblack = 1\nwb = [2.0, 1, 1.6]\n'
    )
    layout.beside(path).write_text(document)
    image = files.read(path)
    assert image.pixels[2].tolist() == [8, 9, 10, 11] and image.shot.black_level[0, 0, 0] == 1
    for wrong, word in (("blak = 1\n", "blak"), ("bits = 1.5\n", "bits"), ("make = 3\n", "make")):
        layout.beside(path).write_text(document + wrong)
        with pytest.raises(DocumentError, match=word):
            files.read(path)
    layout.beside(path).write_text(document.replace("/1", "/9"))
    with pytest.raises(DocumentError, match="raw-layout/1"):
        files.read(path)


# ---- what is broken


def _refused(path: Path, word: str, **options) -> None:
    with pytest.raises(FileError) as caught:
        files.read(path, **options)
    message = str(caught.value)
    assert word in message and str(path) in message and "\n" not in message, message


def test_broken_files_are_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.dng"
    _refused(path, "no such file")
    path.write_bytes(b"")
    _refused(path, "empty")
    path.write_text("This is not a picture.\n" * 100)
    _refused(path, "neither")
    dng.write(path, mosaic(64, 64), plain_shot(), overwrite=True)
    whole = path.read_bytes()
    for length in (4, 8, 12, 100, 400, 1000, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(FileError) as caught:
            files.read(path)
        assert str(path) in str(caught.value)
    _refused(tmp_path, "folder")


@pytest.mark.parametrize(
    ("tag", "value", "word"),
    [
        (256, 0, "0 x 64"),
        (256, 4_000_000_000, "limit"),
        (257, 100_000, "tiles or strips"),
        (322, 0, "tiles"),
        (322, 1 << 30, "tiles"),
        (322, 65536, "tile"),
        (258, 64, "64 bits"),
        (259, 99, "compression 99"),
        (277, 7, "samples"),
    ],
)
def test_absurd_tags_are_refused_before_memory_is_given(tmp_path: Path, tag, value, word) -> None:
    path = tmp_path / "a.dng"
    dng.write(path, mosaic(64, 64), plain_shot(), tile=(32, 32))
    set_tag(path, tag, value)
    _refused(path, word)


def test_the_pixel_limit_is_the_callers(tmp_path: Path) -> None:
    path = tmp_path / "a.dng"
    dng.write(path, mosaic(64, 64), plain_shot())
    _refused(path, "--max-pixels", max_pixels=4095)
    assert files.read(path, max_pixels=4096).height == 64


def test_directories_that_point_at_themselves_end(tmp_path: Path) -> None:
    path = tmp_path / "a.dng"
    pixels = mosaic(16, 16)
    tags = picture_tags(pixels) | {330: tw.numbers(tw.LONG, [8, 8])}
    write_strips(path, tags, [pixels.tobytes()], 16)
    data = bytearray(path.read_bytes())
    end = 8 + 2 + 12 * struct.unpack_from("<H", data, 8)[0]
    struct.pack_into("<I", data, end, 8)
    path.write_bytes(data)
    assert np.array_equal(files.read(path).pixels, pixels)


def test_a_jpeg_of_another_size_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    tile = imagecodecs.jpeg8_encode(mosaic(64, 64).reshape(64, 32, 2), lossless=True, predictor=1, bitspersample=16)
    write_tiles(tmp_path / "a.dng", picture_tags(mosaic(32, 32), compression=7), [tile], (32, 32))
    _refused(tmp_path / "a.dng", "JPEG of 32 x 64")


@pytest.mark.parametrize("size", [(1, 1), (17, 300), (256, 256), (2000, 3000)])
def test_the_header_of_jpeg_xl_tells_its_size(size) -> None:
    data = imagecodecs.jpegxl_encode(np.zeros(size, np.uint16), lossless=True, effort=1)
    assert segment.jpeg_xl_size(data[:64]) == (size[1], size[0])
    boxed = imagecodecs.jpegxl_encode(np.zeros(size, np.uint16), lossless=True, effort=1, usecontainer=True)
    assert segment.jpeg_xl_size(boxed[:256]) == (size[1], size[0])


def test_content_decides_not_the_name(tmp_path: Path) -> None:
    assert reading.is_display(memoryview(b"\xff\xd8\xff\xe0" + bytes(60)))
    assert not reading.is_display(memoryview(b"\0\0\0\x18ftypcrx " + bytes(60)))
    dng.write(tmp_path / "raw.dng", mosaic(16, 16), plain_shot())
    shutil.copy(tmp_path / "raw.dng", tmp_path / "picture.jpg")
    assert files.read(tmp_path / "picture.jpg").state is SENSOR


@pytest.mark.parametrize(
    ("pixels", "options", "word"),
    [
        (np.zeros((4, 4), np.int32), {}, "int32"),
        (np.zeros((4, 4, 2), np.uint16), {}, r"\(4, 4, 2\)"),
        (np.zeros((4, 4), np.float32), {}, "deflate"),
        (np.zeros((4, 4), np.uint16), {"tile": (10, 10)}, "16"),
        (np.zeros((4, 4), np.uint16), {"compression": "zip"}, "zip"),
        (np.zeros((4, 4), np.uint16), {"preview": np.zeros((4, 4, 3))}, "uint8"),
    ],
)
def test_what_a_dng_cannot_hold_is_refused(tmp_path: Path, pixels, options, word) -> None:
    with pytest.raises(ParameterError, match=word):
        dng.write(tmp_path / "a.dng", pixels, Shot(), **options)
    assert list(tmp_path.iterdir()) == []
