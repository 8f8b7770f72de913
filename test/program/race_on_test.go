//go:build race

package program_test

// raceFactor is how much longer things take under the race detector, which the program is built with, too.
const raceFactor = 3
