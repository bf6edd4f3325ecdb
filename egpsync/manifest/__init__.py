"""Manifests: find -> read -> merge -> check -> desired, each a function of what the one before gives."""
