"""Pictures as files: every format there and back with profile, EXIF and XMP; orientation; refusals."""

from __future__ import annotations

import io
import json
import shutil
import struct
import subprocess

import numpy as np
import pytest

from shared_data import shared
from test_exif import PACKET, source_block
from twinlens.core.errors import FileError, ParameterError, TwinlensError
from twinlens.core.image import DISPLAY, ENCODED, OUTPUT, SCENE, SENSOR, Image, planar
from twinlens.core.shot import Cfa, Shot
from twinlens.files import boxes, jxl, photo
from twinlens.numerics import color
from twinlens.stages.from_display import FromDisplay

SPACES = ("srgb", "p3", "adobe", "rec2020")
EIGHT = (".jpg", ".tif", ".png", ".avif", ".jxl")
SIXTEEN = (".tif", ".png", ".avif", ".jxl")
TOLERANCE = {".jpg": 0.016, ".avif": 0.03, ".jxl": 0.04, ".tif": 0.0, ".png": 0.0}  # largest, in the middle of a patch


def codes(bits: int = 8, height: int = 48, width: int = 80) -> np.ndarray:
    """Patches of 16 x 16 pixels with random colors (height, width, 3)."""
    small = np.random.default_rng(0).integers(0, 2**bits, (height // 16, width // 16, 3))
    return np.kron(small, np.ones((16, 16, 1))).astype(np.uint8 if bits == 8 else np.uint16)


def worst(image: Image, wanted: np.ndarray) -> float:
    """Largest difference in the middle of the patches."""
    return float(np.abs(image.pixels - wanted / np.iinfo(wanted.dtype).max)[8::16, 8::16].max())


@pytest.mark.parametrize(("suffix", "bits"), [*((one, 8) for one in EIGHT), *((one, 16) for one in SIXTEEN)])
@pytest.mark.parametrize("space", SPACES)
def test_there_and_back(tmp_path, suffix, bits, space):
    path = tmp_path / f"a{suffix}"
    photo.write(codes(bits), path, space=space, quality=97, subsampling="444", exif=source_block(), xmp=PACKET)
    image = photo.read(path)
    assert image.state == ENCODED and image.primaries == space and image.pixels.shape == (48, 80, 3)
    assert worst(image, codes(bits)) <= TOLERANCE[suffix] + 1e-6
    shot = image.shot
    assert (shot.kind, shot.make, shot.model, shot.iso, shot.lens) == ("display", "Maker", "Phone 1", 400, "Lens 50")
    assert shot.taken == "2024:05:06T07:08:09".replace(":", "-", 2) and shot.orientation == 1
    assert b'tiff:Orientation="1"' in shot.xmp and not shot.notes
    assert shot.bits == (10 if (suffix, bits) == (".avif", 16) else bits)


@pytest.mark.parametrize("suffix", EIGHT)
def test_another_program_reads_profile_and_facts(tmp_path, suffix):
    if not shutil.which("exiftool"):
        pytest.skip("exiftool is not installed")
    path = tmp_path / f"a{suffix}"
    photo.write(codes(), path, space="p3", exif=source_block(), xmp=PACKET)
    done = subprocess.run(
        ["exiftool", "-j", "-n", "-validate", "-all", "-a", str(path)], capture_output=True, check=True
    )
    tags = json.loads(done.stdout)[0]
    assert (tags["Make"], tags["ISO"], tags["Orientation"], tags["Rating"]) == ("Maker", 400, 1, 4)
    assert tags["GPSLatitude"] == pytest.approx(52.5 + 1.5 / 3600) and tags["ColorSpace"] == 65535
    assert (tags["ImageWidth"], tags["ImageHeight"]) == (80, 48)
    assert suffix == ".tif" or "Warning" not in tags  # of a TIFF it wants GPSProcessingMethod
    if suffix != ".jxl":  # its header names the space instead
        assert tags["ProfileDescription"] == "Display P3"


@pytest.mark.parametrize("suffix", EIGHT)
def test_strip(tmp_path, suffix):
    for strip in ("gps", "all"):
        path = tmp_path / f"{strip}{suffix}"
        photo.write(codes(), path, exif=source_block(), xmp=PACKET, strip=strip)
        data = path.read_bytes()
        assert (b"GPSLatitude" in data, b"Phone 1" in data) == (False, strip == "gps")
        assert photo.read(path).shot.model == ("Phone 1" if strip == "gps" else "")


@pytest.mark.parametrize("suffix", [".tif", ".png", ".jxl"])
@pytest.mark.parametrize("bits", (8, 16))
def test_lossless_is_lossless(tmp_path, suffix, bits):
    noise = np.random.default_rng(1).integers(0, 2**bits, (21, 33, 3)).astype(np.uint8 if bits == 8 else np.uint16)
    path = tmp_path / f"a{suffix}"
    photo.write(noise, path, quality=100, space="adobe")
    assert (np.round(photo.read(path).pixels.astype(float) * (2**bits - 1)) == noise).all()


@pytest.mark.parametrize("compression", ("none", "deflate", "zstd"))
def test_tiff_compressions_are_read_by_another_library(tmp_path, compression):
    import tifffile

    noise = np.random.default_rng(1).integers(0, 65536, (301, 200, 3)).astype(np.uint16)
    photo.write(noise, tmp_path / "a.tif", compression=compression)
    assert (tifffile.imread(tmp_path / "a.tif") == noise).all()


@pytest.mark.parametrize("suffix", EIGHT)
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (9, 1)])
def test_smallest_sizes(tmp_path, suffix, shape):
    path = tmp_path / f"a{suffix}"
    photo.write(np.full((*shape, 3), 128, np.uint8), path)
    image = photo.read(path)
    assert image.pixels.shape == (*shape, 3) and np.abs(image.pixels - 128 / 255).max() < 0.02


