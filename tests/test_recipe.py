"""Recipes: order, documents, errors that name what is wrong."""

from __future__ import annotations

import pytest

from twinlens import stages
from twinlens.core.errors import DocumentError, ParameterError
from twinlens.core.image import ENCODED, SENSOR
from twinlens.pipeline import profile
from twinlens.pipeline.default import default_stages
from twinlens.pipeline.recipe import Output, Recipe


@pytest.mark.parametrize("state", [SENSOR, ENCODED])
def test_default_recipe_round_trips(state) -> None:
    recipe = Recipe(default_stages(state), Output(bits=16, quality=80), {"source": "a.dng"})
    assert Recipe.loads(recipe.dumps()) == recipe
    assert recipe.dumps().startswith('format = "recipe/1"')


def test_a_step_in_the_wrong_place_is_refused() -> None:
    known = stages.load()
    with pytest.raises(DocumentError, match="exposure takes scene but demosaic"):
        Recipe((known["demosaic"](), known["exposure"]()))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", 'expected a document with format = "recipe/1", found None'),
        ('format = "look/1"', "recipe/1"),
        ('format = "recipe/2"', "update twinlens"),
        ('format = "recipe/1"', "at least one"),
        ('format = "recipe/1"\ncolour = 1\n[[stage]]\nname = "exposure"', "unknown key colour"),
        ('format = "recipe/1"\n[[stage]]\nname = "sparkle"', "unknown stage 'sparkle'"),
        ('format = "recipe/1"\n[[stage]]\nname = "exposure"\nstop = 1', "has no stop"),
        ('format = "recipe/1"\n[[stage]]\nname = "exposure"\nstops = 12', r"stops = 12 EV is outside -8 to 8"),
        ('format = "recipe/1"\n[[stage]]\nname = "exposure"\nstops = "much"', r"Exposure\.stops = 'much'"),
        ('format = "recipe/1"\n[[stage]]\nname = "exposure"\nstops = nan', "finite"),
        ('format = "recipe/1"\n[[stage]]\nname = "exposure"\nversion = 99', "newer"),
        ('format = "recipe/1"\n[output]\nbits = 12\n[[stage]]\nname = "exposure"', "expected 8 or 16"),
        ('format = "recipe/1"\n[[stage]\n', "not valid TOML"),
        ('format = "recipe/1"\nstage = 3', "at least one"),
        ('format = "recipe/1"\noutput = 3\n[[stage]]\nname = "exposure"', "output = 3: expected a table"),
        ('format = "recipe/1"\nmade = 3\n[[stage]]\nname = "exposure"', "made = 3: expected a table"),
        ('format = "recipe/1"\n[made]\nprofile = 3\n[[stage]]\nname = "exposure"', "profile = 3: text is wanted"),
        ('format = "recipe/1"\n[output]\nquality = "x"\n[[stage]]\nname = "exposure"', "quality = 'x': expected"),
        ('format = "recipe/1"\n[output]\nquality = 92.5\n[[stage]]\nname = "exposure"', "whole number, 1 to 100"),
        ('format = "recipe/1"\n[[stage]]\nname = "white_balance"\nspot = [-5, 3]', "-5 px is outside the range from 0"),
        (f'format = "recipe/1"\n[[stage]]\nname = "exposure"\nstops = 1{"0" * 400}', "401 digits is too large"),
    ],
)
def test_what_is_wrong_is_named(text: str, told: str) -> None:
    with pytest.raises(DocumentError, match=told):
        Recipe.loads(text, origin="x.toml")


def test_changed_refuses_what_is_not_there() -> None:
    recipe = Recipe(default_stages(SENSOR))
    assert recipe.changed({"exposure": {"stops": 1.0}}).get("exposure") != recipe.get("exposure")
    with pytest.raises(ParameterError, match="no stage 'glow'"):
        recipe.changed({"glow": {"amount": 1.0}})
    with pytest.raises(DocumentError, match="unknown key amount"):
        recipe.changed({"exposure": {"amount": 1.0}})


LIGHT = "[[color.light]]\ncolor_matrix = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("color = 3\n", "color = 3: expected a table"),
        ("[color]\nlight = 3\n", "light = 3: expected a list of tables"),
        ("[color]\nlight = [1]\n", r"\[\[color\.light\]\] 1: expected a table of keys, found 1"),
        (f"noise = 3\n{LIGHT}", "noise = 3: expected a list of tables"),
        (f"noise = [3]\n{LIGHT}", r"\[\[noise\]\] 1: expected a table of keys, found 3"),
        (f"provenance = 3\n{LIGHT}", "provenance = 3: expected a table"),
        (f"{LIGHT}brightness = 3\n", "unknown key brightness"),
    ],
)
def test_what_is_wrong_in_a_profile_is_named(text: str, told: str) -> None:
    with pytest.raises(DocumentError, match=told):
        profile.loads(f'format = "profile/1"\n{text}')
