"""Learn: photographs of a reference camera become a look."""
