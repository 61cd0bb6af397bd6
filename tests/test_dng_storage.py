"""DNG pixels: every way of storing them is read to the last bit."""

from __future__ import annotations

import zlib
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from raw_files import mosaic, picture_tags, write_strips, write_tiles
from twinlens import files
from twinlens.core.shot import Cfa, Shot
from twinlens.files import dng, segment, tiff
from twinlens.files import tiff_write as tw
from twinlens.files.tags import NUMBERS


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


@pytest.mark.parametrize("width", [496, 512, 514, 768])
def test_libraw_reads_the_pixels_of_every_width(width: int, tmp_path: Path) -> None:
    """LibRaw takes two components of half the picture's width for whole lines: tiles must not have that width."""
    rawpy = pytest.importorskip("rawpy")
    pixels = mosaic(64, width)
    dng.write(tmp_path / "a.dng", pixels, Shot(cfa=Cfa.bayer("RGGB"), white_level=(65535.0,), make="a", model="b"))
    with rawpy.imread(str(tmp_path / "a.dng")) as raw:
        assert np.array_equal(raw.raw_image, pixels)
