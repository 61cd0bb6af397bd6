"""Finish: output color and transfer curve in one pass, to interleaved codes of 8 bits."""

from _codes import finish


def define():
    return finish(8)
