"""Desired and live models in, a plan and its refusals out; pure: no I/O, no clock."""
