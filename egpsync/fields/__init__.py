"""The field table: what the schemas say about each field, as policies by path."""
