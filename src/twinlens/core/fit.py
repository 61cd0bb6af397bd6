"""Fit: what every calibration returns."""

from __future__ import annotations

from typing import Generic, TypeVar

from twinlens.core.record import record

T = TypeVar("T")


@record
class Fit(Generic[T]):
    """A fitted value with its residual on the data, its residual on held-out data where there is some, and the sample
    count.
    """

    value: T
    residual: float
    unit: str
    samples: int
    held_out: float | None = None
