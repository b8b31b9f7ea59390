"""A project that is opened, locked, looked at, planned and built; what commands have in common."""
