"""What plans are made of: words of command lines, the tree of a project, kits of tools, orders, environments. Pure."""
