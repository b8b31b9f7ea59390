//! Finds the words of a text, in the form in which they are counted.

use bstr::{ByteSlice, Chars};
use std::iter::Peekable;

/// The words of a text that may hold bytes which are no UTF-8: those separate words.
pub fn words(text: &[u8]) -> impl Iterator<Item = String> + '_ {
    Words {
        letters: text.chars().peekable(),
    }
}

struct Words<'a> {
    letters: Peekable<Chars<'a>>,
}

impl Iterator for Words<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let first = self.letters.find(|&letter| is_word(letter))?;
        let mut word = String::from(first.to_ascii_lowercase());
        while let Some(letter) = self
            .letters
            .next_if(|&letter| is_word(letter) || is_apostrophe(letter))
        {
            if is_word(letter) {
                word.push(letter.to_ascii_lowercase());
            } else if let Some(next) = self.letters.next_if(|&next| is_word(next)) {
                word.extend(['\'', next.to_ascii_lowercase()]);
            } else {
                break;
            }
        }
        Some(word)
    }
}

fn is_word(letter: char) -> bool {
    match letter {
        '0'..='9' | 'A'..='Z' | 'a'..='z' => true,
        '\u{2000}'..='\u{206F}'
        | '\u{3000}'..='\u{303F}'
        | '\u{FEFF}'
        | char::REPLACEMENT_CHARACTER => false,
        _ => letter >= '\u{C0}',
    }
}

fn is_apostrophe(letter: char) -> bool {
    matches!(letter, '\'' | '\u{2019}')
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_are_folded() {
        let mut text = "\u{FEFF}Don\u{2019}t stop, rock''n ".as_bytes().to_vec();
        text.extend(b"\xFFdon't! \xED\xA0\x80l'\xC3\x89t\xC3\xA9'");
        let found: Vec<_> = words(&text).collect();
        assert_eq!(
            found,
            ["don't", "stop", "rock", "n", "don't", "l'\u{C9}t\u{E9}"]
        );
    }
}
