"""The page of a comparison stands alone, says in words what it draws, and shows no more than it was given."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from compare_samples import plot, row, sample
from twinlens.report.compare import compare_page, numbers
from twinlens.report.compare.dumbbell import limits


def drawings(text: str) -> list[ElementTree.Element]:
    return [ElementTree.fromstring(one) for one in re.findall(r"<svg(?:(?!<svg).)*?</svg>", text, re.S)]


def test_the_page_needs_nothing_else_and_escapes_what_it_is_given() -> None:
    text = compare_page(sample())
    assert not re.search(r'(src|href)="(?!data:)', text)
    assert not re.search(r"https?://|@import|url\(", text)
    assert "&lt;Phone 12&gt;" in text and "<Phone 12>" not in text


def test_the_statement_is_the_first_thing_to_read() -> None:
    text = re.sub(r"<style>.*?</style>", "", compare_page(sample()), flags=re.S)
    assert text.index("moved 41 % of the way") < text.index("<section>") < text.index("All numbers")


def test_every_picture_and_drawing_is_told_in_words() -> None:
    text = compare_page(sample())
    assert all(re.findall(r'<img alt="[^"]{5,}"', one) for one in re.findall(r"<img[^>]{0,80}", text))
    for drawing in re.findall(r'<svg role="img"[^>]*>.{0,20}', text) + re.findall(
        r'<svg class="[^"]*" role="img".{0,40}', text
    ):
        assert "<title>" in drawing


def test_places_in_drawings_are_numbers() -> None:
    for root in drawings(compare_page(sample())):
        for one in root.iter():
            for key in ("x", "y", "cx", "cy", "x1", "x2", "width"):
                assert np.isfinite(float(one.get(key, "0").removesuffix("%")))


def test_marks_of_before_after_and_reference_differ_without_color() -> None:
    text = compare_page(sample())
    shapes = set(re.findall(r'<(circle|svg)[^>]*?(?:r="(5.5|5)"|overflow="visible")', text))
    assert len(shapes) == 3


def test_without_a_reference_no_way_is_drawn() -> None:
    plain = row("exposure", "exposure", "EV", 0.05, 0.3, None)
    text = compare_page(sample(moved=None, interval=None, detectable=None, rows=(plain,), hues=(), tones=(), edges=()))
    assert 'class="gauge"' not in text and "of the way" not in text.split("All numbers")[1]


def test_without_pictures_there_is_no_script() -> None:
    assert "<script" not in compare_page(sample(pictures=()))


def test_pictures_that_do_not_lie_on_each_other_get_no_slider() -> None:
    given = sample().pictures
    text = compare_page(sample(pictures=(given[1],)))
    assert not given[1].is_aligned and "data-slides" not in text.split("<script>")[0]


def test_what_is_empty_leaves_no_heading() -> None:
    text = compare_page(sample(left_out=(), not_measured=(), methods=(), notes=(), hues=(), tones=(), edges=()))
    for heading in ("left out", "not measured, and", "Methods", "limits", "Hue and", "Tone</h2>", "Edges"):
        assert f"<h2>{heading}" not in text and f"{heading}, and why</h2>" not in text


def test_rendering_and_hardware_stand_apart() -> None:
    text = compare_page(sample())
    rendering, hardware = text.split("What the hardware may do")
    assert "light in the corners" in hardware.split("All numbers")[0]
    assert "light in the corners" not in rendering


def test_gaps_in_curves_are_left_open() -> None:
    x = np.linspace(0, 1, 9)
    given = plot("curve", x, 0.1)
    given.series[0].y[4] = np.nan
    assert "nan" not in compare_page(sample(tones=(given,)))


def test_an_axis_never_blows_up_what_no_eye_sees() -> None:
    low, high = limits([row("exposure", "exposure", "EV", 0.05, 0.001, None)])
    assert high - low >= 6 * 0.05


@pytest.mark.parametrize(("floor", "places"), [(0.05, 2), (2.0, 1), (5.0, 0), (1.0, 1), (0.002, 4), (0.0, 2)])
def test_digits_follow_what_matters(floor: float, places: int) -> None:
    assert numbers.digits(floor) == places


def test_numbers_have_a_true_minus_and_no_negative_zero() -> None:
    assert numbers.signed(-1.234, 2) == "\u22121.23"
    assert numbers.signed(1.0, 1) == "+1.0"
    assert numbers.signed(-0.001, 1) == "0.0"
    assert numbers.plain(float("nan"), 1) == numbers.DASH
    assert numbers.p_text(0.0) == "p < 0.001"
