"""EXIF and XMP of written pictures: kept, corrected, stripped; and bad blocks that break nothing."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from twinlens.core.errors import FileError
from twinlens.files import picture_exif, tiff_write, xmp
from twinlens.files.tiff import EXIF_IFD, GPS_IFD


def source_block() -> bytes:
    """An Exif block with camera, exposure, position, maker note, orientation 6 and old dimensions."""
    number, text = tiff_write.numbers, tiff_write.text
    base = tiff_write.Directory(
        {
            271: text("Maker"),
            272: text("Phone 1"),
            274: number(tiff_write.SHORT, 6),
            306: text("2024:05:06 07:08:09"),
            33432: text("me"),
        }
    )
    base.children[EXIF_IFD] = [
        tiff_write.Directory(
            {
                33434: number(tiff_write.RATIONAL, 0.01),
                34855: number(tiff_write.SHORT, 400),
                36867: text("2024:05:06 07:08:09"),
                37500: tiff_write.undefined(b"maker note with offsets"),
                40961: number(tiff_write.SHORT, 65535),
                40962: number(tiff_write.LONG, 9999),
                42036: text("Lens 50"),
            }
        )
    ]
    base.children[GPS_IFD] = [
        tiff_write.Directory(
            {
                1: text("N"),
                2: number(tiff_write.RATIONAL, 52, 30, 1.5),
                3: text("E"),
                4: number(tiff_write.RATIONAL, 13, 2, 3),
            }
        )
    ]
    return tiff_write.encode([base])


def written(source: bytes, strip: str = "none", space: str = "srgb") -> Image.Exif:
    _, block = picture_exif.for_picture(source, width=120, height=80, space=space, software="twinlens", strip=strip)
    exif = Image.Exif()
    exif.load(b"Exif\0\0" + block)
    return exif


def test_facts_are_kept_and_the_picture_is_described_anew():
    exif = written(source_block())
    inner, gps = exif.get_ifd(EXIF_IFD), exif.get_ifd(GPS_IFD)
    assert (exif[271], exif[272], exif[274], exif[305], exif[33432]) == ("Maker", "Phone 1", 1, "twinlens", "me")
    assert (inner[40962], inner[40963], inner[40961], inner[34855], inner[42036]) == (120, 80, 1, 400, "Lens 50")
    assert float(inner[33434]) == pytest.approx(0.01) and 37500 not in inner
    assert [float(one) for one in gps[2]] == [52, 30, 1.5]


def test_color_space_is_uncalibrated_outside_srgb():
    assert written(source_block(), space="p3").get_ifd(EXIF_IFD)[40961] == 65535


def test_strip_gps_takes_the_position_only():
    exif = written(source_block(), "gps")
    assert not exif.get_ifd(GPS_IFD) and exif[272] == "Phone 1"


def test_strip_all_takes_everything_of_the_camera():
    exif = written(source_block(), "all")
    assert 271 not in exif and 34855 not in exif.get_ifd(EXIF_IFD) and not exif.get_ifd(GPS_IFD)
    assert exif[274] == 1 and exif.get_ifd(EXIF_IFD)[40962] == 120


def test_zero_denominators_and_wild_offsets_are_left_out():
    number, text = tiff_write.numbers, tiff_write.text
    zero = tiff_write.Value(tiff_write.RATIONAL, 1, struct.pack("<II", 1, 0))
    base = tiff_write.Directory({271: text("Maker"), 306: text("0000:00:00 00:00:00")})
    base.children[EXIF_IFD] = [tiff_write.Directory({33434: zero, 33437: zero, 34855: number(tiff_write.SHORT, 100)})]
    block = bytearray(tiff_write.encode([base]))
    exif = written(bytes(block))
    inner = exif.get_ifd(EXIF_IFD)
    assert (
        exif[271] == "Maker" and 306 not in exif and 33434 not in inner and 33437 not in inner and inner[34855] == 100
    )
    struct.pack_into("<I", block, 18, 0x7FFFFFFF)  # the offset of Make
    assert 271 not in written(bytes(block))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_blocks_are_rebuilt_clean(data):
    block = bytearray(source_block())
    for _ in range(data.draw(st.integers(1, 6))):
        block[data.draw(st.integers(0, len(block) - 1))] = data.draw(st.integers(0, 255))
    block = block[: data.draw(st.integers(0, len(block)))]
    try:
        exif = written(bytes(block))
    except FileError:
        pytest.fail("a damaged block must not stop a picture from being written")
    assert exif[274] == 1 and exif.get_ifd(EXIF_IFD)[40963] == 80
    with io.BytesIO() as file:
        Image.new("RGB", (2, 2)).save(file, "JPEG", exif=exif)


PACKET = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description'
    b' xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
    b' tiff:Orientation="8" exif:GPSLatitude="52,30.1N" exif:PixelXDimension="9" xmp:Rating="4">'
    b"<exif:GPSLongitude>13,2E</exif:GPSLongitude></rdf:Description></rdf:RDF></x:xmpmeta>"
)


def test_xmp_is_made_right_for_the_picture():
    text = xmp.for_picture(PACKET).decode()
    assert 'tiff:Orientation="1"' in text and 'xmp:Rating="4"' in text and "GPSLatitude" in text
    assert "PixelXDimension" not in text and text.startswith("<?xpacket")
    assert xmp.for_picture(text.encode()).decode() == text


def test_xmp_is_stripped():
    assert b"GPS" not in xmp.for_picture(PACKET, strip="gps") and b"Rating" in xmp.for_picture(PACKET, strip="gps")
    assert xmp.for_picture(PACKET, strip="all") == b""


@pytest.mark.parametrize(
    "packet", [b"", b"<x", b"\xff\xfe\0", PACKET[:-20], b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"]
)
def test_bad_xmp_is_left_out(packet):
    assert xmp.for_picture(packet) == b""
