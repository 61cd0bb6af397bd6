"""The plan: tiles equal the whole, threads do not matter, geometry is right."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from twinlens.core.errors import DocumentError, ParameterError
from twinlens.core.image import CAMERA_RGB, SENSOR, Image, Window, upright
from twinlens.core.opcodes import GainMap
from twinlens.kernels.memory import Reserved, keep_freed_memory
from twinlens.pipeline import plan
from twinlens.pipeline.default import default_stages
from twinlens.pipeline.develop import build_recipe, develop, steps
from twinlens.pipeline.preview import Preview
from twinlens.pipeline.recipe import Output, Recipe
from twinlens.pipeline.reduced import Binned, in_parts, reduced
from twinlens.pipeline.resolve import MOST_IMAGES, MOST_STAGES, Scans, resolve, scan_ahead
from twinlens.pipeline.steps import Step
from twinlens.simulate import sample
from twinlens.stages.frame import Crop, Orient
from twinlens.stages.highlights import Highlights
from twinlens.stages.linearize import Linearize
from twinlens.stages.look_map import Dimmed, LookMap
from twinlens.stages.shading import Shading


def planned(image: Image, **options) -> tuple[Step, ...]:
    recipe, _ = build_recipe(image, **options)
    scans = Scans(image)
    return steps(resolve(recipe, image, None, scans), image, scans)


@pytest.mark.parametrize("look", ["neutral", "authentic"])
def test_tiles_equal_stage_by_stage_to_one_code_of_16_bits(look: str) -> None:
    image = sample.shoot(170, 230, seed=2, default_crop_origin=(3, 5), default_crop_size=(220, 160))
    made = planned(image, look=look)
    whole = image
    for step in made:
        whole = step.over(whole, Window.whole(*step.stage.frame(*step.arriving)))
    expected = np.rint(whole.pixels * 65535)
    for tile in ((64, 96), (256, 1024)):
        tiled = plan.run(made, image, bits=16, tile=tile).pixels.astype(float)
        assert np.abs(tiled - expected).max() <= 1


def test_the_same_bytes_on_one_thread_and_on_many() -> None:
    image = sample.shoot(330, 420, seed=2, orientation=6)
    one, two, five = (develop(image, threads=n).pixels for n in (1, 2, 5))
    assert np.array_equal(one, two)
    assert np.array_equal(one, five)


def test_what_fails_while_a_stage_is_prepared_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Highlights, scan: Image) -> None:
        raise ParameterError("no highlights today")

    monkeypatch.setattr(Highlights, "bind", fail)
    for threads in (1, 2):
        with pytest.raises(ParameterError, match="no highlights today"):
            develop(sample.shoot(64, 96), threads=threads)


def test_reserved_memory_holds_what_is_written_to_it() -> None:
    for size, shape, kind in (
        (6000, (10, 100, 3), np.uint16),
        (6100, (20, 100, 3), np.uint8),
        (64, (9, 9, 3), np.uint8),
    ):
        array = Reserved(size).array(shape, kind)
        assert array.shape == shape
        assert array.dtype == kind
        assert array.flags.c_contiguous
        array[...] = np.arange(array.size).reshape(shape) % 251
        assert (array.ravel() == np.arange(array.size) % 251).all()


def test_reserved_memory_is_not_touched_once_it_is_used() -> None:
    memory = Reserved(3 * 4096)
    memory.touch()
    array = memory.array((4096, 1, 3), np.uint8)
    array[...] = 7
    memory.touch()
    assert (array == 7).all()


def test_large_pages_are_asked_for_under_the_heap() -> None:
    # NumPy asks for them itself for arrays of 4 MB and more; this one is smaller
    if not keep_freed_memory() or not Path("/sys/kernel/mm/transparent_hugepage").exists():
        pytest.skip("the system has no large pages to ask for")
    code = (
        "from twinlens.kernels.memory import Reserved; memory = Reserved(1 << 20); memory.touch()\n"
        "place = memory.array((1 << 20,), 'uint8').ctypes.data + (1 << 19); flags = ''\n"
        "for line in open('/proc/self/smaps'):\n"
        "    head = line.split()[0]\n"
        "    if '-' in head and ':' not in head: low, high = (int(one, 16) for one in head.split('-'))\n"
        "    elif head == 'VmFlags:' and low <= place < high: flags = line\n"
        "print(flags)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert " hg" in told


def test_a_recipe_replays_to_the_same_bytes() -> None:
    image = sample.shoot(130, 140, seed=2)
    first = develop(image, look="vibrant", edits={"exposure": {"stops": 0.3}})
    again = develop(image, recipe=Recipe.loads(first.recipe.dumps()))
    assert np.array_equal(first.pixels, again.pixels)
    assert again.recipe.stages == first.recipe.stages


def test_a_recipe_says_what_it_was_made_by_and_for() -> None:
    made = develop(sample.shoot(24, 24, source="IMG\udcff.dng")).recipe.made
    assert made["program"].startswith("twinlens ")
    assert made["source"] == "IMG?.dng"


def test_output_goes_before_that_of_the_recipe() -> None:
    image = sample.shoot(24, 24)
    recipe = develop(image).recipe
    assert develop(image, recipe=recipe, output=Output(bits=16)).pixels.dtype == np.uint16


def test_no_threads_is_refused() -> None:
    with pytest.raises(ParameterError, match="threads = 0"):
        develop(sample.shoot(24, 24), threads=0)


def test_pictures_name_themselves_in_a_line() -> None:
    image = sample.shoot(24, 32)
    assert repr(image) == "<Image of sample: 32 x 24 px, uint16, sensor>"
    assert repr(develop(image)) == "<Picture of sample: 32 x 24 px, uint8, encoded>"


def test_another_white_balance_for_a_resolved_recipe_is_used() -> None:
    image = sample.shoot(130, 140, seed=2)
    first = develop(image, look="neutral")
    warm = develop(image, look="neutral", edits={"white_balance": {"mode": "tungsten"}})
    again = develop(image, recipe=first.recipe, edits={"white_balance": {"mode": "tungsten"}})
    assert np.array_equal(warm.pixels, again.pixels)
    assert not np.array_equal(first.pixels, again.pixels)


def test_progress_ends_at_one_and_never_goes_back() -> None:
    told: list[float] = []
    develop(sample.shoot(600, 500), progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_gives_the_upright_picture(orientation: int) -> None:
    stored = sample.shoot(96, 128, noisy=False)
    picture = develop(dataclasses.replace(stored, shot=dataclasses.replace(stored.shot, orientation=orientation)))
    expected = upright(develop(stored).pixels, orientation)
    assert np.array_equal(picture.pixels, expected)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orient_finds_its_source(orientation: int) -> None:
    stage = Orient(orientation=orientation)
    pixels = np.random.default_rng(0).random((20, 30, 3)).astype(np.float32)
    image = Image(pixels=pixels, state=stage.accepts, shot=sample.shoot(4, 4).shot)
    whole = stage(image)
    frame = stage.frame(20, 30)
    target = Window(3, 4, 11, 17, frame)
    part = stage.over(image.cut(stage.source_window(target, 20, 30)), target)
    assert np.array_equal(part.pixels, whole.pixels[3:11, 4:17])


def test_crop_keeps_the_default_crop_of_the_file() -> None:
    image = sample.shoot(
        100, 120, active_area=(4, 8, 96, 116), default_crop_origin=(2, 6), default_crop_size=(90, 80), noisy=False
    )
    assert develop(image).pixels.shape[:2] == (80, 90)
    crop = Crop(area=(0.25, 0.5, 0.75, 1.0))
    pixels = np.random.default_rng(0).random((40, 60, 3)).astype(np.float32)
    whole = Image(pixels=pixels, state=CAMERA_RGB, shot=image.shot)
    assert np.array_equal(crop(whole).pixels, pixels[10:30, 30:60])


def test_an_array_handed_in_is_untouched() -> None:
    image = sample.shoot(64, 64)
    kept = image.pixels.copy()
    image.pixels.flags.writeable = False
    develop(image)
    assert np.array_equal(image.pixels, kept)


@pytest.mark.parametrize("order", ["RGGB", "BGGR", "GRBG", "GBRG"])
def test_all_bayer_orders_give_the_same_picture(order: str) -> None:
    """The scene is smooth, so that which site saw what matters little: mean difference below half a code of 8 bits."""
    y, x = np.mgrid[0:96, 0:128] / 100
    light = np.stack([0.3 + 0.2 * np.sin(2 * x), 0.3 + 0.2 * np.cos(2 * y), 0.3 + 0.1 * np.sin(x + y)], -1)
    one = develop(sample.shoot(light=light, noisy=False), edits={"denoise": {"amount": 0.0}}).pixels.astype(float)
    other = develop(sample.shoot(light=light, cfa=order, noisy=False), edits={"denoise": {"amount": 0.0}}).pixels
    assert np.abs(one - other).mean() < 0.5
    assert np.abs(one - other).max() <= 3


@pytest.mark.parametrize("size", [(2, 2), (2, 9), (3, 3), (5, 4), (31, 33)])
def test_tiny_and_odd_mosaics_are_developed(size: tuple[int, int]) -> None:
    light = np.full((*size, 3), 0.18, np.float32)
    picture = develop(sample.shoot(light=light, noisy=False), look="neutral")
    assert picture.pixels.shape == (*size, 3)
    assert np.ptp(picture.pixels.astype(int)) <= 2, "a flat grey stays flat and grey"


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("long_edge", [1, 3])
def test_pictures_one_pixel_wide_are_developed(long_edge: int, bits: int) -> None:
    image = sample.shoot(96, 24, seed=1)
    made = develop(image, edits={"resize": {"long_edge": long_edge}}, output=Output(bits=bits))
    assert made.pixels.shape == (long_edge, 1, 3)
    assert made.pixels.mean() > 0


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1)])
def test_a_mosaic_that_lacks_colors_is_refused_in_a_sentence(size: tuple[int, int]) -> None:
    with pytest.raises(ParameterError, match="2 x 2"):
        develop(sample.shoot(light=np.full((*size, 3), 0.18, np.float32), noisy=False))


def test_default_stages_fit_together() -> None:
    assert Recipe(default_stages(SENSOR)).stages[-1].name() == "orient"


def test_a_recipe_that_makes_no_picture_is_refused() -> None:
    image = sample.shoot(24, 24)
    recipe = build_recipe(image)[0]
    for stages in (recipe.stages[:-2], (*recipe.stages, Orient(orientation=3)), recipe.stages[:1]):
        with pytest.raises(DocumentError, match="encode"):
            develop(image, recipe=Recipe(stages))


def test_an_open_preview_does_not_grow() -> None:
    scans = Scans(sample.shoot(48, 64))
    image = scans._source
    for step in range(MOST_IMAGES + 5):
        edits = {"exposure": {"stops": step / 10}, "local_tone": {"strength": 0.5}}
        resolved = resolve(build_recipe(image, edits=edits)[0], image, None, scans)
        steps(resolved, image, scans)
    assert len(scans._kept) <= MOST_IMAGES and len(scans._works) <= MOST_IMAGES
    assert len(scans.resolved) <= MOST_STAGES


def test_what_is_scanned_ahead_is_what_resolving_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    image = sample.shoot(48, 64)
    scans = Scans(image)
    scan_ahead((Linearize(), Shading()), image, None, scans)
    expected = resolve(build_recipe(image)[0], image)
    monkeypatch.setattr("twinlens.pipeline.resolve.reduced", lambda *_: pytest.fail("it is reduced once more"))
    assert resolve(build_recipe(image)[0], image, None, scans) == expected


def test_what_a_stage_prepares_is_kept_for_another_look(monkeypatch: pytest.MonkeyPatch) -> None:
    scans = Scans(image := sample.shoot(48, 64))
    made = []
    for look in ("vibrant", "authentic"):
        chosen = resolve(build_recipe(image, look=look)[0], image, None, scans).stages
        index = next(i for i, stage in enumerate(chosen) if isinstance(stage, Highlights))
        made.append(scans.bound(chosen, index))
    assert made[0] is made[1]


@pytest.mark.parametrize(("size", "long_edge"), [((99, 131), 60), ((96, 130), 20), ((121, 90), 30)])
def test_a_mosaic_reduced_in_parts_is_that_reduced_as_a_whole(size: tuple[int, int], long_edge: int) -> None:
    gains = np.linspace(1, 2, 12, dtype=np.float32).reshape(3, 4, 1)
    gain = GainMap(
        area=(0, 0, *size), row_pitch=1, column_pitch=1, gains=gains, spacing=(0.5, 1 / 3), origin=(0.0, 0.0)
    )
    image = sample.shoot(*size, opcodes=((), (gain,), ()))
    chosen = resolve(build_recipe(image)[0], image).stages
    parts, whole = in_parts(image, chosen, long_edge), reduced(image, chosen, long_edge)
    assert isinstance(parts, Binned) and parts.window == whole.window
    height, width = whole.window.frame
    for top, left, bottom, right in ((0, 0, height, width), (0, 3, 5, width), (4, 0, height, 7), (2, 5, 6, 9)):
        window = Window(top, left, bottom, right, (height, width))
        part, same = parts.cut(window), whole.cut(window)
        assert np.array_equal(part.pixels, same.pixels)
        assert part.clipped is not None and np.array_equal(part.clipped, np.asarray(same.clipped))
        assert (part.window, part.scale, part.noise, part.state) == (window, same.scale, same.noise, CAMERA_RGB)


@pytest.mark.parametrize("look", ["authentic", "vibrant", "neutral"])
def test_a_previews_exposure_in_the_looks_pass_is_that_in_its_own(look: str, monkeypatch: pytest.MonkeyPatch) -> None:
    view = Preview(sample.shoot(192, 256), long_edge=64)
    made = view.render(look=look, edits={"exposure": {"stops": 0.7}}).pixels
    monkeypatch.setattr(LookMap, "after_mixing", lambda *_: None)
    monkeypatch.setattr(Dimmed, "after_mixing", lambda *_: None)
    apart = view.render(look=look, edits={"exposure": {"stops": 0.7}}).pixels
    assert np.abs(made.astype(int) - apart).max() <= 1
