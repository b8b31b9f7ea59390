"""Everything that cargo, rustc and a build script read of a project, edited once each: the program says what is there now."""

from __future__ import annotations

from pathlib import Path

from tests.real.machine import Machine

FILES = {
    "wbuild.toml": '[project]\nname = "reads"\n[artifact.app]\nlang = "rust"\npath = "app"\ntarget = "wasip1"\n',
    "app/Cargo.toml": """[package]
name = "app"
version = "0.1.0"
edition = "2021"
build = "../shared/build.rs"
[[bin]]
name = "app"
path = "../shared/main.rs"
""",
    "app/Cargo.lock": 'version = 4\n\n[[package]]\nname = "app"\nversion = "0.1.0"\n',
    "app/src/kept": "",
    "shared/main.rs": """mod part;
fn main() {
    println!("{}", concat!("<main1 ", include_str!("../texts/text"), " ", env!("DATA"), " ", env!("NAMES"), ">"));
    println!("{} {}", part::PART, option_env!("ABOVE").unwrap_or("<nothing above>"));
}
""",
    "shared/part.rs": 'pub const PART: &str = "<part1>";\n',
    "shared/build.rs": """fn main() {
    let data = std::fs::read_to_string("../data/value").unwrap();
    let names = std::fs::read_dir("src").unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    println!("cargo:rustc-env=DATA={data}\\ncargo:rustc-env=NAMES={}", names.join("+"));
    println!("cargo:rerun-if-changed=../shared/build.rs");
}
""",
    "texts/text": "text1",
    "data/value": "data1",
}


def test_every_file_that_is_read_counts(tmp_path: Path) -> None:
    machine = Machine.make(tmp_path / "machine")
    here = tmp_path / "above" / "project"
    for name, text in FILES.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(text)

    def module() -> bytes:
        done = machine.wbuild("build", cwd=here).succeeds()
        assert "not kept" not in done.stderr
        return (here / "dist/dev/app.wasm").read_bytes()

    def edited(name: str, old: str, new: str) -> bytes:
        path = here / name
        path.write_text(path.read_text().replace(old, new))
        return module()

    assert b"<main1 text1 data1 kept>" in module()
    assert b"<main2 text1 data1 kept>" in edited("shared/main.rs", "<main1", "<main2")
    assert b"<part2>" in edited("shared/part.rs", "<part1>", "<part2>")
    assert b"<main2 text2 data1 kept>" in edited("texts/text", "text1", "text2")
    assert b"<main2 text2 data2 kept>" in edited("data/value", "data1", "data2")
    (here / "app/src/empty").mkdir()
    assert b"<main2 text2 data2 empty+kept>" in module()
    (here.parent / ".cargo").mkdir()
    (here.parent / ".cargo/config.toml").write_text('[env]\nABOVE = "<above1>"\n')
    assert b"<above1>" in module()
    (here.parent / ".cargo/config.toml").write_text('[env]\nABOVE = "<above2>"\n')
    assert b"<above2>" in module()
    (here.parent / ".cargo/config.toml").unlink()
    assert b"<nothing above>" in module()
