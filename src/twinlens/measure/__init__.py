"""Measure: what several of the larger verbs need to know of a picture or a file."""
