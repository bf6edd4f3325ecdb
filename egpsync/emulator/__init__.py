"""A stand-in EGP v5 models API over real HTTP, for demos and tests: the extra `egpsync[emulator]`."""
