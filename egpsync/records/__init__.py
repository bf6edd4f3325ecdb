"""What runs leave on disk: the journal, the saved plan, the lock of an account."""
