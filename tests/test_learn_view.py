"""Where in the pictures a look fits worst: the right place is shown, by the reference and by the look."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from twinlens.core.learned import Learned, WorstPlace
from twinlens.learn import Evidence, LookFit, Source
from twinlens.learn.look_result import PictureFit, WorstColor
from twinlens.learn.view import CROP, View, shown, worst_places
from twinlens.measure.look import look_facts, with_learned
from twinlens.numerics import color
from twinlens.pipeline.look import load
from twinlens.report.look import look_page

CELLS, SIZE = (320, 480), (160, 240)  # cells of the picture; px of its view
PLACE = (40, 60)  # row and column of the block that is missed most
RED = np.array([0.4, 0.05, 0.05])


def evidence() -> Evidence:
    """A grey picture with a red spot, whose source is as bright; two places beside it are grey."""
    light = np.full((*SIZE, 3), 0.2)
    y, x = (int((one + 0.5) * 2) for one in PLACE)
    light[y - 2 : y + 3, x - 2 : x + 3] = RED
    view = View(codes=shown(light), light=(light / 2).astype(np.float16), cells=CELLS)
    target = np.array([[0.2] * 3, RED, [0.2] * 3])
    return Evidence(
        source=target / 2, target=target, picture=np.zeros(3, int), radius=np.zeros(3), noise=np.zeros(3),
        sources=(Source(name="IMG_1"),), place=np.array([(3, 4), PLACE, (30, 40)]), views=(view,),
    )  # fmt: skip


def fit() -> LookFit:
    codes = np.clip(color.encode(RED @ color.rgb_from_rgb("srgb", "rec2020").T), 0, 1) * 255
    worst = WorstColor(picture="IMG_1", scene=tuple(RED / 2), wanted=tuple(codes), shown=(9.0, 9.0, 9.0), delta_e=5.0)
    picture = PictureFit(
        name="IMG_1", kind="picture", cct=None, samples=3, gain_stops=1.0, white=(1.0, 1.0), mean=1.0, p95=2.0
    )
    return LookFit(load("neutral"), 1.0, "Delta E 2000", 3, None, pictures=(picture,), worst=(worst,))


def test_the_place_is_in_the_middle_of_what_is_shown_by_both() -> None:
    (place,) = worst_places(evidence(), fit())
    assert place is not None and place.reference.shape == place.shown.shape == (CROP, CROP, 3)
    red = shown(RED)
    for picture in (place.reference, place.shown):  # neutral at the picture's own exposure shows the scene itself
        middle = picture[CROP // 2, CROP // 2].astype(int)
        assert middle == pytest.approx(red.astype(int), abs=1)
        assert picture[3, 3].astype(int) == pytest.approx(shown(np.full(3, 0.2)).astype(int), abs=1)
    assert place.whole.shape == (107, 160, 3)


def test_what_is_no_picture_has_no_place() -> None:
    assert worst_places(replace(evidence(), views=(None,)), fit()) == (None,)
    assert worst_places(replace(evidence(), views=(), place=None), fit()) == (None,)


def test_the_page_shows_the_places_and_the_document_does_not_hold_them() -> None:
    worst = WorstPlace(where="IMG_1, strong red", wanted=(200, 40, 30), shown=(9, 9, 9), delta_e=5.0)
    look = with_learned(load("neutral"), Learned(worst=(worst, worst), residual=1.0))
    facts = look_facts(look)
    plain = look_page(facts)
    page = look_page(replace(facts, places=(*worst_places(evidence(), fit()), None)))
    assert "around the place" not in plain and "around the place" in page
    assert page.count("data:image/png") == plain.count("data:image/png") + 3


@pytest.mark.slow
def test_learning_from_files_knows_the_places(tmp_path: Path) -> None:
    from twinlens.learn import learn
    from twinlens.simulate import pair

    for index in range(2):
        pair("still-life", megapixels=0.5, seed=index, name=f"{index}").reference.write(tmp_path / "raws")
    found = learn(from_raws=tmp_path / "raws")
    places = worst_places(found.evidence, found.fit)
    assert len(places) == len(found.fit.worst) > 0
    for place, worst in zip(places, found.fit.worst, strict=True):
        assert place is not None
        middle = place.reference[CROP // 2 - 2 : CROP // 2 + 3, CROP // 2 - 2 : CROP // 2 + 3].reshape(-1, 3)
        near = np.abs(middle.astype(float) - worst.wanted).max(1).min()
        assert near < 24  # codes; a place at the edge of the picture is not in the middle
