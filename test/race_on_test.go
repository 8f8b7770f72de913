//go:build race

package test_test

const raceDetector = true
