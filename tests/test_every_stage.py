"""What every stage must do, whatever it is: a new file in `stages/` is tested by being there."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from twinlens import stages
from twinlens.core.errors import ParameterError
from twinlens.core.image import CAMERA_RGB, ENCODED, MOSAIC, SENSOR, Image, State, empty_rgb
from twinlens.core.stage import Facts, Stage, stage_from
from twinlens.pipeline.default import default_stages
from twinlens.pipeline.recipe import Recipe
from twinlens.pipeline.resolve import Scans, resolve
from twinlens.simulate import sample

STAGES = sorted(stages.load())
SIZE = (72, 98)


@pytest.fixture(scope="module")
def raw() -> Image:
    return sample.shoot(*SIZE, seed=3)


@pytest.fixture(scope="module")
def resolved(raw: Image) -> dict[str, Stage]:
    """Every stage as it is after resolving the recipe that it belongs to."""
    found: dict[str, Stage] = {}
    for source, from_profile in ((raw, False), (raw, True), (display(), False)):
        recipe = resolve(Recipe(default_stages(source.state, from_profile=from_profile)), source)
        found |= {stage.name(): stage for stage in recipe.stages}
    return found


def display() -> Image:
    """A finished picture as a source."""
    return arriving(ENCODED, SIZE)


def arriving(state: State, size: tuple[int, int]) -> Image:
    """A small image in a state, with plausible numbers."""
    shot = sample.shoot(*size).shot
    if state is SENSOR:
        return sample.shoot(*size, seed=5)
    rng = np.random.default_rng(1)
    if state is MOSAIC:
        assert shot.cfa
        mosaic = rng.uniform(0.01, 0.9, size).astype(np.float32)
        return Image(pixels=mosaic, state=state, shot=shot, cfa=shot.cfa, clipped=np.zeros(size, np.uint8))
    pixels = empty_rgb(*size)
    pixels[:] = rng.uniform(0.02, 0.9, (*size, 3))
    primaries = {CAMERA_RGB: "camera", State.BALANCED: "camera", State.OUTPUT: "srgb", ENCODED: "srgb"}.get(
        state, "rec2020"
    )
    return Image(pixels=pixels, state=state, shot=shot, primaries=primaries)


@pytest.mark.parametrize("name", STAGES)
@pytest.mark.parametrize("size", [SIZE, (1, 7), (7, 1), (2, 2), (33, 50)])
def test_declared_state_out_finite_and_input_untouched(
    name: str, size: tuple[int, int], resolved: dict[str, Stage]
) -> None:
    stage = resolved[name]
    image = arriving(stage.accepts, size)
    before = image.pixels.copy()
    work = stage.bind(image) if stage.needs_scan else stage
    try:
        result = work(image)
    except ParameterError:
        assert min(size) < 3, "only a picture too small to have neighbours may be refused"
        return
    assert result.state is stage.returns or stage.is_identity
    assert np.isfinite(result.pixels.astype(float)).all()
    assert np.array_equal(image.pixels, before)
    again = work(image)
    assert np.array_equal(result.pixels, again.pixels), "the same twice"


@pytest.mark.parametrize("name", STAGES)
def test_round_trip_through_a_recipe(name: str, resolved: dict[str, Stage]) -> None:
    stage = resolved[name]
    assert Recipe.loads(Recipe((stage,)).dumps()).stages == (stage,)
    assert hash(stage) == hash(dataclasses.replace(stage))


@pytest.mark.parametrize("name", STAGES)
def test_documented_and_frozen(name: str) -> None:
    cls = stages.load()[name]
    assert cls.__doc__
    for item in dataclasses.fields(cls):
        assert item.metadata.get("doc"), f"{name}.{item.name} has no meaning stated"
    with pytest.raises(dataclasses.FrozenInstanceError):
        cls().version_of_nothing = 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", STAGES)
def test_values_out_of_range_are_refused_by_name(name: str) -> None:
    cls = stages.load()[name]
    for item in dataclasses.fields(cls):
        high = item.metadata.get("high")
        if high is None or not isinstance(item.default, float | int):
            continue
        with pytest.raises(ParameterError, match=rf"{cls.__name__}\.{item.name}.*outside"):
            stage_from(name, {item.name: type(item.default)(high * 2 + 1)})


def test_resolving_again_changes_nothing(raw: Image) -> None:
    once = resolve(Recipe(default_stages(raw.state)), raw)
    assert resolve(once, raw) == once


def test_facts_give_the_picture_as_it_arrives(raw: Image) -> None:
    chosen = resolve(Recipe(default_stages(raw.state)), raw).stages
    scans = Scans(raw)
    for index, stage in enumerate(chosen):
        if stage.accepts in (SENSOR, MOSAIC):
            continue
        facts = Facts(raw.shot, raw, lambda index=index: scans.arriving(chosen, index))
        assert facts.arriving().state is stage.accepts
