package main

import (
	"cmp"
	"io"
	"slices"
	"strings"
)

type entry struct {
	word  string
	count uint32
}

// count reads words to the end of a stream.
func count(in io.Reader) (map[string]uint32, error) {
	counts := make(map[string]uint32)
	for word, err := range words(in) {
		if err != nil {
			return nil, err
		}
		counts[word]++
	}
	return counts, nil
}

// ranking returns the top entries: larger counts first, and among equal counts by the bytes of the words.
func ranking(counts map[string]uint32, top int) []entry {
	entries := make([]entry, 0, len(counts))
	for word, count := range counts {
		entries = append(entries, entry{word, count})
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(b.count, a.count), strings.Compare(a.word, b.word))
	})
	return entries[:min(top, len(entries))]
}
