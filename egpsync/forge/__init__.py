"""Posting to GitHub, to GitLab and to whoever wants a notice."""
