"""Whose process this is: what another program in it could notice is done only where it is egpsync's own."""

_OWN: list[bool] = []


def claim() -> None:
    """Say that it is egpsync's own: before anything else is imported, by the command line alone."""
    _OWN.append(True)


def is_own() -> bool:
    """Whether no other program runs in it, as one that imports egpsync as a library does."""
    return bool(_OWN)
