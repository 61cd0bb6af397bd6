"""Checks."""
def warnings(*a): return ()