@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_are_written_upright(tmp_path, orientation):
    """What Pillow makes of stored pixels and tag is what is written, with tag 1."""
    from PIL import Image as Pillow
    from PIL import ImageOps

    stored = codes(height=32, width=48)
    exif = Pillow.Exif()
    exif[274] = orientation
    with io.BytesIO() as file:
        Pillow.fromarray(stored).save(file, "PNG", exif=exif)
        upright = np.asarray(ImageOps.exif_transpose(Pillow.open(file)))
        (tmp_path / "stored.png").write_bytes(file.getvalue())
    image = photo.read(tmp_path / "stored.png")
    assert image.shot.orientation == orientation and worst(image, stored) < 1e-6
    photo.write(image, tmp_path / "a.png")
    again = photo.read(tmp_path / "a.png")
    assert again.shot.orientation == 1 and np.abs(again.pixels - upright / 255).max() < 1e-6


def test_images_in_every_state_of_a_picture(tmp_path):
    pixels = planar(np.random.default_rng(3).uniform(0.2, 0.7, (20, 30, 3)).astype(np.float32))
    for state, primaries in ((DISPLAY, "rec2020"), (OUTPUT, "p3"), (ENCODED, "adobe")):
        photo.write(
            Image(pixels=pixels, state=state, shot=Shot(), primaries=primaries), tmp_path / f"{state}.tif", bits=16
        )
    display, output, encoded = (photo.read(tmp_path / f"{state}.tif") for state in (DISPLAY, OUTPUT, ENCODED))
    assert (display.primaries, output.primaries, encoded.primaries) == ("srgb", "p3", "adobe")
    assert np.abs(encoded.pixels - pixels).max() < 1e-5
    assert np.abs(color.decode(output.pixels, "p3") - pixels).max() < 2e-5
    with pytest.raises(ParameterError, match="develop"):
        photo.write(Image(pixels=pixels, state=SCENE, shot=Shot()), tmp_path / "b.tif")


@pytest.mark.parametrize("orientation", (1, 6))
def test_heic_is_turned_once(tmp_path, orientation):
    import pillow_heif
    from PIL import Image as Pillow

    stored = codes(height=64, width=96)
    exif = Pillow.Exif()
    exif[274] = orientation
    picture = pillow_heif.from_pillow(Pillow.fromarray(stored))
    picture.save(tmp_path / "a.heic", quality=95, chroma=444, exif=exif.tobytes())
    image = photo.read(tmp_path / "a.heic")
    assert image.shot.orientation == 1 and image.shot.compression == "HEIC"
    shown = photo.upright(image.pixels, image.shot.orientation)
    upright = photo.upright(stored, orientation)
    assert shown.shape == upright.shape and np.abs(shown - upright / 255)[8::16, 8::16].max() < 0.03


def test_heic_of_ten_bits_is_read_as_such(tmp_path):
    import pillow_heif

    picture = pillow_heif.from_bytes("RGB;16", (80, 48), codes(16).tobytes())
    picture.save(tmp_path / "a.heic", quality=95, chroma=444)
    image = photo.read(tmp_path / "a.heic")
    assert image.shot.bits == 10 and worst(image, codes(16)) < 0.004


