"""The contact sheet holds every picture and its caption."""

import numpy as np

from twinlens.report.contact_sheet import BACKGROUND, contact_sheet


def test_every_picture_is_on_the_sheet_and_no_caption_is_cut() -> None:
    colors = [(250, 0, 0), (0, 250, 0), (0, 0, 250)]
    pictures = [("x" * 90, np.full((30, 40, 3), color, np.uint8)) for color in colors]
    sheet = contact_sheet(pictures, width=400)
    for color in colors:
        assert (np.abs(sheet.astype(int) - color).max(axis=2) < 3).sum() > 0.9 * 400 * 300
    assert (sheet[:, -12:] == BACKGROUND).all(), "nothing runs over the right border"
