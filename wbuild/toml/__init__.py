"""Texts in TOML and JSON: the walker over types that decodes them, and the places and problems in them."""
