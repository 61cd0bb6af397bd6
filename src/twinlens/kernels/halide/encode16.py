"""Encode: the transfer curve, from planar linear light to interleaved codes of 16 bits."""

from _codes import encode


def define():
    return encode(16)
