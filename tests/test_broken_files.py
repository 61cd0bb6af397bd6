"""Broken files and requests are refused in one sentence, before memory is given."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from raw_files import mosaic, picture_tags, plain_shot, set_tag, write_strips, write_tiles
from twinlens import files
from twinlens.core.errors import FileError, ParameterError
from twinlens.core.image import SENSOR
from twinlens.core.shot import Shot
from twinlens.files import dng, reading, segment
from twinlens.files import tiff_write as tw


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
