"""Steps that are functions of our own: bytes in, bytes out."""
