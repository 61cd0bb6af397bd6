"""Two looks of the same raw files: found, and named as other numbers of the same pixels say."""

import numpy as np
import pytest

from twinlens.compare import compare
from twinlens.files import photo
from twinlens.pipeline.develop import develop
from twinlens.simulate import shot

SCENES, LOOKS = range(21, 27), ("authentic", "vibrant")


def linear(codes):
    """Means of 8 x 8 pixels of sRGB codes (H, W, 3), linear (IEC 61966-2-1)."""
    light = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)
    height, width = (side // 8 * 8 for side in light.shape[:2])
    return light[:height, :width].reshape(height // 8, 8, width // 8, 8, 3).mean((1, 3))


def stops(codes):
    """Luminance in EV from mid grey."""
    return np.log2(np.maximum(linear(codes) @ (0.2126, 0.7152, 0.0722), 1e-3) / 0.18)


@pytest.fixture(scope="module")
def developed(tmp_path_factory):
    """The folder of both sets, and by scene the codes of both looks, which lie on each other."""
    folder, pairs = tmp_path_factory.mktemp("looks"), []
    for seed in SCENES:
        image = shot("still-life", camera="phone", seed=seed, megapixels=0.3).image
        pair = [develop(image, look=look, threads=1).pixels for look in LOOKS]
        for look, codes in zip(LOOKS, pair, strict=True):
            (folder / look).mkdir(exist_ok=True)
            photo.write(codes, folder / look / f"{seed}.jpg", quality=95)
        pairs.append([np.asarray(codes, float) / np.iinfo(codes.dtype).max for codes in pair])
    return folder, pairs


def test_two_looks_of_the_same_raw_files_are_found_and_named_rightly(developed):
    folder, pairs = developed
    found = compare(*(folder / look for look in LOOKS), threads=1).verdict
    assert found.changed.holds and found.statement.startswith("Changed:")
    by_key = {one.feature.key: one for one in found.features}
    levels = [[stops(codes) for codes in pair] for pair in pairs]
    near = [np.abs((one + other) / 2) < 0.4 for one, other in levels]
    brighter = np.mean([np.median((b - a)[where]) for (a, b), where in zip(levels, near, strict=True)])
    about = [np.abs((one + other) / 2) < 1.2 for one, other in levels]
    slopes = [np.polyfit(((a + b) / 2)[where], (b - a)[where], 1)[0]
              for (a, b), where in zip(levels, about, strict=True)]  # fmt: skip
    low, high = by_key["exposure"].interval
    assert by_key["exposure"].p_value < 0.05 and low - 0.1 < brighter < high + 0.1
    assert np.mean(slopes) < 0 and by_key["tone_contrast"].p_value < 0.05
    assert by_key["tone_contrast"].change == pytest.approx(100 * np.mean(slopes), abs=8)
