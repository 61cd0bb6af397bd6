"""XMP: the packet of a source made right for the picture that is written.

Source: XMP Specification Part 1 (ISO 16684-1), section 7 (RDF/XML); Part 2, tiff and exif name spaces.
"""

from __future__ import annotations

import re

_STALE = r"(?:tiff:(?:ImageWidth|ImageLength)|exif:PixelXDimension|exif:PixelYDimension)"
_PLACE = r"photoshop:(?:City|State|Country)|Iptc4xmpCore:(?:Location|CountryCode)|Iptc4xmpExt:Location\w+"
_GPS = rf"(?:exif:GPS\w+|{_PLACE})"
_HEAD = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'  # section 7.3.2, packet wrapper
_TAIL = '\n<?xpacket end="w"?>'
_MAX_BYTES = 1_000_000


def for_picture(packet: bytes, *, strip: str = "none") -> bytes:
    """The packet with orientation 1 and without the source's dimensions; b"" when it is not XML or `strip` is all.

    `strip` "gps" takes out the position too.
    """
    if strip == "all" or not packet or len(packet) > _MAX_BYTES:
        return b""
    text = packet.decode("utf-8", "ignore").strip("\0 \r\n\t\ufeff")
    text = re.sub(r"(tiff:Orientation\s*=\s*[\"'])\d+", r"\g<1>1", text)
    text = re.sub(r"(<tiff:Orientation[^>]*>)\s*\d+\s*<", r"\g<1>1<", text)
    for name in (_STALE, _GPS) if strip == "gps" else (_STALE,):
        text = re.sub(rf"\s{name}\s*=\s*(?:\"[^\"]*\"|'[^']*')", "", text)
        text = re.sub(rf"<({name})\b[^>]*/>", "", text)
        text = re.sub(rf"<({name})\b[^>]*>.*?</\1\s*>", "", text, flags=re.DOTALL)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return b""
    from xml.etree import ElementTree  # slow to load, and many pictures have no packet

    try:
        ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return b""
    return text.encode() if text.startswith("<?xpacket") else (_HEAD + text + _TAIL).encode()
