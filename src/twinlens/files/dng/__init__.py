"""DNG: reading and writing raw files in Adobe's Digital Negative format, version 1.0 to 1.7.1."""

from twinlens.files.dng.reader import from_bytes, is_dng, read, rendering
from twinlens.files.dng.writer import write

__all__ = ["from_bytes", "is_dng", "read", "rendering", "write"]
