"""Simulate: pictures whose truth is known."""
