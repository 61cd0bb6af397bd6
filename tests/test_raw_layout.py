"""Headerless raw files: the stated layout, its errors, and how numbers are packed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from raw_files import mosaic
from twinlens import files
from twinlens.core.errors import DocumentError, ParameterError
from twinlens.files import layout


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
