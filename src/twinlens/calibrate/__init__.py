"""Calibrate: photographs of targets become what a camera is."""

from twinlens.calibrate.chart import find_charts

__all__ = ["find_charts"]
