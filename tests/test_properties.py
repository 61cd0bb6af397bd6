"""What must hold for every picture, whatever the scene: as properties of the whole development."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinlens.core.image import SCENE, Image
from twinlens.kernels import library
from twinlens.numerics import color
from twinlens.pipeline import plan
from twinlens.pipeline.develop import build_recipe, develop, steps
from twinlens.pipeline.look import shipped
from twinlens.pipeline.recipe import Output, Recipe
from twinlens.pipeline.resolve import Scans, resolve
from twinlens.simulate import sample

PLAIN = {"denoise": {"amount": 0.0}, "sharpen": {"amount": 0.0}}


def scene_of(image: Image) -> np.ndarray:
    """The scene light (H, W, 3) that is developed, before exposure and look."""
    recipe, _ = build_recipe(image, look="neutral", edits=PLAIN)
    scans = Scans(image)
    resolved = resolve(recipe, image, None, scans)
    made = [
        step for step in steps(resolved, image, scans) if step.stage.returns is SCENE or step.stage.accepts is not SCENE
    ]
    end = next(index for index, step in enumerate(made) if step.stage.returns is SCENE)
    return plan.run(tuple(made[: end + 1]), image).pixels


def flat(rgb: tuple[float, float, float], size: tuple[int, int] = (24, 32)) -> np.ndarray:
    return np.broadcast_to(np.asarray(rgb, np.float32), (*size, 3)).copy()


def test_the_camera_of_the_sample_is_developed_back_to_its_scene() -> None:
    light = sample.scene(480, 640)
    found = scene_of(sample.shoot(light=light, noisy=False, bits=14))
    for box, true in zip(light.patches, light.patch_rgb, strict=True):
        top, left, bottom, right = box
        seen = found[top:bottom, left:right].reshape(-1, 3).mean(0)
        lab = [color.lab_from_xyz(one @ color.XYZ_D50_FROM_REC2020.T) for one in (seen, true)]
        assert color.delta_e_2000(*lab) < 0.5


@settings(max_examples=20, deadline=None)
@given(
    st.tuples(*[st.floats(0.02, 0.2)] * 3),
    st.floats(0.25, 4.0),
)
def test_color_is_exposure_invariant(rgb: tuple[float, float, float], factor: float) -> None:
    one = scene_of(sample.shoot(light=flat(rgb), noisy=False, bits=16)).mean((0, 1))
    other = scene_of(sample.shoot(light=flat(rgb), exposure=factor, noisy=False, bits=16)).mean((0, 1))
    assert np.allclose(other, one * factor, rtol=2e-3, atol=2e-4)  # counts of 16 bits are the limit


@pytest.mark.parametrize("look", shipped())
def test_grey_stays_grey_and_rises(look: str) -> None:
    greys = np.geomspace(0.002, 3.0, 48, dtype=np.float32)
    light = np.repeat(np.repeat(greys[None, :, None], 16, 0), 16, 1) * np.ones(3, np.float32)
    edits = {**PLAIN, "vignette": {"amount": 0.0}, "local_tone": {"strength": 0.0}}
    picture = develop(sample.shoot(light=light, noisy=False, bits=16), look=look, edits=edits, output=Output(bits=16))
    codes = picture.pixels[4:12].reshape(8, 48, 16, 3)[:, :, 4:12].mean((0, 2)) / 65535
    assert np.ptp(codes, axis=1).max() < 1.5 / 255
    assert (np.diff(codes.mean(1)) > -1e-4).all()


@pytest.mark.parametrize("look", [name for name in shipped() if name != "neutral"])
def test_strength_0_is_neutral(look: str) -> None:
    image = sample.shoot(60, 80, seed=1)
    edits = {"vignette": {"amount": 0.0}, "local_tone": {"strength": 0.0}}
    assert np.array_equal(
        develop(image, look=look, strength=0.0, edits=edits).pixels, develop(image, look="neutral", edits=edits).pixels
    )


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 70), st.integers(2, 70), st.sampled_from(["RGGB", "BGGR", "GRBG", "GBRG"]), st.integers(0, 9))
def test_any_mosaic_gives_a_picture_of_its_size(height: int, width: int, cfa: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    image = sample.shoot(light=rng.uniform(0, 2, (height, width, 3)), cfa=cfa, seed=seed, orientation=seed % 8 + 1)
    shape = develop(image).pixels.shape
    assert shape == ((width, height, 3) if image.shot.orientation >= 5 else (height, width, 3))


def test_no_step_makes_nan_or_inf_of_hostile_counts() -> None:
    rng = np.random.default_rng(0)
    image = sample.shoot(64, 96)
    counts = rng.choice(np.array([0, 1, 63, 64, 65, 4095, 65535], np.uint16), (64, 96))
    hostile = image.with_pixels(counts)
    recipe, _ = build_recipe(hostile)
    scans = Scans(hostile)
    made = steps(resolve(recipe, hostile, None, scans), hostile, scans)
    for end in range(1, len(made) + 1):
        part = plan.run_tile(made[:end], hostile, next(plan.tiles(made[end - 1].stage.frame(*made[end - 1].arriving))))
        assert np.isfinite(part.pixels.astype(float)).all(), made[end - 1].stage.name()


def in_another_process(tmp_path: Path, **environment: str) -> np.ndarray:
    """The sample developed by a process with other settings, uint8."""
    code = (
        "import numpy as np, sys; from twinlens import develop; from twinlens.simulate import sample;"
        "np.save(sys.argv[1], develop(sample.shoot(72, 100, seed=1, exposure=1.5)).pixels)"
    )
    out = tmp_path / "picture.npy"
    subprocess.run([sys.executable, "-c", code, str(out)], check=True, env={**os.environ, **environment})
    return np.load(out)


def test_numpy_and_the_compiled_kernels_differ_by_one_code_at_most(tmp_path: Path) -> None:
    compiled = develop(sample.shoot(72, 100, seed=1, exposure=1.5)).pixels.astype(int)
    plain = in_another_process(tmp_path, TWINLENS_KERNELS="numpy")
    assert np.abs(plain - compiled).max() <= 1


@pytest.mark.parametrize("variant", ["avx512", "avx2", "sse41", "baseline"])
def test_every_processor_variant_differs_by_one_code_at_most(variant: str, tmp_path: Path) -> None:
    if variant not in library.status().get("variants", []):
        pytest.skip(f"the kernels here have no variant {variant}")
    compiled = develop(sample.shoot(72, 100, seed=1, exposure=1.5)).pixels.astype(int)
    other = in_another_process(tmp_path, TWINLENS_CPU=variant)
    assert np.abs(other - compiled).max() <= 1


def test_a_preview_agrees_with_the_full_size() -> None:
    from twinlens import Preview

    image = sample.shoot(480, 640, seed=1)
    small = Preview(image, long_edge=160).render().pixels.astype(float)
    full = develop(image).pixels.astype(float)
    averaged = full.reshape(small.shape[0], full.shape[0] // small.shape[0], small.shape[1], -1, 3).mean((1, 3))
    smooth = np.abs(averaged - small)
    assert np.median(smooth) < 2
    assert np.percentile(smooth, 90) < 8


def test_recipe_of_a_picture_is_all_numbers() -> None:
    recipe = develop(sample.shoot(40, 60)).recipe
    again = Recipe.loads(recipe.dumps())
    assert again.stages == recipe.stages
