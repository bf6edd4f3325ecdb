"""Reports: one neutral value, and a pure renderer for each format, loaded when it is asked for."""
