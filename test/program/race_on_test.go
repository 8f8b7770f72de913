//go:build race

package program_test

// raceFactor is how much longer things take with the race detector. The program is built with it as
// well.
const raceFactor = 3
