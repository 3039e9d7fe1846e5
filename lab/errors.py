"""The errors that the lab reports without a traceback."""


class LabError(Exception):
    """A problem that the user can solve. The message is a sentence that says how."""
