"""SOURCE_DATE_EPOCH in every language whose compiler, or what it runs, can write a time into an artifact."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.real.machine import Machine

C = '#include <stdio.h>\nint main(void) { puts(__DATE__ " " __TIME__ " " __TIMESTAMP__); }\n'
RUST = 'fn main() { println!("{} and {}", env!("SOURCE_DATE_EPOCH"), env!("FROM_A_SCRIPT")); }\n'
SCRIPT = """fn main() {
    println!("cargo:rerun-if-env-changed=SOURCE_DATE_EPOCH");
    println!("cargo:rustc-env=FROM_A_SCRIPT={}", std::env::var("SOURCE_DATE_EPOCH").unwrap());
}
"""
FILES = {
    "c/main.c": C,
    "cpp/main.cpp": C,
    "rust/Cargo.toml": '[package]\nname = "rust"\nversion = "0.1.0"\nedition = "2021"\n',
    "rust/Cargo.lock": 'version = 4\n\n[[package]]\nname = "rust"\nversion = "0.1.0"\n',
    "rust/build.rs": SCRIPT,
    "rust/src/main.rs": RUST,
    "wbuild.toml": """[artifact.c]
lang = "c"
flags.compile = ["-Wno-date-time"]   # Zig's compiler refuses such macros otherwise

[artifact.cpp]
lang = "cpp"
flags.compile = ["-Wno-date-time"]

[artifact.rust]
lang = "rust"
""",
}
"""The other languages (Zig, Go, AssemblyScript, WebAssembly text) read neither clock nor environment while they compile."""
TIMES = {"1700000000": "Nov 14 2023 22:13:20 Tue Nov 14 22:13:20 2023", "": "Jan  1 1970 00:00:00 Thu Jan  1 00:00:00 1970"}
"""What is given → how C writes it; nothing given is 1970, not now."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> tuple[Machine, Path]:
    folder = tmp_path_factory.mktemp("dates")
    for name, text in FILES.items():
        (folder / "here" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "here" / name).write_text(text, "utf-8")
    return Machine.make(folder / "machine"), folder / "here"


@pytest.mark.parametrize("given", TIMES, ids=["given", "not given"])
def test_F77_what_compilers_write_is_the_time_that_was_given(given: str, project: tuple[Machine, Path]) -> None:
    machine, here = project
    machine.wbuild("build", cwd=here, SOURCE_DATE_EPOCH=given).succeeds()
    for name, text in {"c": TIMES[given], "cpp": TIMES[given], "rust": f"{given or 0} and {given or 0}"}.items():
        said = machine.wbuild("run", name, cwd=here, SOURCE_DATE_EPOCH=given).succeeds().stdout
        assert said == f"{text}\n", name
