"""The compiled kernels: finds the shared library, says whether it answers, and calls it.

This is the one place that decides between the library and the NumPy references: `find(name)` is a callable or None.
Set TWINLENS_KERNELS=numpy to get the references (slow, and within one code value of 8 bits of the library),
TWINLENS_CPU to avx512, avx2, sse41 or baseline to get the variant of a lesser processor.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError

Array = npt.NDArray[Any]

LIBRARY = Path(__file__).with_name("_twinlens_kernels.so")
MANIFEST = LIBRARY.with_suffix(".json")
SOURCES = Path(__file__).with_name("halide")  # in a checkout; an installed package has none
_log = logging.getLogger("twinlens")

_TYPES = {  # halide_type_t: code, bits
    np.dtype(np.int8): (0, 8), np.dtype(np.int16): (0, 16), np.dtype(np.int32): (0, 32),
    np.dtype(np.uint8): (1, 8), np.dtype(np.uint16): (1, 16), np.dtype(np.uint32): (1, 32),
    np.dtype(np.float32): (2, 32), np.dtype(np.float64): (2, 64),
}  # fmt: skip
_SCALARS = {
    "float32": ctypes.c_float, "int32": ctypes.c_int32, "uint8": ctypes.c_uint8,
    "uint16": ctypes.c_uint16, "int16": ctypes.c_int16, "uint32": ctypes.c_uint32,
}  # fmt: skip


class _Buffer(ctypes.Structure):
    """`halide_buffer_t` of HalideRuntime.h (Halide 21)."""

    _fields_ = (
        ("device", ctypes.c_uint64), ("device_interface", ctypes.c_void_p), ("host", ctypes.c_void_p),
        ("flags", ctypes.c_uint64), ("type_code", ctypes.c_uint8), ("type_bits", ctypes.c_uint8),
        ("type_lanes", ctypes.c_uint16), ("dimensions", ctypes.c_int32), ("dim", ctypes.c_void_p),
        ("padding", ctypes.c_void_p),
    )  # fmt: skip


_DIMENSIONS = [ctypes.c_int32 * (4 * n) for n in range(6)]  # min, extent, stride and flags of each


def _buffer(array: Array) -> _Buffer:
    """A view of the array for Halide: dimensions (x, y, channel, ...), all starting at 0."""
    code, bits = _TYPES[array.dtype]
    ndim, size, shape, strides = array.ndim, array.itemsize, array.shape, array.strides
    numbers: list[int] = []
    for axis in (0,) if ndim == 1 else (1, 0, *range(2, ndim)):
        numbers += (0, shape[axis], strides[axis] // size, 0)
    if numbers[1] == 1:  # one column: NumPy gives its stride no meaning, Halide wants that of several columns
        numbers[2] = shape[2] if ndim == 3 and code == 1 else 1  # only codes of pictures are interleaved
    dims = _DIMENSIONS[ndim](*numbers)
    place = array.__array_interface__["data"][0]
    made = _Buffer(0, None, place, 0, code, bits, 1, ndim, ctypes.addressof(dims), None)
    made.held = dims  # lives as long as the buffer that points to it
    return made


class Kernel:
    """One compiled function. Call it with its inputs, scalars and outputs in the order of its Halide definition.

    Arrays (H, W) or (H, W, C) are seen by Halide as (x, y) or (x, y, c); the stride along x must be one element, except
    where the kernel was built for interleaved memory. Nothing is checked beyond what Halide itself checks.
    """

    def __init__(self, name: str, function: Any, arguments: list[dict[str, Any]]) -> None:
        self.name = name
        self._function = function
        self._convert = [None if one["kind"] == "buffer" else _SCALARS[one["type"]] for one in arguments]

    def __call__(self, *arguments: Any) -> None:
        if len(arguments) != len(self._convert):
            raise TypeError(f"kernel {self.name} takes {len(self._convert)} arguments, got {len(arguments)}")
        held = [
            convert(value) if convert is not None else _buffer(value)
            for convert, value in zip(self._convert, arguments, strict=True)
        ]
        code = self._function(*[ctypes.byref(one) if isinstance(one, _Buffer) else one for one in held])
        if code:
            shapes = [getattr(value, "shape", value) for value in arguments]
            told = getattr(_last_error, "text", f"Halide error {code}")
            raise RuntimeError(f"kernel {self.name} refused its arguments {shapes}: {told}")


_last_error = threading.local()


@ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p)
def _remember_error(_: Any, text: bytes) -> None:
    """Halide's error handler; without one of our own the runtime would end the process."""
    _last_error.text = text.decode(errors="replace").strip()


