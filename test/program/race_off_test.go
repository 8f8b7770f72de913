//go:build !race

package program_test

const raceFactor = 1
