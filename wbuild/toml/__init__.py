"""Texts in TOML: the walker over types that decodes them, and the places and problems in them."""
