"""Warp of one plane, for lenses that move the colors differently (`_warp.py`)."""

from _warp import warp


def define():
    return warp("warp_plane", 1)
