package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// printResults prints a row for each operation and entrant.
func printResults(out io.Writer, contests []contest, all results) {
	head := []string{"operation", "answered by"}
	for _, connections := range connectionCounts {
		head = append(head, fmt.Sprintf("%d: per s", connections), "p50 · p99 ms", "CPU µs")
	}

	rows := [][]string{head}
	for _, contest := range contests {
		operation := contest.operation
		for _, entrant := range contest.entrants {
			row := []string{operation, entrant.name}
			for _, connections := range connectionCounts {
				samples := all[cell{contest.operation, entrant.name, connections}]
				row = append(row,
					thousands(median(samples, rate)),
					fmt.Sprintf("%.2f · %.2f", median(samples, p50), median(samples, p99)),
					fmt.Sprintf("%s + %s", thousands(median(samples, cpu)), thousands(median(samples, database))))
			}

			rows = append(rows, row)
			operation = ""
		}
	}

	printTable(out, rows)
	fmt.Fprintln(out)
}

// printTable prints an aligned Markdown table. The first row is the head.
func printTable(out io.Writer, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, text := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}

	line := func(row []string, blank string) {
		for i, text := range row {
			fmt.Fprint(out, "|", blank, text, strings.Repeat(blank, widths[i]-utf8.RuneCountInString(text)), blank)
		}
		fmt.Fprintln(out, "|")
	}

	line(rows[0], " ")
	line(make([]string, len(widths)), "-")
	for _, row := range rows[1:] {
		line(row, " ")
	}
}

// thousands formats a whole number with commas.
func thousands(number float64) string {
	digits := strconv.FormatFloat(number, 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
