package main

import (
	"slices"
	"strings"
	"testing"
)

func TestWordsAreFolded(t *testing.T) {
	text := "\ufeffDon\u2019t stop, rock''n \xffdon't! \xed\xa0\x80l'\u00c9t\u00e9'"
	var found []string
	for word, err := range words(strings.NewReader(text)) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, word)
	}
	if want := []string{"don't", "stop", "rock", "n", "don't", "l'\u00c9t\u00e9"}; !slices.Equal(found, want) {
		t.Errorf("words(%q) = %q, want %q", text, found, want)
	}
}

func TestArguments(t *testing.T) {
	if top, err := parseArgs([]string{"--top", "0", "--top", "003"}); top != 3 || err != nil {
		t.Errorf("the last --top counts, got %d, %v", top, err)
	}
	for _, args := range [][]string{{"--top"}, {"--top", ""}, {"--top", "+1"}, {"--top", "0000000001"}, {"--top=1"}} {
		if _, err := parseArgs(args); err == nil {
			t.Errorf("parseArgs(%q) is no error", args)
		}
	}
}
