"""Every measurement of a module has a page: its figures are those of the measurement, its files are named."""

import json
import re

import numpy as np
import pytest
from click.testing import CliRunner

from twinlens.cli import group
from twinlens.core.errors import TwinlensError
from twinlens.core.lens import LensWarp
from twinlens.files import dng, photo
from twinlens.numerics.color import encode
from twinlens.simulate import sample

SIZE = (240, 320)


def run(*arguments):
    return CliRunner().invoke(group, ["calibrate", *[str(one) for one in arguments]], catch_exceptions=True)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Flats at four exposures, the raw of a scene with an edge, and a picture with texture."""
    folder = tmp_path_factory.mktemp("reports")
    for step, level in enumerate((0.1, 0.2, 0.35, 0.5, 0.7)):
        for number in range(2):
            image = sample.shoot(light=np.full((*SIZE, 3), level, np.float32), seed=9 * step + number,
                                 exposure_time_s=0.01 * level)  # fmt: skip
            dng.write(folder / f"flat_{step}_{number}.dng", image.pixels, image.shot)
    image = sample.shoot(768, 1024)
    dng.write(folder / "edge.dng", image.pixels, image.shot)
    leaves = 0.4 + 0.05 * np.cumsum(np.random.default_rng(1).standard_normal((128, 128)), 1) / 8
    photo.write(np.rint(65535 * encode(np.clip(leaves, 0, 1)[..., None] * np.ones(3))).astype(np.uint16),
                folder / "leaves.png")  # fmt: skip
    return folder


def arguments(what, folder):
    flats = sorted(folder.glob("flat_*.dng"))
    if what == "noise":
        return ["noise", *flats]
    if what == "shading":
        return ["shading", *flats[6:8], "--light", "D65"]
    if what == "tone":
        return ["tone", *flats[::2]]
    if what == "texture":
        return ["texture", folder / "leaves.png", "--box", "0,0,128,128", "--exponent", "2"]
    top, left, bottom, right = sample.scene(768, 1024).edge
    return ["sharpness", folder / "edge.dng", "--box", f"{left + 6},{top + 6},{right - 6},{bottom - 6}"]


@pytest.mark.parametrize("what", ["noise", "shading", "tone", "sharpness", "texture"])
def test_each_measurement_writes_a_page_with_its_figures_and_files(what, files, tmp_path):
    given, page = arguments(what, files), tmp_path / f"{what}.html"
    result = run(*given, "--report", page, "--json")
    assert result.exit_code == 0, result.output
    text, told = page.read_text("utf-8"), json.loads(result.stdout)
    assert text.count("<svg") >= 1 and "signature" in text and "sha256:" in text and "<script" not in text
    assert "nan" not in re.sub(r"<[^>]*>", " ", text).lower().split()
    figure = {
        "noise": lambda: f"{told['noise'][0]['electrons_per_dn'][1]:.4g}",
        "shading": lambda: f"{told['falloff_stops']:.2f}",
        "tone": lambda: f"{told['green']['linearity']:.2%}",
        "sharpness": lambda: f"{told['green']['mtf50']:.3f}",
        "texture": lambda: f"{told['acutance']:.2f}",
    }[what]()
    assert figure in text
    again = run(*given, "--report", page)
    assert isinstance(again.exception, TwinlensError) and "exists already" in str(again.exception)
    assert run(*given, "--report", page, "--overwrite").exit_code == 0


def test_the_page_of_a_lens_shows_every_color(tmp_path):
    from twinlens.calibrate.module_report import lens_page
    from twinlens.core.fit import Fit
    from twinlens.core.shot import Shot

    (tmp_path / "board.dng").write_bytes(b"a board")
    row = np.array([1.0, -0.03, 0.0, 0.0, 0.0, 0.0])
    wider = np.array([0.001, 0, 0, 0, 0, 0])
    warp = LensWarp(np.stack([row + wider, row, row - wider]), (0.5, 0.5), (480, 640))
    text = lens_page(Fit(warp, 0.05, "px", 480, 0.06), Shot(make="A", model="B"), [tmp_path / "board.dng"], ["a note"])
    assert text.count("<svg") == 2 and "a note" in text and "red from green" in text and "Lens: A B" in text
    one = lens_page(Fit(LensWarp(row[None], (0.5, 0.5), (480, 640)), 0.05, "px", 160), Shot(), [tmp_path / "board.dng"])
    assert one.count("<svg") == 1 and "not measured" in one


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--report", "x.pdf"], "ends in .html"),
        (["--report", "{flat}"], "ends in .html"),
    ],
)
def test_a_page_that_cannot_be_written_is_one_sentence(more, says, files):
    given = [one.replace("{flat}", str(files / "flat_0_0.dng")) for one in more]
    result = run(*arguments("noise", files), *given)
    assert isinstance(result.exception, TwinlensError) and says in str(result.exception)
