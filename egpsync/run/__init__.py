"""A plan in, what became of it out: the bounded scheduler, the carrying out of a step, and how a change can end."""
