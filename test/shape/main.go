// Shape measures how the code of this repository reads. It measures the length of files and
// functions, the width of lines, and the blank lines between the steps of functions.
//
//	go run ./test/shape                 # prints the figures
//	go run ./test/shape -check          # prints only which limits are broken, and fails if any is
//	go run ./test/shape names           # prints the exported names of each package
//	go run ./test/shape names tickets   # the same for some packages
//
// What is measured:
//
//   - Hand-written Go: every .go file below the current folder. It leaves out generated files
//     (marked "Code generated ... DO NOT EDIT.") and folders called node_modules, vendor,
//     testdata or build, or starting with a dot.
//   - A file is test code if its name ends in _test.go. Programs and packages that only tests use
//     count as code.
//   - A comment line holds a comment and nothing else. Lines without text ("//", "/*") do not
//     count, because they would lower the percentiles.
//   - Every comment line must have at most 100 columns, so the limit holds for p99 too. A line that
//     cannot be wrapped is only counted: one long word, such as an address, or an instruction to a
//     tool.
//   - A code line is any other line that is not blank: also code with a comment after it, and each
//     line of a literal in back quotes. The signatures in *.resolvers.go are only counted, because
//     gqlgen writes each on one line.
//   - The width of a line is its number of characters from the left margin. A tab counts as four.
//   - The length of a function counts its lines from "func" to the last brace, for declared
//     functions, methods, and function literals outside of these.
//   - Blank lines per 100: of the lines between the first and last brace of those functions, how
//     many are blank. Blank lines of a literal in back quotes do not count.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
)

func main() {
	check := flag.Bool("check", false, "print only which limits are broken, and fail if any is")
	flag.Parse()

	if err := run(".", *check, flag.Args(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "test/shape:", err)
		os.Exit(1)
	}
}

func run(root string, check bool, arguments []string, out io.Writer) error {
	files, err := read(root)
	if err != nil {
		return err
	}

	if len(arguments) > 0 {
		if arguments[0] != "names" || check {
			return errors.New("usage: shape [-check] | shape names [folder ...]")
		}
		return printNames(files, arguments[1:], out)
	}

	readme, err := os.Stat(root + "/README.md")
	if err != nil {
		return err
	}

	figures := figuresOf(files, readme.Size())
	if !check {
		figures.print(out)
		return nil
	}

	breaches := slices.Concat(figures.breaches(), breachesOf(files))
	for _, breach := range breaches {
		fmt.Fprintln(out, breach)
	}
	if len(breaches) > 0 {
		return fmt.Errorf("%d limits are broken", len(breaches))
	}
	return nil
}
