package main

import (
	"bufio"
	"errors"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
)

const apostrophe = '\''

// fold writes a text as its words are counted.
var fold = runes.Map(func(r rune) rune {
	switch {
	case 'A' <= r && r <= 'Z':
		return r - 'A' + 'a'
	case r == '\u2019':
		return apostrophe
	default:
		return r
	}
})

// words yields the words of a stream, in the form in which they are counted; an error of the stream comes last.
// Bytes that are not UTF-8 are read as replacement characters, which separate words.
func words(in io.Reader) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		reader := bufio.NewReader(transform.NewReader(in, fold))
		for {
			word, err := nextWord(reader)
			if word != "" && !yield(word, nil) {
				return
			}
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield("", err)
				return
			}
		}
	}
}

// nextWord reads to the separator behind the next word. The word may be empty: apostrophes can follow each other.
func nextWord(reader io.RuneReader) (string, error) {
	var word strings.Builder
	pending := false
	for {
		r, _, err := reader.ReadRune()
		switch {
		case err != nil:
			return word.String(), err
		case isWord(r):
			if pending {
				word.WriteByte(apostrophe)
				pending = false
			}
			word.WriteRune(r)
		case r == apostrophe && word.Len() > 0 && !pending:
			pending = true
		default:
			return word.String(), nil
		}
	}
}

func isWord(r rune) bool {
	switch {
	case '0' <= r && r <= '9', 'A' <= r && r <= 'Z', 'a' <= r && r <= 'z':
		return true
	case 0x2000 <= r && r <= 0x206F, 0x3000 <= r && r <= 0x303F, r == 0xFEFF, r == utf8.RuneError:
		return false
	default:
		return r >= 0xC0
	}
}
