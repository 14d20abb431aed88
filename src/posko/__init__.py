"""Posko: the command post that gets an election ready."""

__version__ = "0.1.0"
