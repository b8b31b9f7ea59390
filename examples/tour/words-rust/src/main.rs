//! words: prints the words of standard input that occur most often. The contract is in ../README.md.

mod ranking;
mod scanner;

use std::env;
use std::ffi::OsString;
use std::io::{self, BufWriter, Read, Write};
use std::process::ExitCode;

const DEFAULT_TOP: usize = 10;
const MAX_DIGITS: usize = 9;
const MISUSED: u8 = 2;

fn main() -> ExitCode {
    let Some(top) = parse_args(env::args_os().skip(1)) else {
        eprintln!("usage: words [--top N]");
        return ExitCode::from(MISUSED);
    };
    match print_top(top) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("words: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print_top(top: usize) -> io::Result<()> {
    let mut text = Vec::new();
    io::stdin().lock().read_to_end(&mut text)?;

    let mut out = BufWriter::new(io::stdout().lock());
    for (word, count) in ranking::most_frequent(scanner::words(&text), top) {
        writeln!(out, "{count} {word}")?;
    }
    out.flush()
}

fn parse_args(mut args: impl Iterator<Item = OsString>) -> Option<usize> {
    let mut top = DEFAULT_TOP;
    while let Some(arg) = args.next() {
        if arg != "--top" {
            return None;
        }
        top = parse_number(args.next()?.to_str()?)?;
    }
    Some(top)
}

fn parse_number(text: &str) -> Option<usize> {
    let is_number = text.len() <= MAX_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Option<usize> {
        parse_args(args.iter().map(OsString::from))
    }

    #[test]
    fn the_last_top_counts() {
        assert_eq!(parse(&[]), Some(10));
        assert_eq!(parse(&["--top", "0", "--top", "003"]), Some(3));
    }

    #[test]
    fn anything_else_is_misuse() {
        for args in [
            &["--top"][..],
            &["--top", ""],
            &["--top", "+1"],
            &["--top", "0000000001"],
            &["--top=1"],
        ] {
            assert_eq!(parse(args), None, "{args:?}");
        }
    }
}
