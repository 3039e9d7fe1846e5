"""The one kind of error that the lab reports without a traceback."""


class LabError(Exception):
    """Something that the person at the terminal can act on, said in a sentence."""
