"""Errors: what the program says when an input is not what it expected."""


class TwinlensError(Exception):
    """A fault of the input or the request; its text says what was expected, what was found and what to do."""


class FileError(TwinlensError):
    """A file that cannot be read or written."""


class DocumentError(TwinlensError):
    """A recipe, look or profile that is not valid; the text names the key."""


class ParameterError(TwinlensError, ValueError):
    """A value outside its range, or of the wrong kind."""
