"""Calibrate: photographs of targets become what a camera module is, in numbers."""
