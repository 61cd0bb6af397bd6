"""Files: bytes to images and back."""

from twinlens.files.reading import previews, read

__all__ = ["previews", "read"]
