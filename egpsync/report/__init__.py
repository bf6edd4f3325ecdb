"""Reports: one neutral value, and a pure renderer for each format, loaded when it is asked for."""

from egpsync.report.formats import FORMATS, about

__all__ = ["FORMATS", "about"]
