"""templates/ci/ → the files that a CI system reads. Pure: the command finds out where they go and writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

__all__ = ["ACTIONS", "Action", "Setup", "render"]

System = Literal["github", "gitlab"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """An action of GitHub's own at one commit: a tag can be moved, a commit cannot."""

    sha: str
    version: str


ACTIONS: Final[Mapping[str, Action]] = MappingProxyType(
    {
        "checkout": Action(sha="de0fac2e4500dabe0009e67214ff5f5447ce83dd", version="v6.0.2"),
        "python": Action(sha="a309ff8b426b58ec0e2a45f0f869d46889d02405", version="v6.2.0"),
        "cache": Action(sha="cdf6c1fa76f9f475f3d7449005a359c84ca0f306", version="v5.0.3"),
        "upload": Action(sha="b7c566a772e6b6bfb58ed0dc250532a479d7789f", version="v6.0.0"),
        "download": Action(sha="37930b1c2abaa49bbe596cd826c3c89aef350131", version="v7.0.0"),
        "script": Action(sha="ed597411d8f924073f98dfc5c65a23a2325f34cd", version="v8.0.0"),
    }
)
"""checkout, setup-python, cache, upload-artifact, download-artifact, github-script."""
_FILES: Final[Mapping[System, Mapping[str, str]]] = MappingProxyType(
    {
        "github": {
            "ci/github/wbuild.yml.j2": ".github/workflows/wbuild.yml",
            "ci/github/wbuild-comment.yml.j2": ".github/workflows/wbuild-comment.yml",
        },
        "gitlab": {
            "ci/gitlab/gitlab-ci.yml.j2": ".gitlab-ci.yml",
            "ci/gitlab/wbuild.yml.j2": ".gitlab/wbuild.yml",
            "ci/gitlab/wbuild-jobs.yml.j2": ".gitlab/wbuild-jobs.yml",
        },
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """All that differs between the workflows of two projects."""

    system: System
    folder: str
    """Folder of wbuild.toml below the repository, "." when it is the repository."""
    install: str
    """The line that installs wbuild."""
    options: tuple[str, ...] = ()
    """Words for `wbuild ci matrix`."""
    trust: bool = False
    """The project has recipes of its own that need the word of whoever builds: the workflow gives it."""
    tags: bool = False
    """Jobs choose their runner by the platform's name."""


def render(setup: Setup, templates: Mapping[str, str]) -> Mapping[str, str]:
    """Path in the repository → content."""
    from jinja2 import Environment, StrictUndefined

    # Both systems give a meaning to doubled braces.
    environment = Environment(
        block_start_string="[%",
        block_end_string="%]",
        variable_start_string="[[ ",
        variable_end_string=" ]]",
        comment_start_string="[#",
        comment_end_string="#]",
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - not HTML
    )
    trust = f" && wbuild -C {setup.folder} trust" if setup.trust else ""
    values = {
        **ACTIONS,
        "folder": setup.folder,
        "prefix": "" if setup.folder == "." else f"{setup.folder}/",
        "install": setup.install,
        "install_item": json.dumps(setup.install + trust, ensure_ascii=False),
        "options": "".join(f" {word}" for word in setup.options),
        "tags": setup.tags,
    }
    return {path: environment.from_string(templates[name]).render(values) for name, path in _FILES[setup.system].items()}
