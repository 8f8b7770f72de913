package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// The limits that -check demands. Widths are in columns.
const (
	mostFileLines     = 300 // of a file that is not a test
	mostFunctionLines = 60  // of a function that is in no test
	widestComment     = 100 // every comment line has at most this width
	widestCode        = 120 // every code line has at most this width
	leastBlank        = 6.0 // blank lines per 100 lines of function body
	mostReadmeBytes   = 8_000
)

// group holds the figures of one group of files.
type group struct {
	files, lines    int
	longestFile     int
	longestFunction int

	comments, code           []int // the width of each line, ascending
	bodyLines, bodyBlankOnes int
}

// figures holds what shape prints.
type figures struct {
	code, tests, all group
	readmeBytes      int64
}

func figuresOf(files []file, readmeBytes int64) figures {
	code := make([]file, 0, len(files))
	tests := make([]file, 0, len(files))
	for _, file := range files {
		if file.test {
			tests = append(tests, file)
		} else {
			code = append(code, file)
		}
	}

	return figures{
		code:        groupOf(code),
		tests:       groupOf(tests),
		all:         groupOf(files),
		readmeBytes: readmeBytes,
	}
}

func groupOf(files []file) group {
	g := group{files: len(files)}
	for _, file := range files {
		g.lines += len(file.lines)
		g.longestFile = max(g.longestFile, len(file.lines))

		for _, line := range file.lines {
			switch {
			case line.kind == code:
				g.code = append(g.code, line.width)
			case line.kind == comment && !line.empty:
				g.comments = append(g.comments, line.width)
			}
		}

		for _, function := range file.functions {
			g.longestFunction = max(g.longestFunction, function.lines())
			for number := function.open + 1; number < function.last; number++ {
				g.bodyLines++
				if file.lines[number-1].kind == blank {
					g.bodyBlankOnes++
				}
			}
		}
	}

	slices.Sort(g.comments)
	slices.Sort(g.code)
	return g
}

// blankPer100 is how many of 100 lines of function body are blank.
func (g group) blankPer100() float64 {
	return 100 * float64(g.bodyBlankOnes) / float64(max(g.bodyLines, 1))
}

// percentile returns the smallest width that at least p of 100 widths do not exceed. The widths
// ascend.
func percentile(widths []int, p int) int {
	if len(widths) == 0 {
		return 0
	}
	return widths[(len(widths)*p+99)/100-1]
}

// wider counts the widths beyond a limit.
func wider(widths []int, limit int) int {
	count := 0
	for _, width := range widths {
		if width > limit {
			count++
		}
	}
	return count
}

// print prints the figures as a table in Markdown.
func (f figures) print(out io.Writer) {
	table := tabwriter.NewWriter(out, 0, 0, 1, ' ', 0)
	row := func(name string, value func(group) string) {
		fmt.Fprintf(table, "| %s\t| %s\t| %s\t| %s\t|\n", name, value(f.code), value(f.tests), value(f.all))
	}

	fmt.Fprintln(table, "| \t| code\t| tests\t| all\t|")
	fmt.Fprintln(table, "| ---\t| ---\t| ---\t| ---\t|")
	row("files, lines", func(g group) string {
		return fmt.Sprintf("%d, %d", g.files, g.lines)
	})
	row("longest file, longest function", func(g group) string {
		return fmt.Sprintf("%d, %d", g.longestFile, g.longestFunction)
	})
	row("comment width in columns, p90, p99, max", func(g group) string {
		return fmt.Sprintf("%d, %d, %d",
			percentile(g.comments, 90), percentile(g.comments, 99), percentile(g.comments, 100))
	})
	row("comment lines over 100, over 120 columns", func(g group) string {
		return fmt.Sprintf("%d, %d of %d", wider(g.comments, 100), wider(g.comments, 120), len(g.comments))
	})
	row("code lines over 120, over 160 columns", func(g group) string {
		return fmt.Sprintf("%d, %d of %d", wider(g.code, 120), wider(g.code, 160), len(g.code))
	})
	row("blank lines per 100 lines of function body", func(g group) string {
		return fmt.Sprintf("%.1f", g.blankPer100())
	})
	_ = table.Flush() // It fails only when out does.

	fmt.Fprintf(out, "\nREADME.md: %d bytes\n", f.readmeBytes)
}

// breaches lists the limits that the figures as a whole break.
func (f figures) breaches() []string {
	var breaches []string
	if f.readmeBytes > mostReadmeBytes {
		breaches = append(breaches,
			fmt.Sprintf("README.md: %d bytes, at most %d", f.readmeBytes, mostReadmeBytes))
	}
	if p99 := percentile(f.all.comments, 99); p99 > widestComment {
		breaches = append(breaches,
			fmt.Sprintf("comments: p99 is %d columns, at most %d", p99, widestComment))
	}
	for _, part := range []struct {
		name string
		group
	}{{"code", f.code}, {"tests", f.tests}} {
		if part.blankPer100() < leastBlank {
			breaches = append(breaches, fmt.Sprintf(
				"%s: %.1f blank lines per 100 lines of function body, at least %.0f",
				part.name, part.blankPer100(), leastBlank))
		}
	}
	return breaches
}

// breachesOf lists the places where a file, a function or a line is too long.
func breachesOf(files []file) []string {
	var breaches []string
	for _, file := range files {
		if len(file.lines) > mostFileLines && !file.test {
			breaches = append(breaches,
				fmt.Sprintf("%s: %d lines, at most %d", file.path, len(file.lines), mostFileLines))
		}

		for _, function := range file.functions {
			if function.lines() > mostFunctionLines && !file.test {
				breaches = append(breaches, fmt.Sprintf("%s:%d: %s has %d lines, at most %d",
					file.path, function.first, function.name, function.lines(), mostFunctionLines))
			}
		}

		for i, line := range file.lines {
			switch {
			case line.kind == code && line.width > widestCode && !line.fixed:
				breaches = append(breaches, fmt.Sprintf("%s:%d: code of %d columns, at most %d",
					file.path, i+1, line.width, widestCode))
			case line.kind == comment && line.width > widestComment && !line.word:
				breaches = append(breaches, fmt.Sprintf("%s:%d: comment of %d columns, at most %d",
					file.path, i+1, line.width, widestComment))
			}
		}
	}
	slices.SortStableFunc(breaches, cmp.Compare)
	return breaches
}
