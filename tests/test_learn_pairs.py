"""Evidence of photographs: what files say, and what is left out with a reason."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from twinlens.core.errors import FileError, ParameterError
from twinlens.files import dng, exif, photo
from twinlens.learn.consistency import consistent
from twinlens.learn.folder import photographs
from twinlens.learn.learning import evidence_of
from twinlens.learn.pairs import LeftOut, Pair, from_raws
from twinlens.learn.samples import from_samples
from twinlens.learn.two_cameras import from_folders
from twinlens.numerics import color
from twinlens.simulate import chart, pair
from twinlens.simulate import maker as makers

MEGAPIXELS = 0.6


@lru_cache
def shots(seed: int) -> Any:
    """Phone and reference at one scene."""
    return pair("still-life", megapixels=MEGAPIXELS, seed=seed, name="shot")


def put(frame: Any, target: Path, *, raw: bool = True, picture: bool = True, preview: Any = None, **facts: Any) -> Path:
    """The frame's raw and maker's picture as files of that name."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shot = replace(frame.image.shot, **facts)
    if raw:
        dng.write(target.with_suffix(".dng"), frame.image.pixels, shot, preview=preview)
    if picture:
        photo.write(frame.picture, target.with_suffix(".jpg"), quality=92, exif=exif.made(shot))
    return target


def pairs_of(outcomes: Any) -> list[Pair]:
    return [one for one in outcomes if isinstance(one, Pair)]


def reasons(outcomes: Any) -> dict[str, str]:
    return {one.name: one.reason for one in outcomes if isinstance(one, LeftOut)}


def errors(found: Pair, maker: str) -> Any:
    """CIEDE2000 of the blocks against what the maker makes of their scene light."""
    srgb = color.rgb_from_rgb("rec2020", "srgb")
    wanted = color.decode(makers.load(maker).color(np.maximum(found.blocks.source, 0))) @ srgb.T
    labs = [color.lab_from_xyz(one @ color.XYZ_D50_FROM_REC2020.T) for one in (wanted, found.blocks.target)]
    return color.delta_e_2000(*labs)


def test_blocks_of_a_raw_and_its_picture_are_what_the_maker_makes_of_the_light(tmp_path: Path) -> None:
    put(shots(1).reference, tmp_path / "IMG_1")
    (found,) = pairs_of(from_raws(tmp_path))
    assert found.source.cct == pytest.approx(6500, rel=0.1)
    assert np.median(errors(found, "natural")) < 1.2
    assert found.blocks.radius.min() < 0.2 and found.blocks.radius.max() <= 1


def test_the_preview_inside_a_raw_will_do(tmp_path: Path) -> None:
    frame = shots(1).reference
    put(frame, tmp_path / "IMG_1", picture=False, preview=frame.picture)
    (found,) = pairs_of(from_raws(tmp_path))
    assert np.median(errors(found, "natural")) < 1.3


def test_a_preview_that_is_a_thumbnail_is_left_out(tmp_path: Path) -> None:
    frame = shots(1).reference
    put(frame, tmp_path / "IMG_1", picture=False, preview=np.ascontiguousarray(frame.picture[::6, ::6]))
    assert "too small" in reasons(from_raws(tmp_path))["IMG_1.dng"]


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_turned_picture_is_found_all_the_same(tmp_path: Path, orientation: int) -> None:
    from twinlens.core.image import upright

    frame = shots(1).reference
    turned = replace(frame, picture=np.ascontiguousarray(upright(frame.picture, orientation)))
    put(turned, tmp_path / "IMG_1", orientation=orientation)
    (found,) = pairs_of(from_raws(tmp_path))
    assert np.median(errors(found, "natural")) < 1.2


def test_a_cropped_picture_is_found_all_the_same(tmp_path: Path) -> None:
    frame = shots(1).reference
    cut = replace(frame, picture=np.ascontiguousarray(frame.picture[60:-31, 50:-77]))
    put(cut, tmp_path / "IMG_1")
    (found,) = pairs_of(from_raws(tmp_path))
    assert np.median(errors(found, "natural")) < 1.3


