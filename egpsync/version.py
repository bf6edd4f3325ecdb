"""The version of this egpsync."""

__version__ = "0.1.0"
VERSION_LINE = f"egpsync, version {__version__}"
"""What `--version` prints."""