@pytest.mark.parametrize("orientation", range(1, 9))
def test_avif_is_turned_once(tmp_path, orientation):
    from PIL import Image as Pillow

    stored = codes(height=32, width=48)
    exif = Pillow.Exif()
    exif[274] = orientation
    Pillow.fromarray(stored).save(tmp_path / "a.avif", exif=exif.tobytes(), quality=95, subsampling="4:4:4")
    image = photo.read(tmp_path / "a.avif")
    shown, upright = photo.upright(image.pixels, image.shot.orientation), photo.upright(stored, orientation)
    assert shown.shape == upright.shape and np.abs(shown - upright / 255)[8::16, 8::16].max() < 0.03


def test_a_phones_heic_is_read():
    image = photo.read(shared("photos/iphone_13_pro_max.HEIC"))
    assert image.primaries == "p3" and image.shot.model == "iPhone 13 Pro Max" and image.pixels.shape == (4032, 3024, 3)
    assert any("gainmap" in note for note in image.shot.notes)


def test_jpeg_can_be_read_smaller(tmp_path):
    photo.write(codes(height=160, width=240), tmp_path / "a.jpg", quality=95)
    image = photo.read(tmp_path / "a.jpg", reduce=4)
    assert image.pixels.shape == (40, 60, 3) and image.scale == 4 and image.shot.width == 240


@pytest.mark.parametrize("name", ("a.jpg", "a.png", "a.tif", "a.avif"))
def test_codes_are_those_of_the_picture_upright(tmp_path, name):
    codes = np.random.default_rng(7).integers(0, 256, (40, 48, 3)).astype(np.uint8)
    deep = name.endswith("avif")  # 10 bits, which are brought to 16
    photo.write(codes.astype(np.uint16) * 257 if deep else codes, tmp_path / name, space="p3")
    image = photo.read(tmp_path / name)
    found = photo.codes_of(memoryview((tmp_path / name).read_bytes()), name)
    most = np.iinfo(found.pixels.dtype).max
    assert found.pixels.dtype == (np.uint16 if deep else np.uint8) and found.space == image.primaries == "p3"
    np.testing.assert_allclose(found.pixels / most, image.pixels, atol=0.51 / most + 1e-7)


def test_exif_states_the_space_where_no_profile_does(tmp_path):
    from PIL import Image as Pillow

    for code, space in ((1, "srgb"), (2, "adobe")):
        exif = Pillow.Exif()
        exif.get_ifd(0x8769)[40961] = code
        Pillow.fromarray(codes()).save(tmp_path / "a.jpg", exif=exif)
        assert photo.read(tmp_path / "a.jpg").primaries == space
    Pillow.fromarray(codes()).save(tmp_path / "b.jpg")
    assert photo.read(tmp_path / "b.jpg").shot.notes == ("no color profile: sRGB was assumed",)


@pytest.mark.parametrize("kind", ("grey", "alpha", "palette", "grey 16", "alpha 16", "float", "cmyk"))
def test_other_kinds_of_pixels(tmp_path, kind):
    import imagecodecs
    import tifffile
    from PIL import Image as Pillow

    path = tmp_path / ("a.tif" if kind == "float" else "a.jpg" if kind == "cmyk" else "a.png")
    grey = codes()[..., 0]
    if kind == "grey":
        Pillow.fromarray(grey).save(path)
    elif kind == "alpha":
        Pillow.fromarray(np.dstack([codes(), grey])).save(path)
    elif kind == "palette":
        Pillow.fromarray(codes()).quantize(16).save(path)
    elif kind == "grey 16":
        path.write_bytes(imagecodecs.png_encode(grey.astype(np.uint16) * 257))
    elif kind == "alpha 16":
        path.write_bytes(imagecodecs.png_encode(np.dstack([codes(16), codes(16)[..., :1]])))
    elif kind == "float":
        tifffile.imwrite(path, codes().astype(np.float32) / 255, photometric="rgb")
    else:
        Pillow.fromarray(codes()).convert("CMYK").save(path, quality=95)
    image = photo.read(path)
    wanted = np.repeat(grey[..., None], 3, 2) if "grey" in kind else codes(16) if kind == "alpha 16" else codes()
    assert image.pixels.shape == (48, 80, 3) and image.pixels.dtype == np.float32
    assert worst(image, wanted) < (0.05 if kind in ("cmyk", "palette") else 1e-5)


def test_a_picture_comes_back_through_scene_light():
    rng = np.random.default_rng(4)
    for space in (*SPACES, "prophoto"):
        image = Image(
            pixels=planar(rng.uniform(0, 1, (9, 12, 3)).astype(np.float32)), state=ENCODED, shot=Shot(), primaries=space
        )
        scene = FromDisplay()(image)
        assert scene.state == SCENE and scene.primaries == "rec2020"
        linear = color.decode(image.pixels.astype(float), space) @ color.rgb_from_rgb("rec2020", space).T
        assert np.abs(scene.pixels - linear).max() < 4e-5
    grey = Image(pixels=planar(np.full((2, 2, 3), 0.5, np.float32)), state=ENCODED, shot=Shot(), primaries="p3")
    assert np.ptp(FromDisplay()(grey).pixels) == 0


