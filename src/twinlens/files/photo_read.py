"""Photo read: the pixels, profile and metadata of display-referred files.

Every decoder gives codes as they are stored, (H, W, 3), and what says how to see them. The main picture is read; gain
maps, depth maps, thumbnails and further frames are left out and named in the notes. Transparency is left out.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import FileError
from twinlens.core.shot import Shot
from twinlens.files import boxes, tiff
from twinlens.files.limits import check_size

Array = npt.NDArray[Any]


@dataclass
class Decoded:
    """A picture as stored: codes (H, W, 3), their largest value, and what the file says of them."""

    pixels: Array
    most: float
    kind: str
    size: tuple[int, int] = (0, 0)  # height, width in full, when the pixels are reduced
    icc: bytes = b""
    space: str | None = None  # stated without a profile: by code points, a header, an EXIF tag
    exif: bytes = b""
    xmp: bytes = b""
    orientation: int | None = None  # None: as EXIF says
    bits: int | None = None  # where it is not what `most` says
    notes: list[str] = field(default_factory=list)


def decoder(data: memoryview) -> Callable[[memoryview, int, int], Decoded]:
    """The function that decodes such a file, called with its bytes, the limit of pixels, and how far it may reduce."""
    head = bytes(data[:32])
    if head[:2] == b"\xff\x0a" or head[4:8] == b"JXL ":
        return _jxl
    if head[4:8] == b"ftyp":
        brands = {head[8:12], *re.findall(rb"....", bytes(data[16 : min(int.from_bytes(head[:4], "big"), 256)]), re.S)}
        return _avif if brands & {b"avif", b"avis"} else _heic
    if tiff.is_tiff(data):
        return _tiff
    return _png if head[:4] == b"\x89PNG" else _pillow


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Decoders' warnings are turned into nothing, and Pillow's own limit of size is off: ours is checked instead."""
    import PIL.Image

    log = logging.getLogger("tifffile")
    limit, level = PIL.Image.MAX_IMAGE_PIXELS, log.level
    PIL.Image.MAX_IMAGE_PIXELS = None
    log.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        PIL.Image.MAX_IMAGE_PIXELS = limit
        log.setLevel(level)


