"""The EGP models API: a client, the complete listing, and the runner that carries out a plan."""
