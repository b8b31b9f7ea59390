use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    let code =
        "fn name() -> String { std::env::args().nth(9).unwrap_or_else(|| \"a script\".into()) }\n";
    fs::write(Path::new(&out).join("name.rs"), code)
}