def test_names_belong_together_whatever_their_case_and_folder(tmp_path: Path) -> None:
    names = ["a/IMG_1.DNG", "a/img_1.JPG", "RAW/X2.dng", "JPG/X2.jpeg", "P.RAW-02.ORIGINAL.dng", "P.RAW-01.COVER.jpg",
             "alone.jpg", ".hidden.dng", "notes.txt"]  # fmt: skip
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    found = {
        (one.raw.name if one.raw else None, one.picture.name if one.picture else None) for one in photographs(tmp_path)
    }
    assert found == {
        ("IMG_1.DNG", "img_1.JPG"), ("X2.dng", "X2.jpeg"), ("P.RAW-02.ORIGINAL.dng", "P.RAW-01.COVER.jpg"),
        (None, "alone.jpg"),
    }  # fmt: skip


def test_what_cannot_be_used_is_listed_with_its_reason(tmp_path: Path) -> None:
    frame = shots(1).reference
    put(frame, tmp_path / "good")
    put(frame, tmp_path / "edited", picture=False)
    block = exif.made(replace(frame.image.shot, software="Adobe Photoshop Lightroom Classic 13.0"))
    PIL.Image.fromarray(frame.picture).save(tmp_path / "edited.jpg", quality=92, exif=b"Exif\0\0" + block)
    grey = np.repeat(frame.picture.mean(-1, keepdims=True).astype(np.uint8), 3, axis=-1)
    put(replace(frame, picture=grey), tmp_path / "grey")
    put(replace(frame, picture=shots(2).reference.picture), tmp_path / "other")
    put(frame, tmp_path / "bare", picture=False)
    put(frame, tmp_path / "picture", raw=False)
    put(frame, tmp_path / "broken", picture=False)
    (tmp_path / "broken.dng").write_bytes((tmp_path / "good.dng").read_bytes()[:5000])
    told = reasons(from_raws(tmp_path))
    assert "edited" in told["edited.dng"] and "Lightroom" in told["edited.dng"]
    assert "monochrome" in told["grey.dng"]
    assert "does not show" in told["other.dng"]
    assert "holds no preview" in told["bare.dng"]
    assert "no raw file" in told["picture.jpg"]
    assert "broken.dng" in told
    assert len(pairs_of(from_raws(tmp_path))) == 1
    assert len(pairs_of(from_raws(tmp_path, keep_edited=True))) == 2


def test_handheld_pairs_are_found_without_names(tmp_path: Path) -> None:
    for index, seed in enumerate((1, 2)):
        put(shots(seed).phone, tmp_path / "phone" / f"P{index}", picture=False)
        put(shots(seed).reference, tmp_path / "camera" / f"L{9 - index}", raw=False)
    put(shots(3).reference, tmp_path / "camera" / "L1", raw=False)
    out = from_folders(tmp_path / "phone", tmp_path / "camera")
    assert {one.source.name for one in pairs_of(out)} == {"P0.dng / L9.jpg", "P1.dng / L8.jpg"}
    assert "no picture of the source" in reasons(out)["L1.jpg"]
    for one in pairs_of(out):
        assert np.median(errors(one, "natural")) < 6  # exposure and white of each hand are still in it
        assert one.source.shift < 1


def test_a_pair_in_two_lights_and_a_pair_of_another_rendering_are_left_out() -> None:
    rng = np.random.default_rng(0)
    maker = makers.load("natural")
    outcomes = [_invented(rng, maker, str(index)) for index in range(4)]
    blocks = outcomes[0].blocks
    other_light = replace(blocks, source=blocks.source * [1.6, 1, 0.7])
    outcomes.append(replace(outcomes[0], source=replace(outcomes[0].source, name="lights"), blocks=other_light))
    inverted = replace(blocks, target=1 - blocks.target[:, ::-1])
    outcomes.append(replace(outcomes[0], source=replace(outcomes[0].source, name="mode"), blocks=inverted))
    kept, _ = consistent(list(outcomes), handheld=True)
    assert set(reasons(kept)) == {"lights", "mode"}
    assert "light" in reasons(kept)["lights"]


def _invented(rng: Any, maker: Any, name: str) -> Any:
    from twinlens.learn.samples import of_samples

    scene = rng.uniform(0.01, 0.8, (400, 3)) * 0.5 + rng.uniform(0.01, 0.4, (400, 1))
    shown = color.decode(maker.color(scene)) @ color.rgb_from_rgb("rec2020", "srgb").T
    return of_samples(scene * 2 ** rng.uniform(-0.2, 0.2), shown, name)


