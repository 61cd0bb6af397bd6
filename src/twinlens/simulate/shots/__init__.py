"""Shots: what is photographed with simulated cameras, as files with their truth: single shots, series, pairs, sets."""
