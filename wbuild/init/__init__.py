"""New projects: a look at code that is there, and starters."""
