"""Names of what wbuild, git and npm keep in the folder of a project; the fast path reads them too, so nothing is imported here."""

MANIFEST = "wbuild.toml"
LOCK = "wbuild.lock"
WORK = ".wbuild"
"""Folder of everything that wbuild keeps in a project, beside the manifest."""
DIST = "dist"
"""Folder of what wbuild makes for its user, beside the manifest."""
REPORT = "report.json"
"""The report of a profile, in its folder of `dist`."""
GIT = ".git"
"""What git keeps in a folder: a folder, or a file in submodules and worktrees."""
MODULES = "node_modules"
"""Where npm puts packages; their files are no sources of the project."""
OUT = f"{WORK}/out"
"""What steps make of an artifact, beside the manifest."""
PREPARED = f"{WORK}/prepared"
"""What serves several artifacts, relative to the root: the same in all projects, so that keys are."""
OWN = frozenset({WORK, DIST})
"""Folders that wbuild writes and removes files in."""
CHANGING = frozenset({GIT, WORK})
"""Folders that change in every build, so that nobody's result may follow from the names in them."""
PASSED = frozenset({GIT, WORK, MODULES})
"""Folders in which nobody looks for sources."""
