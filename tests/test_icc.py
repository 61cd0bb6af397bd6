"""ICC profiles: ours against another program's color management, and profiles of pictures read."""

from __future__ import annotations

import struct

import imagecodecs
import numpy as np
import pytest

from twinlens.core.errors import FileError
from twinlens.files import icc, photo
from twinlens.numerics import color

SPACES = ("srgb", "p3", "adobe", "rec2020")


def lab_by_lcms(codes: np.ndarray, profile: bytes) -> np.ndarray:
    """D50 Lab of codes (H, W, 3) uint8 or uint16 through Little CMS, relative colorimetric."""
    return imagecodecs.cms_transform(
        np.ascontiguousarray(codes), profile, imagecodecs.cms_profile("lab4"),
        colorspace="rgb", outcolorspace="lab", outdtype="float64", intent=1,
    )  # fmt: skip


def patches() -> np.ndarray:
    """Codes 0 to 1 (4, 6, 3) of dull and strong colors and greys, none at the very edge."""
    steps = np.random.default_rng(5).uniform(0.08, 0.9, (4, 6, 3))
    steps[3] = np.linspace(0.1, 0.95, 6)[:, None]
    return steps


def patch_means(lab: np.ndarray) -> np.ndarray:
    return lab.reshape(4, 32, 6, 32, 3)[:, 4:28, :, 4:28].mean(axis=(1, 3))


@pytest.mark.parametrize("space", SPACES)
def test_profile_says_what_we_compute(space):
    codes = np.random.default_rng(1).integers(0, 65536, (20, 20, 3)).astype(np.uint16)
    difference = color.delta_e_2000(lab_by_lcms(codes, icc.profile(space)), color.lab_from_rgb(codes / 65535, space))
    assert difference.max() < 0.01
    assert 400 <= len(icc.profile(space)) <= 3000


@pytest.mark.parametrize("space", SPACES)
def test_white_is_exactly_the_white_of_the_connection_space(space):
    white = np.full((1, 1, 3), 65535, np.uint16)
    assert np.abs(lab_by_lcms(white, icc.profile(space)) - (100, 0, 0)).max() < 0.01


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize(("name", "limit"), [("a.tif", 0.05), ("a.png", 0.05), ("a.jpg", 0.5)])
def test_written_files_open_with_our_colors(tmp_path, space, name, limit):
    """Lab of the written file by its own profile, in another program, against Lab before encoding.

    The patches have the faint noise of a photograph. Without it the 8-bit Y Cb Cr of JPEG alone, whatever the quality,
    is up to 0.6 off.
    """
    plain = np.kron(patches(), np.ones((32, 32, 1)))
    plain = plain + np.random.default_rng(9).normal(0, 0.01, plain.shape)
    wanted = patch_means(color.lab_from_rgb(plain, space))
    bits = 8 if name.endswith("jpg") else 16
    codes = (plain * (2**bits - 1) + 0.5).astype(np.uint8 if bits == 8 else np.uint16)
    photo.write(codes, tmp_path / name, space=space)
    read = photo.read(tmp_path / name)
    assert read.primaries == space
    again = np.round(read.pixels.astype(float) * (2**bits - 1)).astype(codes.dtype)
    lab = patch_means(lab_by_lcms(again, read.shot.icc))
    assert color.delta_e_2000(lab, wanted).max() <= limit


@pytest.mark.parametrize("space", SPACES)
def test_our_profiles_are_recognised(space):
    profile = icc.parse(icc.profile(space))
    assert profile.named == space and profile.description == icc.DESCRIPTIONS[space]


def test_profiles_of_another_maker_are_recognised():
    from PIL import ImageCms

    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert icc.parse(srgb).named == "srgb"


def _gamma_profile(gamma: float, curve: bytes = b"") -> bytes:
    """A version 2 profile with the primaries of Adobe RGB and a curv tag."""
    data = bytearray(icc.profile("adobe"))
    curve = curve or b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))
    place = len(data)
    data += curve + bytes(-len(curve) % 4)
    for index in range(struct.unpack_from(">I", data, 128)[0]):
        name, _, _ = struct.unpack_from(">4sII", data, 132 + 12 * index)
        if name.endswith(b"TRC"):
            struct.pack_into(">4sII", data, 132 + 12 * index, name, place, len(curve))
    struct.pack_into(">I", data, 0, len(data))
    data[84:100] = bytes(16)
    return bytes(data)


_TABLE = (
    b"curv" + bytes(4) + struct.pack(">I", 65) + (np.linspace(0, 1, 65) ** 1.9 * 65535 + 0.5).astype(">u2").tobytes()
)
_PARA4 = (
    b"para" + bytes(4) + struct.pack(">HH7i", 4, 0, *(round(n * 65536) for n in (2.2, 0.94, 0.06, 0.1, 0.05, 0.0, 0.0)))
)


@pytest.mark.parametrize("profile", [_gamma_profile(1.8), _gamma_profile(0, _TABLE), _gamma_profile(0, _PARA4)])
def test_other_matrix_profiles_are_brought_to_rec2020(tmp_path, profile):
    import tifffile

    codes = np.random.default_rng(2).integers(0, 65536, (30, 40, 3)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", codes, photometric="rgb", iccprofile=profile)
    image = photo.read(tmp_path / "a.tif")
    assert image.primaries == "rec2020" and any("Rec. 2020" in note for note in image.shot.notes)
    difference = color.delta_e_2000(lab_by_lcms(codes, profile), color.lab_from_rgb(image.pixels, "rec2020"))
    assert np.quantile(difference, 0.99) < 0.03 and difference.max() < 0.5


def test_table_profiles_go_through_color_management():
    from twinlens.files import photo_color, photo_read

    codes = np.random.default_rng(3).integers(0, 256, (8, 9, 3)).astype(np.uint8)
    found = photo_read.Decoded(codes, 255.0, "JPEG", icc=icc.profile("p3"))
    converted = photo_color._by_tables(found)
    difference = color.delta_e_2000(color.lab_from_rgb(converted, "rec2020"), color.lab_from_rgb(codes / 255, "p3"))
    assert difference.max() < 0.2


@pytest.mark.parametrize("cut", (0, 10, 127, 131, 140, 300, 400))
def test_damaged_profiles_are_one_sentence(cut):
    with pytest.raises(FileError, match="profile"):
        icc.parse(icc.profile("srgb")[:cut])


def test_an_unknown_space_is_an_error():
    with pytest.raises(FileError, match="srgb"):
        icc.profile("prophoto")
