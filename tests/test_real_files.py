"""Real files: the raws of other people's cameras develop to pictures that are right where that can be told by
numbers.
"""

from __future__ import annotations

import numpy as np
import pytest

from shared_data import shared
from twinlens import files
from twinlens.core.image import Image
from twinlens.numerics import color
from twinlens.pipeline.develop import develop
from twinlens.pipeline.recipe import Output

# The light-booth raw states no black level. Its darkest patch reads red/green = 0.67 where the other greys read 0.64
# when nothing is subtracted, and as they do with 30 to 40 DN: 32 is taken.
BOOTH = "1920x1080:uint16le:BGGR:black=32:white=4095"
GREY_COLUMNS = (584, 720, 864, 1006, 1142, 1278)  # x of the six greys, light to dark; their y is 864
GREY_ROW, HALF = 864, 40
LAYOUTS = {
    "lightbooth_colorchecker_1920x1080_12bit_BGGR.raw": BOOTH,
    "dynamic_range_chart_1920x1080_10bit_RGGB.raw": "1920x1080:uint16le:RGGB:black=16:white=1023",
    "nikon_rose_768x512_14bit_RGGB.raw": "768x512:uint16le:RGGB:black=600:white=16383",
    "canon_550d_colorchecker_passport.dng": None,
}


def read(name: str) -> Image:
    return files.read(shared(f"raw/{name}"), raw_layout=LAYOUTS[name])


@pytest.mark.parametrize("name", LAYOUTS)
def test_develops_to_a_picture_with_blacks_middles_and_whites(name: str) -> None:
    image = read(name)
    picture = develop(image, edits={} if LAYOUTS[name] is None else {"white_balance": {"mode": "auto"}})
    top, left, bottom, right = image.shot.area
    assert picture.pixels.shape == (bottom - top, right - left, 3)
    low, high = np.percentile(picture.pixels, (1, 99))
    assert low < 60
    assert high > 120
    assert picture.pixels.std() > 20


def test_the_light_booth_chart_balanced_on_one_grey_is_neutral_on_the_others() -> None:
    edits = {"white_balance": {"mode": "spot", "spot": (GREY_COLUMNS[2], GREY_ROW)}, "exposure": {"stops": -1.0}}
    image = read("lightbooth_colorchecker_1920x1080_12bit_BGGR.raw")
    picture = develop(image, look="neutral", edits=edits, output=Output(bits=16))
    rows = slice(GREY_ROW - HALF, GREY_ROW + HALF)
    greys = [picture.pixels[rows, x - HALF : x + HALF].reshape(-1, 3).mean(0) / 65535 for x in GREY_COLUMNS]
    lab = color.lab_from_rgb(np.array(greys))
    assert np.hypot(lab[:, 1], lab[:, 2]).max() <= 1.5
    assert (np.diff(lab[:, 0]) < 0).all(), "each grey is darker than the one before"


def test_the_rose_is_red() -> None:
    image = read("nikon_rose_768x512_14bit_RGGB.raw")
    picture = develop(image, edits={"white_balance": {"mode": "auto"}})
    red, green, blue = picture.pixels[330:400, 180:240].reshape(-1, 3).mean(0)
    assert red > 1.5 * green
    assert red > 1.5 * blue
