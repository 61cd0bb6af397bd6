"""The maker's rendering: one truth for pictures and colors, smooth and monotone, far from what learn can express."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from twinlens.core.errors import DocumentError, ParameterError
from twinlens.core.image import MOSAIC
from twinlens.simulate import maker, sample
from twinlens.simulate.maker import spaces, text
from twinlens.simulate.maker.model import Color, Detail, Parameters

PLAIN = {name: maker.load(name) for name in maker.names()}
RANDOM = [maker.random(seed) for seed in range(12)]
SPACES = ("ipt", "ictcp", "hsv", "ycc")


def cube(nodes: int = 14) -> np.ndarray:
    """Scene colors inside sRGB, seven stops deep: (N, 3) linear Rec. 2020."""
    axis = 2.0 ** np.linspace(-7, 0, nodes)
    srgb = np.stack(np.meshgrid(axis, axis, axis), -1).reshape(-1, 3)
    return srgb @ np.linalg.inv(spaces.SRGB_FROM_2020).T


def folded(look: maker.Maker, step: float = 1e-3) -> float:
    """The share of unclipped colors at which the map turns its orientation round."""
    light = cube()
    codes = look.color(light)
    columns = [look.color(light * np.exp(d)) - look.color(light * np.exp(-d)) for d in np.eye(3) * step]
    is_inside = ((codes > 0.004) & (codes < 0.996)).all(-1)
    return float((np.linalg.det(np.stack(columns, -1))[is_inside] <= 0).mean())


@pytest.mark.parametrize("space", SPACES)
def test_spaces_come_back(space: str) -> None:
    light = np.random.default_rng(0).uniform(0, 1, (500, 3))
    assert np.allclose(spaces.rgb(*spaces.polar(light, space), space), light, atol=1e-9)


@pytest.mark.parametrize("space", SPACES)
def test_greys_have_no_chroma_in_any_space(space: str) -> None:
    _, chroma, _ = spaces.polar(np.linspace(0, 1, 20)[:, None] * np.ones(3), space)
    assert chroma.max() < 1e-9


@pytest.mark.parametrize("space", SPACES)
def test_without_changes_the_colors_are_those_of_the_curve(space: str) -> None:
    look = maker.Maker(Parameters(name="plain", color=Color(space=space)))
    grey = look.color(np.full(3, 0.18))
    assert np.allclose(spaces.decoded(grey), 0.18, atol=0.002)
    assert np.allclose(look.color(np.full(3, 0.18 * 2**2.5)), 1, atol=4e-3)


@pytest.mark.parametrize("name", maker.names())
def test_bundled_looks_never_fold(name: str) -> None:
    assert folded(PLAIN[name]) == 0


def test_random_looks_hardly_fold() -> None:
    assert max(folded(look) for look in RANDOM) < 0.003
    assert np.mean([folded(look) for look in RANDOM]) < 0.0005


@pytest.mark.parametrize("look", [*PLAIN.values(), *RANDOM], ids=lambda look: look.name)
def test_grey_rises_and_stays_near_grey(look: maker.Maker) -> None:
    ramp = look.color(np.linspace(0, 1, 200)[:, None] * np.ones(3))
    assert (np.diff(ramp, axis=0) > -0.25 / 255).all()  # a quarter of a code
    assert (np.diff(ramp.mean(1)) > 0)[ramp.mean(1)[1:] < 0.99].all()
    assert np.ptp(ramp, axis=1).max() < 0.06


def test_random_looks_differ_and_follow_their_strength() -> None:
    light = cube(6)
    plain = maker.random(3, 0).color(light)
    weak, full = (np.abs(maker.random(3, strength).color(light) - plain).mean() for strength in (0.3, 1.0))
    assert 0 < weak < full
    assert np.abs(RANDOM[0].color(light) - RANDOM[1].color(light)).mean() > 0.01
    assert maker.random(5) == maker.load("random:5")


def test_pictures_show_what_color_says() -> None:
    light = np.random.default_rng(1).uniform(0, 1.2, (40, 50, 3)).astype(np.float32) ** 2
    for look in (*PLAIN.values(), RANDOM[4]):
        bare = replace(look.parameters, detail=Detail(sharpen=0), local_tone=Parameters(name="").local_tone)
        shown = maker.Maker(bare).render(light)
        assert np.abs(shown - 255 * look.color(light)).max() < 0.52


def test_a_raw_picture_shows_the_colors_of_its_scene() -> None:
    scene = sample.scene(600, 800)
    shot = sample.shoot(light=scene, noisy=False)
    look = maker.Maker(Parameters(name="plain", detail=Detail(sharpen=0)))
    shown = look.render(shot)
    for (top, left, bottom, right), rgb in zip(scene.patches, scene.patch_rgb, strict=True):
        wanted = 255 * look.color(np.clip(rgb, 0, None))
        assert np.abs(shown[top + 2 : bottom - 2, left + 2 : right - 2].mean((0, 1)) - wanted).max() < 2.5


def test_a_grey_card_is_grey_in_the_makers_neutral() -> None:
    shot = sample.shoot(light=np.full((64, 64, 3), 0.18, np.float32), noisy=False)
    shown = maker.load("natural").render(shot).mean((0, 1))
    assert np.ptp(shown) < 3


def test_local_tone_is_told_and_changes_places_alike_in_color() -> None:
    light = np.full((120, 160, 3), 0.02, np.float32)
    light[:, 80:] = 0.6
    light *= np.random.default_rng(0).uniform(0.7, 1.3, (120, 160, 1)).astype(np.float32)
    light[50:70, 30:50] = 0.1
    light[50:70, 110:130] = 0.1
    look = PLAIN["smartphone"]
    assert look.has_local_tone
    assert not PLAIN["natural"].has_local_tone
    shown = look.render(light).astype(int)
    assert abs(shown[60, 40, 1] - shown[60, 120, 1]) > 3


def test_sharpening_makes_halos_and_leaves_flat_parts_alone() -> None:
    light = np.full((80, 120, 3), 0.05, np.float32)
    light[:, 60:] = 0.4
    sharp, plain = (maker.Maker(Parameters(name="x", detail=Detail(sharpen=s))).render(light) for s in (2.0, 0.0))
    assert sharp.max() > plain.max() + 3
    assert np.array_equal(sharp[:, :40], plain[:, :40])


def test_chroma_noise_falls_and_luma_detail_stays() -> None:
    shot = sample.shoot(300, 400, iso=3200)
    noisy, smooth = (
        maker.Maker(Parameters(name="x", detail=Detail(sharpen=0, chroma_noise_px=reach))).render(shot).astype(float)
        for reach in (0.0, 32.0)
    )
    sky = np.s_[10:40, 10:200]
    assert (smooth[sky][..., 0] - smooth[sky][..., 1]).std() < 0.7 * (noisy[sky][..., 0] - noisy[sky][..., 1]).std()


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_pictures_are_turned_upright(orientation: int) -> None:
    shown = PLAIN["natural"].render(sample.shoot(48, 64, orientation=orientation))
    assert shown.shape == ((64, 48, 3) if orientation >= 5 else (48, 64, 3))


@pytest.mark.parametrize("cfa", ["BGGR", "GRBG", "GBRG"])
def test_every_bayer_order_gives_the_same_colors(cfa: str) -> None:
    light = np.full((60, 80, 3), (0.3, 0.15, 0.1), np.float32)
    one, other = (PLAIN["natural"].render(sample.shoot(light=light, cfa=name, noisy=False)) for name in ("RGGB", cfa))
    assert np.abs(one[8:-8, 8:-8].astype(int) - other[8:-8, 8:-8]).max() <= 1


@pytest.mark.parametrize("look", [*PLAIN.values(), *RANDOM[:4]], ids=lambda look: look.name)
def test_documents_come_back(look: maker.Maker) -> None:
    assert text.loads(text.dumps(look.parameters)) == look.parameters


def test_a_maker_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text.dumps(PLAIN["cinematic"].parameters))
    assert maker.load(path) == PLAIN["cinematic"]


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ('format = "look/1"\nname = "x"', "maker/1"),
        ('format = "maker/1"', "name"),
        ('format = "maker/1"\nname = "x"\n[colour]\n', "unknown key colour"),
        ('format = "maker/1"\nname = "x"\n[color]\nsaturation = 3', "saturation = 3 is outside 0 to 1.6"),
        ('format = "maker/1"\nname = "x"\n[color]\nhue_deg = [1, 2]', "6 values are wanted, got 2"),
        ('format = "maker/1"\nname = "x"\n[tone]\nnorm = "mean"', "expected one of luminance, max, power"),
        ('format = "maker/1"\nname = "x"\n[tone]\ncontrast = 0.9\nwhite_ev = 1.5', "too dark"),
    ],
)
def test_documents_say_what_is_wrong(document: str, told: str) -> None:
    with pytest.raises(DocumentError, match=re.escape(told)):
        text.loads(document)


def test_what_cannot_be_rendered_is_said() -> None:
    with pytest.raises(DocumentError, match="did you mean 'natural'"):
        maker.load("naturel")
    with pytest.raises(ParameterError, match="outside 0 to"):
        maker.random(1, 2.0)
    with pytest.raises(ParameterError, match="three channels"):
        PLAIN["natural"].color(np.ones(4))
    with pytest.raises(ParameterError, match="state mosaic"):
        PLAIN["natural"].render(replace(sample.shoot(32, 32), state=MOSAIC))
    with pytest.raises(ParameterError, match=r"\(height, width, 3\)"):
        PLAIN["natural"].render(np.ones((4, 4), np.float32))


def test_the_maker_shares_no_code_with_what_it_is_the_truth_for() -> None:
    imports = "\n".join(path.read_text() for path in Path(maker.__file__).parent.glob("*.py"))
    imported = set(re.findall(r"^\s*(?:from|import) (twinlens[\w.]*)", imports, re.M))
    allowed = ("twinlens.core.", "twinlens.simulate.maker")
    assert {name for name in imported if not name.startswith(allowed)} <= {"twinlens", "twinlens.core"}
