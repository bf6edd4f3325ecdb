"""Keep the models of an EGP account as a version-controlled repository says they should be."""

__version__ = "0.1.0"
