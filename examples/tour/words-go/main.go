// Command words prints the words of standard input that occur most often. The contract is in ../README.md.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
)

const (
	defaultTop = 10
	maxDigits  = 9
	misused    = 2
)

var errUsage = errors.New("usage: words [--top N]")

func main() {
	top, err := parseArgs(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(misused)
	}
	if err := printTop(os.Stdin, os.Stdout, top); err != nil {
		fmt.Fprintln(os.Stderr, "words:", err)
		os.Exit(1)
	}
}

func printTop(in io.Reader, out io.Writer, top int) error {
	counts, err := count(in)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriter(out)
	for _, entry := range ranking(counts, top) {
		fmt.Fprintln(buffered, entry.count, entry.word)
	}
	return buffered.Flush()
}

func parseArgs(args []string) (int, error) {
	top := defaultTop
	for len(args) > 0 {
		if args[0] != "--top" || len(args) == 1 || !isNumber(args[1]) {
			return 0, errUsage
		}
		top, _ = strconv.Atoi(args[1])
		args = args[2:]
	}
	return top, nil
}

func isNumber(text string) bool {
	for _, digit := range []byte(text) {
		if digit < '0' || digit > '9' {
			return false
		}
	}
	return 0 < len(text) && len(text) <= maxDigits
}
