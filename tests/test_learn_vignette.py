"""Vignette of the reference: found where pictures agree on it, put into a look only where that is asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twinlens.learn import Evidence, Source, fit_look, rendering
from twinlens.learn.base import TERMS, Base, Rows
from twinlens.learn.telling import finished, told
from twinlens.learn.vignette import Corners, corners, falloff
from twinlens.numerics import color
from twinlens.simulate import maker
from twinlens.stages.look_map import LookMap

MAP = LookMap(gamut="srgb", curve="film", contrast=1.3)
COUNT = 300
Array = np.ndarray


def rows(*stops: float) -> Rows:
    """Pictures whose corners are darker by so many EV, each in an exposure of its own."""
    rng = np.random.default_rng(1)
    count = len(stops) * COUNT
    light = rng.uniform(0.02, 0.6, (count, 1)) * rng.uniform(0.6, 1, (count, 3))
    radius, picture = np.sqrt(rng.uniform(0, 1, count)), np.repeat(np.arange(len(stops)), COUNT)
    seen = light * 2.0 ** (-falloff(np.array(stops)[picture], radius) + 0.2 * (picture - 1))[:, None]
    codes = rendering.shown_codes(MAP, seen) + rng.normal(0, 0.004, (count, 3))
    return Rows(source=light, target=np.clip(codes, 0, 1), picture=picture, radius=radius,
                weight=np.full(count, 1 / count), noise=np.full(count, 0.004))  # fmt: skip


def found(*stops: float) -> Corners | None:
    pictures = len(stops)
    base = Base(matrix=np.eye(3, TERMS), curves=np.zeros((3, 1)), gains=np.zeros(pictures), vignette=np.zeros(2),
                whites=np.zeros((pictures, 3)), display_from_process=np.eye(3))  # fmt: skip
    return corners(rendering.Rendering(map=MAP, plain=MAP, base=base, smoothing=0.0), rows(*stops))


def test_the_amount_that_pictures_agree_on_is_found_whatever_their_exposure() -> None:
    seen = found(0.4, 0.4, 0.4, 0.4)
    assert seen is not None and seen.is_sure and seen.agreeing == 4
    assert seen.stops == pytest.approx(0.4, abs=0.04)


@pytest.mark.parametrize("stops", [(0.0, 0.0, 0.0, 0.0), (0.8, -0.6, 0.7, -0.8), (0.9, 0.0, 0.05, 0.0)])
def test_no_vignette_is_sure_where_there_is_none_or_pictures_disagree(stops: tuple[float, ...]) -> None:
    seen = found(*stops)
    assert seen is not None and not seen.is_sure
    assert "no vignette is sure" in seen.said


def test_two_pictures_are_too_few() -> None:
    assert found(0.4, 0.4) is None


def test_the_falloff_is_that_of_the_stage() -> None:
    from twinlens.core.image import Window
    from twinlens.kernels.vignette import dimmed, lines

    height, width = 30, 40
    dimmer = dimmed(np.ones((height, width, 3)), *lines(Window.whole(height, width), 0.7))[..., 0]
    y, x = np.mgrid[:height, :width] + 0.5
    radius = np.hypot(y - height / 2, x - width / 2) / np.hypot(height, width) * 2
    assert -np.log2(dimmer) == pytest.approx(falloff(0.7, radius), abs=1e-5)


def evidence() -> Evidence:
    """Three pictures by the maker `natural` with corners 0.5 EV darker."""
    rng = np.random.default_rng(2)
    count = 3 * COUNT
    light = rng.uniform(0.02, 0.7, (count, 1)) * rng.uniform(0.3, 1, (count, 3))
    radius = np.sqrt(rng.uniform(0, 1, count))
    codes = maker.load("natural").color(light * 2.0 ** -falloff(0.5, radius)[:, None])
    return Evidence(
        source=light, target=color.decode(codes) @ color.rgb_from_rgb("rec2020", "srgb").T, radius=radius,
        picture=np.repeat(np.arange(3), COUNT), noise=np.full(count, 0.002),
        sources=tuple(Source(name=str(index)) for index in range(3)),
    )  # fmt: skip


@pytest.mark.slow
def test_a_look_has_the_vignette_only_where_it_is_asked_for() -> None:
    seen = evidence()
    fit = fit_look(seen)
    assert fit.corners is not None and fit.corners.is_sure
    assert finished(seen, fit, "plain").finish.vignette == 0
    kept = finished(seen, fit, "kept", keep_vignette=True)
    assert kept.finish.vignette == pytest.approx(-0.5, abs=0.06)
    assert any("--keep-vignette" in note for note in told(seen, fit).notes)
    assert not any("--keep-vignette" in note for note in told(seen, fit, kept.finish.vignette).notes)
    unsure = replace(fit, corners=replace(fit.corners, agreeing=1))
    assert finished(seen, unsure, "unsure", keep_vignette=True).finish.vignette == 0
