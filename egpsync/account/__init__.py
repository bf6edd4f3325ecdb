"""The account over HTTP: a client, what its answers mean, and the complete listing; the only room that knows URLs."""

import sys

if "httpx" not in sys.modules:
    # Else httpx imports its command line, and that rich and pygments: a sixth of a small plan's time.
    sys.modules["httpx._main"] = None  # type: ignore[assignment]
