"""Recipes: order, documents, errors that name what is wrong."""

from __future__ import annotations

import pytest

from twinlens import stages
from twinlens.core.errors import DocumentError, ParameterError
from twinlens.core.image import ENCODED, SENSOR
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
