"""Warp: three planes that move alike, resampled by a cubic filter (`_warp.py`)."""

from _warp import warp


def define():
    return warp("warp", 3)
