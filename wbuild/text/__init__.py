"""How things are written for people: numbers, names, versions, times; and how texts are read."""
