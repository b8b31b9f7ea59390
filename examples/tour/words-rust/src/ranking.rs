//! Counts words and puts the most frequent first.

use std::cmp::Reverse;
use std::collections::HashMap;

/// The `top` words that occur most often, with their counts. Among equal counts the bytes of the words decide.
pub fn most_frequent(words: impl Iterator<Item = String>, top: usize) -> Vec<(String, u32)> {
    let mut counts = HashMap::new();
    for word in words {
        *counts.entry(word).or_default() += 1;
    }
    let mut ranking: Vec<(String, u32)> = counts.into_iter().collect();
    ranking.sort_unstable_by(|(a, m), (b, n)| (Reverse(m), a).cmp(&(Reverse(n), b)));
    ranking.truncate(top);
    ranking
}

#[cfg(test)]
mod tests {
    use super::most_frequent;

    #[test]
    fn ties_are_in_the_order_of_bytes() {
        let words = ["b", "\u{1F600}", "ab", "\u{FF21}", "a", "b"].map(String::from);
        let ranking: Vec<_> = most_frequent(words.into_iter(), 4)
            .into_iter()
            .map(|(word, _)| word)
            .collect();
        assert_eq!(ranking, ["b", "a", "ab", "\u{FF21}"]);
    }
}
