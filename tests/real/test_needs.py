"""An artifact inside another, with real compilers: the page of the documentation."""

from __future__ import annotations

from pathlib import Path

from tests.real.machine import Machine

FILES = {
    "wbuild.toml": """[project]
name = "inside"

[artifact.app]
lang = "rust"
needs = ["plugin"]
env = { PLUGIN = "{artifact.plugin}" }

[artifact.plugin]
lang = "wat"
""",
    "app/Cargo.toml": '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n',
    "app/Cargo.lock": 'version = 3\n\n[[package]]\nname = "app"\nversion = "0.1.0"\n',
    "app/src/main.rs": 'static PLUGIN: &[u8] = include_bytes!(env!("PLUGIN"));\nfn main() {\n    println!("{}", PLUGIN.len());\n}\n',
    "plugin/plugin.wat": '(module (func (export "f")))\n',
}


def test_a_rust_program_holds_a_module_of_another_language(tmp_path: Path) -> None:
    machine = Machine.make(tmp_path / "machine")
    here = tmp_path / "inside"
    for name, text in FILES.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(text)
    assert machine.wbuild("build", "app", cwd=here).succeeds().stdout == "dist/dev/app.wasm\n"
    for text in (FILES["plugin/plugin.wat"], '(module (func (export "f")) (func (export "g")))\n'):
        (here / "plugin/plugin.wat").write_text(text)
        said = machine.wbuild("run", "app", cwd=here).succeeds().stdout
        assert int(said) == (here / "dist/dev/plugin.wasm").stat().st_size
    assert str(tmp_path).encode() not in (here / "dist/dev/app.wasm").read_bytes()
