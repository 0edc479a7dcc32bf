"""Tapline: SMS link tracking that tells people from machines."""

__version__ = "0.1.0"
