"""A matrix as CI systems take it: the document "wbuild.matrix/1", GitHub's `include`, GitLab's child pipeline."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from wbuild.ci.matrix import Job, Matrix, MatrixCell
from wbuild.model.locked import Platform
from wbuild.model.planned import JSON

__all__ = ["GITLAB_JOBS", "MATRIX_SCHEMA", "RUNNERS", "document", "github", "gitlab", "outputs", "render"]

MATRIX_SCHEMA: Final = "wbuild.matrix/1"
GITLAB_JOBS: Final = ".gitlab/wbuild-jobs.yml"
"""What `ci init gitlab` writes: the jobs that a child pipeline is made of."""
RUNNERS: Final[Mapping[Platform, str]] = {
    "linux-x86_64": "ubuntu-24.04",
    "linux-aarch64": "ubuntu-24.04-arm",
    "macos-x86_64": "macos-15-intel",
    "macos-arm64": "macos-15",
    "windows-x86_64": "windows-2025",
}
"""GitHub's own machines: platform → the label of the runner."""


def document(matrix: Matrix) -> dict[str, JSON]:
    """The whole matrix as the document `wbuild.matrix/1`."""
    return {
        "schema": MATRIX_SCHEMA,
        "project": matrix.project,
        "count": len(matrix.jobs),
        "jobs": [
            {
                **_entry(job, matrix),
                "artifacts": list(job.artifacts),
                "seconds": job.seconds,
                "cells": [_cell(cell) for cell in job.cells],
            }
            for job in matrix.jobs
        ],
        "left_out": [{"artifact": left.artifact, "platform": left.platform, "reason": left.reason} for left in matrix.left_out],
    }


def render(matrix: Matrix) -> str:
    """The text of the whole matrix for `--format json`, with a line end."""
    return json.dumps(document(matrix), indent=2) + "\n"


def github(matrix: Matrix) -> dict[str, JSON]:
    """The value of `strategy.matrix`."""
    return {"include": [_entry(job, matrix) for job in matrix.jobs]}


def outputs(matrix: Matrix) -> str:
    """`--format github`: lines for $GITHUB_OUTPUT. ASCII, so that no name can begin another line."""
    return (
        f"matrix={json.dumps(github(matrix), separators=(',', ':'))}\nany={'true' if matrix.jobs else 'false'}\ncount={len(matrix.jobs)}\n"
    )


def gitlab(matrix: Matrix) -> str:
    """`--format gitlab`: a child pipeline as JSON, which is YAML too.

    A job's name is made from its variables and may have 255 characters, so the words of a job are variables of the pipeline.
    """
    build: dict[str, JSON] = {
        "extends": ".wbuild-build",
        "parallel": {
            "matrix": [
                {"WBUILD_JOB": job.id, "WBUILD_NUMBER": str(number), "WBUILD_PLATFORM": job.platform}
                for number, job in enumerate(matrix.jobs)
            ]
        },
    }
    variables: dict[str, JSON] = {}
    for number, job in enumerate(matrix.jobs):
        variables |= {f"WBUILD_ARGS_{number}": _args(job, matrix), f"WBUILD_PROFILES_{number}": " ".join(job.profiles)}
    pipeline: dict[str, JSON] = {
        "include": [{"local": f"/{GITLAB_JOBS}"}],
        "variables": variables,
        "build": build,
        "wbuild": {"extends": ".wbuild-report"},
    }
    if not matrix.jobs:
        pipeline = {"wbuild": {"script": ["echo nothing to build"]}}
    return json.dumps(pipeline, indent=2) + "\n"


def _entry(job: Job, matrix: Matrix) -> dict[str, JSON]:
    return {
        "id": job.id,
        "platform": job.platform,
        "runner": RUNNERS[job.platform],
        "profiles": " ".join(job.profiles),
        "args": _args(job, matrix),
    }


def _args(job: Job, matrix: Matrix) -> str:
    """Words behind `wbuild build --profile P`, apart by spaces: names and targets hold none. A target must be one of its artifacts'."""
    targets = dict.fromkeys(cell.target for cell in job.cells) if matrix.targets else ()
    return " ".join([*job.artifacts, *(f"--target={target}" for target in targets)])


def _cell(cell: MatrixCell) -> dict[str, JSON]:
    return {
        "id": cell.id,
        "artifact": cell.artifact,
        "target": cell.target,
        "profile": cell.profile,
        "platform": cell.platform,
        "language": cell.language,
        "category": cell.category,
        "toolchain": cell.toolchain,
    }
