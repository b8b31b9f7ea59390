"""Every command of the documentation is run, and what a page shows is what comes out."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import tomli

from tests.real.machine import Machine
from tests.real.pages import PAGES, ROOT, Block, Example, blocks, examples, matches

_SHELL = '{command}\nstatus=$?\npwd > "$PAGE_FOLDER"\nexit $status'


@pytest.mark.parametrize("page", PAGES)
def test_commands_of_the_page(page: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All blocks of a page, one after another."""
    machine = Machine.make(tmp_path / "machine", path=["/usr/bin", "/bin"])
    folder = tmp_path / "here"
    folder.mkdir()
    for block in blocks((ROOT / page).read_text("utf-8")):
        if reason := block.comment("not run"):
            with capsys.disabled():
                print(f"\n{page}:{block.line}: not run: {reason}")
        elif path := block.comment("file"):
            (folder / path).write_text(block.text, "utf-8")
        elif path := block.comment("line"):
            _replace_line(folder / path, block.text)
        elif block.kind == "console":
            folder = _run(block, folder, machine, page)


def _run(block: Block, folder: Path, machine: Machine, page: str) -> Path:
    """Run a console block; the folder in which it ends."""
    found = examples(block)
    state = machine.folder / "folder"
    for number, example in enumerate(found):
        done = subprocess.run(
            ["bash", "-c", _SHELL.format(command=example.command)],
            cwd=folder,
            env={**machine.environ, "PAGE_FOLDER": str(state)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=900,
            check=False,
        )
        wanted = int(block.comment("exit") or 0) if number == len(found) - 1 else 0
        said = f"{page}:{block.line}: $ {example.command}\n{done.stdout}"
        assert done.returncode == wanted, f"{said}ended with {done.returncode}, not {wanted}"
        assert not example.output or matches(example.output, done.stdout), f"{said}is not\n{_text(example)}"
        folder = Path(state.read_text("utf-8").strip())
    return folder


def _text(example: Example) -> str:
    return "\n".join(example.output)


def _replace_line(path: Path, line: str) -> None:
    key = line.split("=", maxsplit=1)[0]
    text, count = re.subn(rf"^{re.escape(key)}=.*\n", line.replace("\\", r"\\"), path.read_text("utf-8"), count=1, flags=re.MULTILINE)
    assert count, f"{path.name} has no line {key}="
    path.write_text(text, "utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_toml_of_the_page_can_be_read(page: str) -> None:
    """Every block of TOML stands for itself."""
    for block in blocks((ROOT / page).read_text("utf-8")):
        if block.kind == "toml":
            tomli.loads(block.text)


@pytest.mark.parametrize("page", PAGES)
def test_links_of_the_page_lead_somewhere(page: str) -> None:
    """Relative links name files of the repository."""
    text = (ROOT / page).read_text("utf-8")
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    missing = [link for link in links if not ((ROOT / page).parent / link).exists()]
    assert missing == []
