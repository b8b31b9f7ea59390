"""Just enough of GitHub's and GitLab's runners to run the scripts of the workflows that `ci init` writes: `run:` and `script:`
blocks in bash, with the variables that their steps declare. What `uses:` would do (checkout, caches, artifacts) is the test's part."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

_EXPRESSION = re.compile(r"\$\{\{ (.*?) \}\}")


def read(text: str) -> Any:  # noqa: ANN401 - YAML
    """A workflow as data."""
    return YAML(typ="safe").load(text)


def step(workflow: Any, job: str, name: str) -> Mapping[str, Any]:  # noqa: ANN401
    """A step of a job, by its name."""
    (found,) = (entry for entry in workflow["jobs"][job]["steps"] if entry.get("name") == name)
    assert isinstance(found, dict)
    return found


def filled(text: str, values: Mapping[str, str]) -> str:
    """`text` with the values of its expressions."""
    return _EXPRESSION.sub(lambda match: values[match.group(1)], text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where scripts run."""

    folder: Path
    environ: Mapping[str, str]

    def run(self, entry: Mapping[str, Any], values: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run a step of GitHub's as its runner does."""
        variables = {name: filled(str(value), values) for name, value in entry.get("env", {}).items()}
        return self.bash(entry["run"], variables, "-eo", "pipefail")

    def bash(self, script: str, variables: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
        """Run a script."""
        return subprocess.run(
            ["bash", "--noprofile", "--norc", *words, "-c", script],
            cwd=self.folder,
            env={**self.environ, **variables},
            capture_output=True,
            stdin=subprocess.DEVNULL,
            encoding="utf-8",
            timeout=900,
            check=False,
        )


def outputs(text: str) -> dict[str, str]:
    """What steps wrote into $GITHUB_OUTPUT."""
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, several, end = line.partition("<<")
        if several and re.fullmatch(r"[a-z-]+", name):
            value = list(iter(lambda: next(lines), end))
            found[name] = "\n".join(value)
        else:
            name, _, value_text = line.partition("=")
            found[name] = value_text
    return found
