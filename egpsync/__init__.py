"""Keep the models of an EGP account as a version-controlled repository says they should be.

As a library: `validate`, `plan`, `apply` and `drift` each give a Report, `load` gives one that was saved, and `render`
writes one in any format. Nothing is printed, nothing is asked, and nothing ends the process. What cannot go on raises
an EgpsyncError; what was found (invalid manifests, refusals, failures) stands in the Report. `egpsync.aio` has the same
for who runs a loop of their own.
"""

from egpsync.errors import EgpsyncError
from egpsync.library import apply, drift, load, plan, render, validate
from egpsync.version import __version__

__all__ = ["EgpsyncError", "__version__", "apply", "drift", "load", "plan", "render", "validate"]
