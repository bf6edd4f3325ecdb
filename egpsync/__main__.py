"""Run the command line: `python -m egpsync`."""

from egpsync.cli import run

run()