def test_what_moved_is_not_learned_from(tmp_path: Path) -> None:
    """A red box in one picture and not in the other leaves no red blocks."""
    frame = shots(1)
    with_box = frame.reference.picture.copy()
    with_box[200:420, 300:480] = (230, 20, 20)
    put(frame.phone, tmp_path / "phone" / "P", picture=False)
    put(replace(frame.reference, picture=with_box), tmp_path / "camera" / "L", raw=False)
    (found,) = pairs_of(from_folders(tmp_path / "phone", tmp_path / "camera"))
    codes = color.encode(np.clip(found.blocks.target @ color.rgb_from_rgb("srgb", "rec2020").T, 0, 1)) * 255
    red = np.abs(codes - [230, 20, 20]).max(1) < 12
    assert red.mean() < 0.005


def test_a_chart_in_both_gives_its_patches(tmp_path: Path) -> None:
    for role in ("phone", "reference"):
        put(chart(role, megapixels=1.0, maker="natural", name=role), tmp_path / role)
    found = evidence_of(chart_pairs=[(tmp_path / "phone.dng", tmp_path / "reference.jpg")])
    assert found.sources[0].kind == "chart" and len(found.source) >= 22
    with pytest.raises(ParameterError, match="no chart"):
        put(shots(1).phone, tmp_path / "plain")
        evidence_of(chart_pairs=[(tmp_path / "plain.dng", tmp_path / "reference.jpg")])


def test_samples_are_read_by_their_columns(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    scene, codes = rng.uniform(0, 1, (2, 20, 3))
    head = "display_r,display_g,display_b,note,scene_r,scene_g,scene_b"
    rows = [",".join([*map(str, c), "x", *map(str, s)]) for s, c in zip(scene, codes, strict=True)]
    path = tmp_path / "samples.csv"
    path.write_text("\n".join([head, *rows]))
    found = from_samples(path)
    np.testing.assert_allclose(found.blocks.source, scene)
    back = color.encode(found.blocks.target @ color.rgb_from_rgb("srgb", "rec2020").T)
    np.testing.assert_allclose(back, codes, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        ("a,b\n1,2", "expected the columns"),
        ("scene_r,scene_g,scene_b,display_r,display_g,display_b\n1,1,1,x,0,0", "line 2"),
        ("\n".join(["0.2,0.2,0.2,120,120,120"] * 9), "0 to 1 is expected"),
        ("0.2,0.2,0.2,0.5,0.5,0.5", "6 or more"),
    ],
)
def test_a_table_that_is_none_is_refused_in_words(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "samples.csv"
    path.write_text(text)
    with pytest.raises(FileError, match=told):
        from_samples(path)


def test_a_hopeless_set_is_refused_in_one_sentence(tmp_path: Path) -> None:
    put(shots(1).phone, tmp_path / "phone" / "P", picture=False)
    put(shots(2).reference, tmp_path / "camera" / "L", raw=False)
    with pytest.raises(ParameterError, match="nothing to learn from"):
        evidence_of(source=tmp_path / "phone", reference=tmp_path / "camera")
    with pytest.raises(FileError, match="holds neither"):
        (tmp_path / "empty").mkdir()
        evidence_of(from_raws=tmp_path / "empty")
    with pytest.raises(ParameterError, match="belong together"):
        evidence_of(source=tmp_path)
    with pytest.raises(ParameterError, match="name what to learn from"):
        evidence_of()


def test_pictures_of_one_color_are_refused(tmp_path: Path) -> None:
    from twinlens.simulate import shot

    for index in range(2):
        frame = shot("flat", "reference", megapixels=MEGAPIXELS, exposure=0.4, seed=index, name="flat")
        put(frame, tmp_path / f"IMG_{index}")
    with pytest.raises(ParameterError, match="one color"):
        evidence_of(from_raws=tmp_path)


def test_the_same_files_give_the_same_evidence_and_stay_as_they_are(tmp_path: Path) -> None:
    put(shots(1).reference, tmp_path / "a" / "IMG_1")
    before = {one.name: one.read_bytes() for one in (tmp_path / "a").iterdir()}
    first = evidence_of(from_raws=tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    again = evidence_of(from_raws=str(tmp_path / "b"))
    assert (first.source == again.source).all() and (first.target == again.target).all()
    assert {one.name: one.read_bytes() for one in (tmp_path / "a").iterdir()} == before
