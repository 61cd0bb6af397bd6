"""Doctor: what a file says, what is wrong in it, and how to mend it."""
