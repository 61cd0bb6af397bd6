"""Fractions: the same ratios as the standard library's."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from twinlens.numerics.fractions import nearest_fraction

FINITE = st.floats(-1e9, 1e9, allow_nan=False) | st.fractions(max_denominator=20_000).map(float)


@given(value=FINITE, most=st.integers(1, 2**32))
def test_the_nearest_fraction_is_the_standard_librarys(value: float, most: int) -> None:
    expected = Fraction(value).limit_denominator(most)
    assert nearest_fraction(value, most) == (expected.numerator, expected.denominator)
