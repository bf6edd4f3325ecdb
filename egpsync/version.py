"""The version of this egpsync."""

__version__ = "0.1.0"
