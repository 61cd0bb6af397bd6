"""What is told of a look: figures are true, learning survives in the document, the page stands alone."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from twinlens.core.errors import DocumentError, FileError
from twinlens.core.learned import Learned, PictureError, WorstPlace, learned_from
from twinlens.core.look import SECTORS, Table, keep_table
from twinlens.files import cube
from twinlens.measure.inspect import inspect
from twinlens.measure.look import coverage, look_facts, with_learned, words
from twinlens.measure.look import learned as learning_of
from twinlens.measure.look.coverage import covered_share, not_covered
from twinlens.measure.look.fitted import color_words
from twinlens.numerics import color, lut
from twinlens.pipeline.look import Look, blend, dumps, load, loads, save, shipped
from twinlens.report.look import look_page
from twinlens.stages.look_map import LookMap


def learned(**changes) -> Learned:
    rng = np.random.default_rng(0)
    rows, greys = coverage(rng.uniform(0, 1, (4000, 3)))
    values = {
        "source": "3 raw + JPEG pairs",
        "pictures": tuple(PictureError(name=f"<{name}>", mean=0.6, p95=1.8, samples=900) for name in "abc"),
        "held_out": PictureError(name="all", mean=0.62, p95=1.91, matched_mean=0.5, matched_p95=1.6, samples=2700),
        "residual": 0.31,
        "coverage": rows,
        "greys": greys,
        "worst": (WorstPlace(where="a, left of the middle", wanted=(210.0, 40.0, 30.0), shown=(201.0, 51.0, 33.0),
                             delta_e=4.2),),
        "notes": ("an eighth of the difference is local tone",),
        "left_out": ("d.jpg: shows something else",),
    }  # fmt: skip
    return Learned(**{**values, **changes})


def learned_look() -> Look:
    return replace(
        load("vibrant"), name="learned one", provenance={"made_by": "a test", "learned": learned().as_dict()}
    )


LOOKS = {
    "shipped": load("authentic"),
    "mono": load("mono"),
    "neutral": load("neutral"),
    "learned": learned_look(),
    "blended": blend(load("authentic"), load("vibrant"), 0.4),
    "by hand": loads('format = "look/1"\nname = "plain"\n[curve]\nkind = "film"\ncontrast = 1.3\n'),
}


# Figures


def test_neutral_changes_nothing():
    facts = look_facts(load("neutral"))
    assert facts.chroma_ratio == pytest.approx(1, abs=1e-3) and facts.grey_gain == pytest.approx(0, abs=1e-3)
    assert facts.tone.contrast == pytest.approx(1, abs=1e-3) and facts.tone.middle == pytest.approx(117.7, abs=0.2)
    assert facts.tone.roll_off == pytest.approx(0.78, abs=0.05)
    assert max(one.delta_e for one in facts.memory) < 0.1
    assert all(abs(one.chroma - 1) < 0.01 and abs(one.turn_deg) < 0.1 for one in facts.sectors)


def test_the_film_curve_is_measured_as_it_was_made():
    made = Look(
        name="x", map=LookMap(curve="film", middle=0.22, contrast=1.5, white=3.0, keep_hue=1, keep_saturation=1)
    )
    tone = look_facts(made).tone
    assert tone.contrast == pytest.approx(1.5, rel=0.02)
    assert tone.middle == pytest.approx(255 * color.encode(np.array(0.22)), abs=0.2)
    assert tone.white == pytest.approx(3.0, abs=0.15)
    assert tone.cast < 0.05


def test_a_turn_of_one_sector_is_told_of_that_sector():
    rows = [(0.0, 1.0, 0.0, 1.0)] * 12
    rows[SECTORS.index("sky")] = (20.0, 0.8, 0.0, 1.0)
    facts = look_facts(Look(name="x", map=LookMap(sectors=tuple(rows))))
    found = {one.name: one for one in facts.sectors}
    assert found["sky"].turn_deg == pytest.approx(20 * 4 / 6, abs=1.5)  # a B-spline: four sixths at its own center
    assert found["sky"].chroma == pytest.approx(1 - 0.2 * 4 / 6, abs=0.03)
    assert abs(found["orange"].turn_deg) < 0.1 and found["orange"].chroma == pytest.approx(1, abs=0.01)


def test_a_factor_of_chroma_is_the_chroma_ratio_of_colors_that_fit():
    facts = look_facts(Look(name="x", map=LookMap(saturation=0.8)))
    assert facts.chroma_ratio == pytest.approx(0.8, abs=0.02)
    assert look_facts(load("mono")).chroma_ratio < 1e-3


def test_the_cast_of_a_white_bias_is_told_and_by_light():
    text = 'format = "look/1"\nname = "x"\n[[light]]\ncct = 2856\ngains = [1.2, 1, 0.8]\n[[light]]\ncct = 6504\n'
    facts = look_facts(loads(text))
    assert facts.tone.cast < 0.05
    warm, plain = facts.lights
    assert warm[0] == 2856 and warm[2] > 8 and abs(plain[2]) < 0.1


def test_a_broken_look_is_told_to_be_broken():
    facts = look_facts(Look(name="x", map=LookMap(transform=((0, 0, 1), (0, 1, 0), (1, 0, 0)))))
    assert not facts.passed
    assert any("FAILS" in text for section in words.sections(facts) for _, text in section.facts)


def test_coverage_counts_every_sample_once():
    display = np.random.default_rng(1).uniform(0, 1, (5000, 3))
    rows, greys = coverage(display)
    assert np.shape(rows) == (9, 12) and len(greys) == 10
    assert np.sum(rows) + np.sum(greys) == 5000
    assert np.sum(coverage(np.repeat(display[:, :1], 3, 1))[1]) == 5000


def test_what_was_not_seen_is_named():
    blue = np.array([[0.05, 0.1, 0.5]]) * np.linspace(0.2, 1, 400)[:, None]
    rows, greys = coverage(blue)
    told = " ".join(not_covered(learned(coverage=rows, greys=greys)))
    assert "light colors of any hue" in told and "strong pink" in told and "greys" in told
    assert (covered_share(learned(coverage=rows)) or 1) < 0.1
    assert not_covered(learned(coverage=())) == ()


# Provenance


def test_what_learning_found_survives_in_the_document(tmp_path):
    look = learned_look()
    save(look, tmp_path / "x.look.toml")
    again = load(tmp_path / "x.look.toml")
    assert again == look
    kept = learned_from(again.provenance)
    assert kept is not None and kept.held_out == learned().held_out and kept.worst == learned().worst
    assert np.allclose(kept.coverage, learned().coverage) and kept.notes == learned().notes


def test_a_blend_keeps_what_its_parts_were_learned_from():
    mixed = blend(learned_look(), load("authentic"), 0.3)
    told = dict(look_facts(loads(dumps(mixed))).provenance)
    assert told["parts 1, made_by"] == "a test"
    assert "mean 0.62" in told["parts 1, learned"]


def fit() -> Any:
    """What a fit of a look tells, with two pictures and a chart."""
    picture = SimpleNamespace(
        name="IMG_1", kind="picture", cct=5200.0, samples=800, gain_stops=0.2, white=(1.0, 1.0), mean=0.4, p95=1.0,
        held_out_mean=0.7, held_out_p95=1.9, blind_mean=None, blind_p95=None, local_stops=0.08, notes=("warm light",),
    )  # fmt: skip
    chart = SimpleNamespace(**{**vars(picture), "name": "chart", "kind": "chart", "held_out_mean": None, "notes": ()})
    light = np.random.default_rng(0).uniform(0, 1, (300, 3))
    cells = SimpleNamespace(centers=color.oklab_from_rec2020(light), counts=np.full(300, 3))
    worst = SimpleNamespace(picture="IMG_1", scene=(0.5, 0.1, 0.1), wanted=(200.0, 40.0, 30.0),
                            shown=(190.0, 50.0, 40.0), delta_e=5.5)  # fmt: skip
    return SimpleNamespace(
        value=load("vibrant"), residual=0.41, held_out=0.7, held_out_p95=1.9, samples=1600, pictures=(picture, chart),
        blind=None, blind_p95=None, coverage=cells, worst=(worst,), vignette=(-0.2, 0.05),
        local_stops=0.08, lights=(5200.0,), left_out=(("IMG_9", "other scene"),),
        notes=("few greens",),
    )  # fmt: skip


def test_a_fit_is_told_in_text_and_on_the_page_and_stays_in_the_document():
    found = learning_of(fit())
    look = replace(with_learned(load("vibrant"), found), name="fitted")
    again = learned_from(loads(dumps(look)).provenance)
    assert again is not None and again.held_out == found.held_out and again.pictures == found.pictures
    assert np.sum(again.coverage) + np.sum(again.greys) == pytest.approx(900, rel=0.01)
    grey = learning_of(fit(), display=np.full((50, 3), 0.2))
    assert np.sum(grey.greys) == 50 and np.sum(grey.coverage) == 0
    told = [text for section in words.sections(look_facts(look)) for _, text in section.facts]
    assert "1 pair of pictures and 1 chart pair" in told
    assert "after one gain and one white, mean 0.70, p95 1.90" in told
    assert "IMG_1, medium, strong red: dE 5.5" in told or any("strong red" in one for one in told)
    page = look_page(look_facts(look))
    for part in (
        "held out, matched: mean",
        "mean, matched",
        "IMG_9: other scene",
        "few greens",
        "0.08 EV",
        "one light, 5200 K",
    ):
        assert part in page


def test_errors_without_any_gain_stay_with_the_look_beside_the_matched_ones():
    both = fit()
    both.blind, both.blind_p95 = 2.5, 4.5
    both.pictures[0].blind_mean, both.pictures[0].blind_p95 = 2.4, 4.4
    look = with_learned(load("vibrant"), learning_of(both))
    again = learned_from(loads(dumps(look)).provenance)
    assert again is not None and again.held_out is not None and again.pictures[0].mean == 2.4
    assert words.error(again.held_out) == ("mean 2.50, p95 4.50; after one gain and one white, mean 0.70, p95 1.90")
    assert "2.50 / 4.50" in look_page(look_facts(look))


def test_a_fit_of_one_picture_claims_nothing_for_others():
    alone = fit()
    alone.held_out = alone.held_out_p95 = None
    alone.pictures = alone.pictures[1:]
    facts = look_facts(with_learned(load("vibrant"), learning_of(alone)))
    assert any("No picture was held out" in one for one in facts.cannot_say)
    assert "0.41" in look_page(facts)


def test_colors_have_words():
    assert color_words((20, 20, 20)) == "dark grey"
    assert color_words((250, 250, 250)) == "light grey"
    assert color_words((30, 60, 200)).endswith("strong blue")


def test_provenance_keeps_tables_in_tables_dates_and_lists():
    text = '[provenance]\nmade = 2026-05-01\n[provenance.files."a b.dng"]\nhash = "1"\nn = [1, 2]\n'
    look = loads('format = "look/1"\nname = "x"\n' + text)
    assert loads(dumps(look)) == look
    told = dict(look_facts(look).provenance)
    assert told["made"] == "2026-05-01" and told["files, a b.dng, n"] == "1, 2"


@pytest.mark.parametrize(
    "given",
    ["3", '"a lot"', "[]", "{coverage = 3}", "{coverage = [[1]], greys = [nan]}", '{pictures = [1, {mean = "x"}]}',
     "{held_out = {mean = nan, p95 = 1}}", "{worst = [{wanted = [1, 2], shown = 3, delta_e = true}]}",
     '{notes = "one", left_out = {a = 1}}'],
)  # fmt: skip
def test_provenance_that_a_hand_has_spoiled_is_passed_over(given):
    look = loads(f'format = "look/1"\nname = "x"\n[provenance]\nlearned = {given}\n')
    assert look_page(look_facts(look))


def test_rows_of_numbers_stand_on_one_line():
    look = Look(name="x", map=LookMap(curve="nodes", nodes=((-4.0, 0.0, 3.0), (0.1, 0.5, 1.0))))
    assert "stops = [-4.0, 0.0, 3.0]\n" in dumps(look)
    long = Look(
        name="x", map=LookMap(curve="nodes", nodes=tuple(map(tuple, np.linspace([-8, 0], [4, 1], 60).T.tolist())))
    )
    assert max(map(len, dumps(long).splitlines())) <= 120
    assert loads(dumps(long)) == long
    text = "a\n[\n  1,\n  2,\n]"
    assert loads(dumps(replace(look, description=text))).description == text


# Documents that cannot be

HEAD = 'format = "look/1"\nname = "x"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[scene]\nexposure = nan", r"scene\.exposure"),
        ("[scene]\nexposure = -9", r"scene\.exposure = -9"),
        ("[scene]\nspace = 3", r"scene\.space"),
        ("[scene]\ntransform = [[1e9, 0, 0], [0, 1, 0], [0, 0, 1]]", r"scene\.transform: a term of 1e\+09"),
        ('[scene]\ntransform = [["a", 0, 0], [0, 1, 0], [0, 0, 1]]', r"scene\.transform"),
        ("[curve]\nmiddle = true", r"curve\.middle"),
        ("[curve]\nwhite = -1", r"curve\.white = -1"),
        ('[curve]\nkind = "nodes"\nstops = [-1e9, 0]\ndisplay = [0, 1]', "stops must lie within 40 EV"),
        ('[curve]\nkind = "nodes"\nstops = [-1, 0]\ndisplay = [-0.1, 1]', "codes must not fall"),
        ('[curve]\nkind = "nodes"\nstops = [-1, 0]\ndisplay = [0, nan]', "nodes: finite numbers"),
        ('[curve]\nkind = "nodes"\nstops = "low"\ndisplay = [0, 1]', "nodes"),
        ("[color]\nskin = inf", r"color\.skin"),
        ('[sectors.sky]\nchroma = "more"', r"sectors\.sky\.chroma = 'more'"),
        ("[sectors.sky]\nshift = nan", "sky: shift = nan"),
        ("[finish]\ngrain = nan", r"finish\.grain"),
        ('[[light]]\ncct = "warm"', "light 1: cct"),
        ("[[light]]\ncct = 5000\ngains = [1, 1, nan]", "light 1: gains"),
        ("[[light]]\ncct = 5000\ngains = [1, 1, -1]", "light 1: gains"),
        ("[[light]]\ncct = 5000\n[[light]]\ncct = 4000\ntransform = [[1, 0], [0, 1]]", "light 2: transform"),
        ('[table]\nfile = "absent.cube"', "cannot read the table"),
        ('[table]\nfile = "line.cube"', "line.cube must be a 3D table"),
        ('[table]\nfile = "wide.cube"', "wide.cube must be a 3D table over 0 to 1"),
        ('[table]\nfile = "large.cube"', "large.cube has a value of 50"),
        ('[table]\nfile = "good.cube"\nhash = 3', "not the table that this look was made with"),
        ('[table]\nfile = 3', r"table\.file"),
    ],
)  # fmt: skip
def test_impossible_numbers_are_refused_with_the_key(tmp_path, text, said):
    grid = lut.identity_table(3)
    cube.write(np.linspace(0, 1, 15).reshape(5, 3).astype(np.float32), tmp_path / "line.cube")
    cube.write(Table(grid, (0.0, 0.0, 0.0), (2.0, 2.0, 2.0)), tmp_path / "wide.cube")
    cube.write(Table(grid * 50), tmp_path / "large.cube")
    cube.write(Table(grid), tmp_path / "good.cube")
    path = tmp_path / "x.look.toml"
    path.write_text(HEAD + text)
    with pytest.raises((DocumentError, FileError), match=said):
        load(path)


# The page


@pytest.mark.parametrize("kind", LOOKS)
def test_the_page_of_every_look_stands_alone(kind):
    text = look_page(look_facts(LOOKS[kind]))
    assert not re.search(r'(src|href)="(?!data:)', text) and "<script" not in text and "url(" not in text
    assert text.count("<img ") == len(re.findall(r'<img alt="[^"]{9,}"', text))
    assert LOOKS[kind].name in text and not re.search(r"\bnan\b", text)
    for drawing in re.findall(r"<svg.*?</svg>", text, re.S):
        root = ElementTree.fromstring(drawing)
        title = root.find("title")
        assert root.get("role") == "img" and title is not None and len(title.text or "") > 8
        for one in root.iter():
            for key in ("x", "y", "cx", "cy", "x1", "x2", "y1", "y2", "width", "height"):
                assert np.isfinite(float(one.get(key, 0)))
            assert float(one.get("width", 0)) >= 0


def test_the_page_of_a_learned_look_shows_what_it_was_learned_from():
    text = look_page(look_facts(learned_look()))
    for told in ("0.62", "1.91", "What it was shown", "&lt;a&gt;", "a, left of the middle", "d.jpg", "an eighth"):
        assert told in text
    plain = look_page(look_facts(load("vibrant")))
    assert "What it was shown" not in plain and "How near it comes" not in plain


def test_a_look_with_a_table_can_be_shown():
    values = lut.identity_table(5) * np.float32(0.96) + np.float32(0.02)
    facts = look_facts(Look(name="x", map=LookMap(curve="film", contrast=1.2, table=keep_table(Table(values)))))
    assert dict(facts.settings)["residual table"]
    assert facts.passed
    assert look_page(facts)


# Inspect


@pytest.mark.parametrize("name", shipped())
def test_inspect_tells_a_shipped_look_by_name_in_text_and_numbers(name):
    report = inspect(name)
    titles = [section.title for section in report.sections]
    assert report.kind == "look" and {"Look", "Tone", "Color", "Checks", "What this cannot say"} <= set(titles)
    told = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert told["figures"]["passed"] and len(told["figures"]["memory"]) == 10
    assert told["figures"]["tone"]["middle"] > 100


def test_documents_are_known_by_either_quote_and_others_are_named(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text("format = 'look/1'\nname = 'x'\n")
    assert inspect(path).kind == "look"
    path.write_text('name = "x"\n')
    with pytest.raises(FileError, match="none of format = "):
        inspect(path)
    path.write_text('format = "look/1"\nname = "x"\n[curve\n')
    with pytest.raises(DocumentError, match="not valid TOML"):
        inspect(path)


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    code = "from twinlens.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False
    )


def test_the_command_writes_the_page_and_never_over_the_input(tmp_path):
    look, page = tmp_path / "x.look.toml", tmp_path / "x.html"
    save(learned_look(), look)
    result = run("inspect", look, "--json", "--page", page)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["figures"]["learned"]["held_out"]["mean"] == 0.62
    assert page.read_text().startswith("<!doctype html>")
    again = run("inspect", look, "--page", page)
    assert again.returncode != 0 and "exists already" in again.stderr
    before = look.read_bytes()
    over = run("inspect", look, "--page", look, "--overwrite")
    assert over.returncode != 0 and "input itself" in over.stderr and look.read_bytes() == before


def test_the_page_of_the_shipped_looks_tells_what_they_do():
    script = Path(__file__).parents[1] / "docs" / "make_looks.py"
    result = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
