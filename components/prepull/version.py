"""The one place where the version of the package stands."""

__version__ = "0.1.0"
