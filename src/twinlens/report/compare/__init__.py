"""Compare: the page of a comparison that can be published: the verdict first, then the pictures, then every number."""

from twinlens.report.compare.compare_page import compare_page
from twinlens.report.compare.content import CompareContent

__all__ = ["CompareContent", "compare_page"]
