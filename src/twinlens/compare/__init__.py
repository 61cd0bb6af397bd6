"""Compare: photographs of two or three devices or processings become a verdict with its evidence."""