@pytest.mark.parametrize(
    ("state", "shape"),
    [(SENSOR, (60, 80)), (SENSOR, (1, 1)), (SCENE, (40, 30, 3)), (DISPLAY, (2000, 30, 3)), (ENCODED, (3, 5, 3))],
)
def test_a_notebook_shows_any_image(state, shape):
    from PIL import Image as Pillow

    pixels = np.random.default_rng(0).uniform(0, 1, shape).astype(np.float32)
    cfa = Cfa.bayer("RGGB") if len(shape) == 2 else None
    pixels = (pixels * 4000).astype(np.uint16) if state == SENSOR else planar(pixels)
    shown = Pillow.open(
        io.BytesIO(Image(pixels=pixels, state=state, shot=Shot(orientation=6), cfa=cfa, primaries="srgb")._repr_png_())
    )
    assert max(shown.size) <= 1024 and (shape[0] >= shape[1]) == (shown.size[0] >= shown.size[1])


def test_refusals_say_what_to_do(tmp_path):
    with pytest.raises(FileError, match=r"\.jpg"):
        photo.write(codes(), tmp_path / "a.bmp")
    with pytest.raises(ParameterError, match="8 bits"):
        photo.write(codes(16), tmp_path / "a.jpg")
    with pytest.raises(ParameterError, match="1 to 100"):
        photo.write(codes(), tmp_path / "a.jpg", quality=0)
    with pytest.raises(ParameterError, match="uint8"):
        photo.write(codes().astype(float), tmp_path / "a.jpg")
    photo.write(codes(), tmp_path / "a.jpg")
    before = (tmp_path / "a.jpg").read_bytes()
    with pytest.raises(FileError, match="overwrite"):
        photo.write(codes(), tmp_path / "a.jpg")
    with pytest.raises(FileError, match="65535"):
        photo.write(np.zeros((1, 65536, 3), np.uint8), tmp_path / "b.jpg")
    assert (tmp_path / "a.jpg").read_bytes() == before and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("suffix", EIGHT)
def test_damaged_files_are_one_sentence(tmp_path, suffix):
    """Cut anywhere or with changed bytes: a picture, or one FileError that names the file; never anything else."""
    path = tmp_path / f"a{suffix}"
    photo.write(codes(), path, exif=source_block(), xmp=PACKET, overwrite=True)
    data, rng = path.read_bytes(), np.random.default_rng(7)
    for trial in range(25):
        broken = bytearray(data[: rng.integers(1, len(data))] if trial % 2 else data)
        for place in rng.integers(0, min(len(broken), 900), trial % 5):
            broken[place] = rng.integers(0, 256)
        path.write_bytes(broken)
        try:
            image = photo.read(path, max_pixels=10**6)
        except TwinlensError as error:
            assert str(path) in str(error) and "\n" not in str(error)
        else:
            assert np.isfinite(image.pixels).all()


def test_too_many_pixels_are_refused_before_decoding(tmp_path):
    for suffix in EIGHT:
        photo.write(codes(), tmp_path / f"a{suffix}")
        with pytest.raises(FileError, match="max-pixels"):
            photo.read(tmp_path / f"a{suffix}", max_pixels=1000)


def test_boxes_end_quietly():
    nested = boxes.full_box(b"meta", 0, 0, boxes.box(b"free", b"abc"))
    assert [name for name, _ in boxes.walk(nested + b"\0\0\0\x02junk")] == [b"meta", b"free"]
    assert boxes.first(struct.pack(">I4sQ", 1, b"mdat", 18) + b"xy", b"mdat") == b"xy"


def test_jpeg_xl_headers():
    with pytest.raises(ValueError, match="codestream"):
        jxl.read_header(b"\0\1\2\3")
    with pytest.raises(ValueError, match="cut off"):
        jxl.read_header(b"\xff\x0a")


def test_the_program_that_made_a_picture_is_stated(tmp_path):
    from PIL import Image as Photo

    codes = np.zeros((16, 16, 3), np.uint8)
    photo.write(codes, tmp_path / "ours.jpg")
    photo.write(codes, tmp_path / "other.jpg", software="maker 1.2")
    for name, told in (("ours", "twinlens"), ("other", "maker 1.2")):
        with Photo.open(tmp_path / f"{name}.jpg") as file:
            assert file.getexif()[305] == told
