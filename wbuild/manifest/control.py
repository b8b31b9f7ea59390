"""Names of files that tools obey without being asked: nothing that a build makes is put in their place. Lexical."""

from __future__ import annotations

import unicodedata
from typing import Final

from wbuild.text.project_names import GIT

_FILE_NAMES: Final = """
    .bash_login .bash_logout .bash_profile .bashrc .profile .zprofile .zshenv .zshrc .inputrc .vimrc .exrc
    .env .envrc .editorconfig .netrc .npmrc .yarnrc .yarnrc.yml .pnpmfile.cjs .pypirc .python-version .node-version .nvmrc .ruby-version
    .tool-versions mise.toml .mise.toml .pre-commit-config.yaml lefthook.yml .lefthook.yml
    appveyor.yml .appveyor.yml .travis.yml .drone.yml .woodpecker.yml .cirrus.yml azure-pipelines.yml bitbucket-pipelines.yml jenkinsfile
    buildspec.yml cloudbuild.yaml codeship-steps.yml .readthedocs.yaml netlify.toml vercel.json wrangler.toml fly.toml procfile
    makefile gnumakefile bsdmakefile cmakelists.txt meson.build sconstruct justfile .justfile taskfile.yml rakefile gemfile gemfile.lock
    build.gradle build.gradle.kts settings.gradle gradlew gradlew.bat pom.xml mvnw mvnw.cmd build.xml build.sbt
    build.rs cargo.toml cargo.lock rust-toolchain rust-toolchain.toml rustfmt.toml clippy.toml
    go.mod go.sum go.work go.work.sum build.zig build.zig.zon asconfig.json
    package.json package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml pnpm-workspace.yaml bun.lock bun.lockb bunfig.toml deno.json
    deno.jsonc deno.lock tsconfig.json jsconfig.json turbo.json nx.json lerna.json
    pyproject.toml setup.py setup.cfg conftest.py sitecustomize.py usercustomize.py tox.ini noxfile.py pipfile pipfile.lock uv.lock
    requirements.txt poetry.lock flake.nix flake.lock default.nix shell.nix
    dockerfile containerfile .dockerignore docker-compose.yml docker-compose.yaml compose.yml compose.yaml vagrantfile tiltfile
    build build.bazel workspace workspace.bazel module.bazel .bazelrc .bazelversion buck .buckconfig
    wbuild.toml wbuild.lock autorun.inf desktop.ini codeowners
"""
_FOLDER_NAMES: Final = """
    .wbuild .cargo .config .circleci .buildkite .teamcity .semaphore .husky .vscode .vscode-server .idea .devcontainer .ssh .gnupg .aws
    .docker .kube .yarn .pnpm .mvn .hg .svn .jj .bzr _darcs .direnv .terraform
"""
_FILES: Final = frozenset(_FILE_NAMES.split())
_FOLDERS: Final = frozenset(_FOLDER_NAMES.split())
_GIT: Final = (GIT, "git~")
"""How the names begin of everything that is git's, and of what hosts of its repositories obey; `git~1` is Windows' short name for .git."""


def controls(path: str) -> str:
    """The part of a path (POSIX) that names a file or folder which tools obey, on any system and in any case; "" for none."""
    parts = path.split("/")
    for position, part in enumerate(parts):
        name = _plain(part)
        last = position == len(parts) - 1
        if name.startswith(_GIT) or name in _FOLDERS or (last and name in _FILES):
            return part
    return ""


def _plain(part: str) -> str:
    """A name as systems compare it that ignore case, unseen letters, and dots and spaces at the end."""
    seen = "".join(letter for letter in unicodedata.normalize("NFKC", part) if unicodedata.category(letter) != "Cf")
    return seen.partition(":")[0].rstrip(". ").casefold()