_CanUse = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.c_uint64))
_kept_alive: list[Any] = []


def _allows(variants: dict[str, int], chosen: str) -> Any:
    """Halide's question whether a variant may run, answered as if the processor had the features of `chosen` only."""
    if chosen not in variants:
        raise ParameterError(f"TWINLENS_CPU = {chosen!r}: expected one of {', '.join(variants)}")

    @_CanUse
    def can_use(count: int, features: Any) -> int:
        needed = sum(features[word] << (64 * word) for word in range(count))
        return int(needed & ~variants[chosen] & _known(variants) == 0)

    _kept_alive.append(can_use)
    return can_use


def _known(variants: dict[str, int]) -> int:
    """Every CPU feature that some variant needs."""
    mask = 0
    for features in variants.values():
        mask |= features
    return mask


@cache
def _loaded() -> tuple[Any, dict[str, Any]] | None:
    if os.environ.get("TWINLENS_KERNELS") == "numpy":
        return None
    try:
        library, manifest = ctypes.CDLL(str(LIBRARY)), json.loads(MANIFEST.read_text())
        library.halide_set_error_handler(_remember_error)
    except (OSError, ValueError, AttributeError) as error:
        _log.warning("the compiled kernels are not there (%s); NumPy answers instead: correct, but slow", error)
        return None
    if SOURCES.is_dir() and not _is_of_sources(manifest):
        _log.warning("the compiled kernels are not those of their sources: build them again with `make kernels`")
    if chosen := os.environ.get("TWINLENS_CPU"):
        library.halide_set_custom_can_use_target_features(_allows(manifest["variants"], chosen))
    return library, manifest


def _is_of_sources(manifest: dict[str, Any]) -> bool:
    from twinlens.kernels.build import sources_digest

    return manifest.get("sources") == sources_digest()


@cache
def find(name: str) -> Callable[..., None] | None:
    """The compiled kernel of this name, or None where the NumPy reference has to answer."""
    loaded = _loaded()
    if loaded is None or name not in loaded[1]["kernels"]:
        return None
    library, manifest = loaded
    return Kernel(name, getattr(library, f"twinlens_{name}"), manifest["kernels"][name])


def _runs_here(variant: str) -> bool:
    """Whether this processor has what a variant needs, by the system's own word; True where the system does not say."""
    needs = {"avx512": "avx512bw", "avx2": "avx2", "sse41": "sse4_1"}.get(variant)
    info = Path("/proc/cpuinfo")
    return needs is None or not info.exists() or f" {needs} " in f"{info.read_text()} ".replace("\n", " ")


def status() -> dict[str, Any]:
    """Which implementation answers, for `inspect --system`: keys `implementation`, `library`, `targets`, `kernels`."""
    loaded = _loaded()
    if loaded is None:
        return {"implementation": "numpy", "library": None, "targets": [], "variants": [], "kernels": []}
    manifest = loaded[1]
    return {
        "implementation": "halide",
        "library": str(LIBRARY),
        "targets": manifest["targets"],
        "variants": [name for name in manifest["variants"] if _runs_here(name)],
        "kernels": sorted(manifest["kernels"]),
    }
