"""From recipes to tools, languages, runtimes and hosts. Pure."""
