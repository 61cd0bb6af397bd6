"""Reports: pages stand alone, say in words what they draw, and hold what they were given."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from twinlens.numerics import colorchecker, spectra
from twinlens.report import page, svg
from twinlens.report.color import ColorReport, color_page


def report(**changes):
    reflectance = np.stack(list(spectra.table("colorchecker").values()))
    light = spectra.illuminant("D65")
    xyz = spectra.xyz_from_reflectance(reflectance, light)
    rng = np.random.default_rng(0)
    values = {
        "title": "Sample <One>",
        "facts": [("camera", "Sample & One"), ("light", "D65")],
        "light": "D65",
        "white_xyz": spectra.white_xyz(light),
        "names": list(colorchecker.PATCHES),
        "reference_xyz": xyz,
        "profile_xyz": xyz * (1 + 0.01 * rng.standard_normal(xyz.shape)),
        "errors": [("patches", 0.5, 1.0, 1.4, 24), ("left out", 0.7, 1.5, 2.0, 24)],
        "by_hue": [("red", 0.6, 1.0, 80), ("blue", 1.2, 2.2, 60)],
        "wavelengths_nm": spectra.WAVELENGTHS_NM,
        "sensitivities": np.abs(rng.standard_normal((31, 3))),
        "sd": np.full((31, 3), 0.05),
        "notes": ["glare was taken off"],
    }
    return ColorReport(**{**values, **changes})


def test_the_page_stands_alone_and_escapes_what_it_is_given():
    text = color_page(report())
    assert not re.search(r'(src|href)="(?!data:)', text) and "<script" not in text
    assert "Sample &lt;One&gt;" in text and "Sample &amp; One" in text and "glare was taken off" in text
    assert all(name in text for name in colorchecker.PATCHES)


def test_every_drawing_is_valid_and_says_what_it_shows():
    drawings = re.findall(r"<svg.*?</svg>", color_page(report()), re.S)
    assert len(drawings) >= 4
    for drawing in drawings:
        root = ElementTree.fromstring(drawing)
        assert root.get("role") == "img" and len(root.find("title").text) > 8
        for one in root.iter():
            for key in ("x", "y", "cx", "cy", "width", "height"):
                assert np.isfinite(float(one.get(key, 0)))


def test_what_was_not_measured_leaves_no_empty_section():
    text = color_page(report(by_hue=(), sensitivities=None, notes=()))
    assert "trusted less" not in text and "What to know" not in text and "as estimated" not in text


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-80.3, 61.2), (400, 700), (0, 0.004)])
def test_ticks_are_round_and_inside(low, high):
    found = svg.ticks(low, high)
    assert 2 <= len(found) <= svg.TICKS + 1 and min(found) >= low - 1e-9 and max(found) <= high + 1e-9


def test_a_table_says_what_was_not_measured():
    assert "not measured" in page.table(("a", "b"), [["x", None]])
    assert page.table(("a",), []) == ""
