"""Every value that crosses rooms, a module for each stretch of the way."""
