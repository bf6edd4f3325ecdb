"""The account over HTTP: a client, what its answers mean, and the complete listing; the only room that knows URLs."""