def _pillow(data: memoryview, max_pixels: int, reduce: int) -> Decoded:
    """JPEG, PNG of 8 bits, WebP."""
    with _opened(data, "Jpeg", "Png", "WebP") as image:
        width, height = image.size
        check_size(width, height, max_pixels)
        found = Decoded(
            np.empty(0), 255.0, {"MPO": "JPEG"}.get(image.format or "", image.format or ""), (height, width)
        )
        _metadata(found, image)
        if image.format == "MPO" or getattr(image, "n_frames", 1) > 1:
            found.notes.append("further frames (a gain map, a preview or another view) were left out")
        if reduce > 1:
            image.draft(None, (width // reduce, height // reduce))
        if image.mode == "CMYK":
            image = _from_cmyk(found, image)
        if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
            found.notes.append("transparency was left out")
        found.pixels = np.asarray(image if image.mode == "RGB" else image.convert("RGB"))
    return found


def _opened(data: memoryview, *plugins: str) -> Any:
    """The picture as Pillow opens it, with these plugins only (loading all of them takes a tenth of a second)."""
    import PIL.Image

    for name in plugins:
        importlib.import_module(f"PIL.{name}ImagePlugin")
    return PIL.Image.open(io.BytesIO(data), formats=[name.upper() for name in plugins])


def _metadata(found: Decoded, image: Any) -> None:
    found.icc = image.info.get("icc_profile") or b""
    found.exif = (image.info.get("exif") or b"").removeprefix(b"Exif\0\0")
    xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    found.xmp = xmp.encode() if isinstance(xmp, str) else xmp


def _from_cmyk(found: Decoded, image: Any) -> Any:
    import PIL.ImageCms

    if not found.icc:
        found.notes.append("CMYK without a profile: its colors are a guess")
        return image.convert("RGB")
    source, target = PIL.ImageCms.ImageCmsProfile(io.BytesIO(found.icc)), PIL.ImageCms.createProfile("sRGB")
    found.icc, found.space = b"", "srgb"
    found.notes.append("CMYK was brought to sRGB by its profile")
    return PIL.ImageCms.profileToProfile(image, source, target, outputMode="RGB")


def _png(data: memoryview, max_pixels: int, reduce: int) -> Decoded:
    width, height, bits, color = (
        int.from_bytes(data[at : at + n], "big") for at, n in ((16, 4), (20, 4), (24, 1), (25, 1))
    )
    check_size(width, height, max_pixels)
    if bits != 16:
        return _pillow(data, max_pixels, reduce)
    import imagecodecs

    found = Decoded(_three(imagecodecs.png_decode(bytes(data))), 65535.0, "PNG")
    with _opened(data, "Png") as image:
        _metadata(found, image)
    if color in (4, 6):
        found.notes.append("transparency was left out")
    return found


def _three(pixels: Array) -> Array:
    """Codes with three channels: grey is repeated, transparency cut off."""
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    if pixels.shape[2] < 3:
        return np.repeat(pixels[..., :1], 3, axis=2)
    return pixels[..., :3]


def _tiff(data: memoryview, max_pixels: int, reduce: int) -> Decoded:
    import tifffile

    chain = tiff.read(data)
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page: Any = file.pages[0]
        check_size(page.imagewidth, page.imagelength, max_pixels)
        if page.photometric not in (0, 1, 2, 6) or page.imagedepth != 1:
            raise FileError(f"a TIFF picture of kind {getattr(page.photometric, 'name', page.photometric)} is not read")
        pixels = page.asarray()
    if page.planarconfig == 2 and pixels.ndim == 3:
        pixels = np.moveaxis(pixels, 0, -1)
    if page.photometric == 6 and page.compression != 7:
        raise FileError("a YCbCr TIFF that is not JPEG-compressed is not read")
    found = Decoded(_three(pixels), 1.0, "TIFF", icc=chain[0].bytes(34675), xmp=chain[0].bytes(700))
    if pixels.dtype.kind == "u":
        found.most = float(np.iinfo(pixels.dtype).max)
    elif pixels.dtype.kind != "f":
        raise FileError(f"a TIFF picture of {pixels.dtype} samples is not read")
    if page.photometric == 0:
        found.pixels = (found.most - found.pixels).astype(pixels.dtype)
    if len(file.pages) > 1:
        found.notes.append("further pages were left out")
    found.exif = _tiff_exif(data, chain)
    return found


def _tiff_exif(data: memoryview, chain: list[tiff.Directory]) -> bytes:
    from twinlens.files import exif

    return exif.rebuilt(*exif.directories(data, chain[0]))


def _heic(data: memoryview, max_pixels: int, reduce: int) -> Decoded:
    import pillow_heif

    file = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False)
    width, height = file.size
    check_size(width, height, max_pixels)
    pixels, info = _three(np.asarray(file)), file.info
    most = 255.0 if pixels.dtype == np.uint8 else 65535.0
    found = Decoded(pixels, most, "HEIC", icc=info.get("icc_profile") or b"", orientation=1)  # libheif has turned it
    found.exif = (info.get("exif") or b"").removeprefix(b"Exif\0\0")
    found.xmp, found.bits = info.get("xmp") or b"", info.get("bit_depth")
    if not found.icc and (points := info.get("nclx_profile")):
        found.space = _from_code_points(found, points.get("color_primaries"), points.get("transfer_characteristics"))
    extra = [*(info.get("aux") or {}), *(["a depth map"] if info.get("depth_images") else [])]
    extra += ["further pictures"] if len(file) > 1 else []
    if extra:
        found.notes.append(f"auxiliary images were left out ({', '.join(name.rsplit(':', 1)[-1] for name in extra)})")
    return found


_CODE_POINT_PRIMARIES = {1: "srgb", 9: "rec2020", 11: "p3", 12: "p3"}  # ISO/IEC 23091-2, table 2
_SRGB_LIKE = (1, 2, 6, 13, 14, 15)  # table 3: what a display shows like sRGB; 16 and 18 are high dynamic range


def _from_code_points(found: Decoded, primaries: Any, transfer: Any) -> str | None:
    """The space of code points of color, as close as one of ours comes; what is not exact is noted."""
    primaries, transfer = int(primaries or 2), int(transfer or 2)
    if transfer not in _SRGB_LIKE:
        found.notes.append(f"transfer characteristics {transfer} (high dynamic range) were read as those of a display")
    space = _CODE_POINT_PRIMARIES.get(primaries)
    if space is None and primaries != 2:
        found.notes.append(f"color primaries {primaries} are not known here; sRGB was assumed")
    return space


def _avif(data: memoryview, max_pixels: int, reduce: int) -> Decoded:
    import imagecodecs

    with _opened(data, "Avif") as image:
        check_size(image.size[0], image.size[1], max_pixels)
        orientation = image.getexif().get(274, 1)  # Pillow puts the file's own turn here
        found = Decoded(np.empty(0), 255.0, "AVIF", orientation=int(orientation))
        _metadata(found, image)
        if getattr(image, "n_frames", 1) > 1:
            found.notes.append("further frames were left out")
    pixels = imagecodecs.avif_decode(bytes(data))
    if pixels.ndim == 4:
        pixels = pixels[0]
    found.pixels = _three(pixels)
    if pixels.dtype != np.uint8:
        depth = boxes.first(data, b"pixi")[5:6]
        found.most = float(2 ** (depth[0] if depth else 10) - 1)
    points = boxes.first(data, b"colr")
    if not found.icc and points[:4] == b"nclx":
        primaries, transfer = (int.from_bytes(points[at : at + 2], "big") for at in (4, 6))
        found.space = _from_code_points(found, primaries, transfer)
    return found


def _jxl(data: memoryview, max_pixels: int, reduce: int) -> Decoded:
    import imagecodecs

    from twinlens.files import jxl

    whole = bytes(data)
    stream = jxl.codestream(whole)
    width, height = jxl.size(stream)
    check_size(width, height, max_pixels)
    pixels = imagecodecs.jpegxl_decode(whole)
    most = 1.0 if pixels.dtype.kind == "f" else float(np.iinfo(pixels.dtype).max)
    found = Decoded(_three(pixels), most, "JPEG XL", orientation=1)  # libjxl has turned it
    for name, content in boxes.walk(data):
        if name == b"Exif":
            found.exif = bytes(content[4 + int.from_bytes(content[:4], "big") :])
        elif name == b"xml ":
            found.xmp = bytes(content)
    try:
        header = jxl.read_header(stream)
    except ValueError:
        found.notes.append("the color encoding could not be read; sRGB was assumed")
        return found
    found.space = header.space if not header.is_linear else None
    if found.space is None:
        found.notes.append("a color encoding that is not known here; sRGB was assumed")
    return found


def shot(found: Decoded, name: str) -> Shot:
    """The facts of the exposure."""
    from twinlens.files import exif

    height, width = found.size if found.size != (0, 0) else found.pixels.shape[:2]
    facts: dict[str, Any] = {}
    block = b""
    if found.exif:
        view = memoryview(found.exif)
        try:
            parts = exif.directories(view, tiff.read(view)[0])
            facts, block = exif.facts(*parts[:2]), exif.rebuilt(*parts)
        except FileError:
            found.notes.append("the EXIF block is damaged and was left out")
    if found.orientation is not None:
        facts["orientation"] = found.orientation
    bits = found.bits or {255.0: 8, 1.0: 32}.get(found.most) or round(np.log2(found.most + 1))
    return Shot(
        **facts, source=name, kind="display", width=width, height=height, bits=bits, compression=found.kind,
        exif=block, xmp=found.xmp, icc=found.icc, notes=tuple(found.notes),
    )  # fmt: skip
