"""What each command does, in order: the library's API. One module a flow, so that none loads what it does not use."""
