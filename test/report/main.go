// Report runs go test with its arguments. It prints the packages, the output of what failed and the
// names of what was skipped. The last line counts the tests: "tests: 12 passed, 0 failed, 1
// skipped".
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
)

func main() {
	counts, err := run(os.Args[1:], os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "test/report:", err)
	}

	fmt.Printf("tests: %v\n", counts)
	if err != nil || counts.failed > 0 {
		os.Exit(1)
	}
}

// run returns an error if the counts do not include everything that went wrong.
func run(arguments []string, out io.Writer) (counts, error) {
	command := exec.Command("go", append([]string{"test", "-json"}, arguments...)...)
	command.Stderr = os.Stderr
	events, err := command.StdoutPipe()
	if err != nil {
		return counts{}, err
	}

	if err := command.Start(); err != nil {
		return counts{}, err
	}

	counts, readErr := read(events, out)
	_, _ = io.Copy(io.Discard, events)
	err = command.Wait()
	switch {
	case readErr != nil:
		return counts, readErr
	case err != nil && counts.failed == 0:
		return counts, fmt.Errorf("go test: %w", err)
	case counts.passed+counts.failed == 0:
		return counts, errors.New("no test ran")
	}

	return counts, nil
}

// counts holds the number of tests for each outcome.
type counts struct{ passed, failed, skipped int }

func (c counts) String() string {
	text := fmt.Sprintf("%d passed, %d failed", c.passed, c.failed)
	if c.skipped > 0 {
		text += fmt.Sprintf(", %d skipped", c.skipped)
	}
	return text
}

// event is a line of go test -json; see go doc test2json.
type event struct {
	Action, Package, Test, Output string
}

// test is the state of one test or subtest.
type test struct {
	outcome string // the action that ended it, or "" while it runs
	output  strings.Builder
}

// read prints and counts a stream of events.
func read(events io.Reader, out io.Writer) (counts, error) {
	var (
		total    counts
		packages = map[string]map[string]*test{}
		decoder  = json.NewDecoder(events)
	)

	for {
		var e event
		if err := decoder.Decode(&e); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return total, fmt.Errorf("reading the output of go test: %w", err)
		}
		if e.Action == "build-output" {
			fmt.Fprint(out, e.Output)
			continue
		}
		if e.Package == "" {
			continue
		}

		tests := packages[e.Package]
		if tests == nil {
			tests = map[string]*test{}
			packages[e.Package] = tests
		}
		if tests[e.Test] == nil {
			tests[e.Test] = &test{}
		}

		current := tests[e.Test]
		switch e.Action {
		case "output":
			if !strings.HasPrefix(e.Output, "=== ") {
				current.output.WriteString(e.Output)
			}
		case "pass", "fail", "skip":
			current.outcome = e.Action
			switch {
			case e.Test == "":
				total.add(packageEnded(tests, out))
			case e.Action == "fail":
				fmt.Fprint(out, current.output.String())
			case e.Action == "skip":
				fmt.Fprintf(out, "skipped: %s %s\n", e.Package, e.Test)
			}
		}
	}

	for name, tests := range packages {
		if tests[""] == nil || tests[""].outcome == "" {
			return total, fmt.Errorf("%s did not end", name)
		}
	}

	return total, nil
}

func (c *counts) add(more counts) {
	c.passed += more.passed
	c.failed += more.failed
	c.skipped += more.skipped
}

// packageEnded prints the package's own line and counts its tests. Only tests without subtests
// count, because the others only sum these up. A test with subtests counts when it failed although
// none of them did.
func packageEnded(tests map[string]*test, out io.Writer) counts {
	whole := tests[""]
	delete(tests, "")
	defer func() { tests[""] = whole }()

	var (
		result       counts
		hasSubtests  = map[string]bool{}
		failedWithin = map[string]bool{}
	)

	for _, name := range slices.Backward(slices.Sorted(maps.Keys(tests))) {
		test := tests[name]
		if test.outcome == "" { // The process ended first: by a panic, a timeout or os.Exit.
			fmt.Fprintf(out, "%s--- FAIL: %s (did not end)\n", test.output.String(), name)
			test.outcome = "fail"
		}

		failed := test.outcome == "fail"
		for parent, more := above(name); more; parent, more = above(parent) {
			hasSubtests[parent] = true
			failedWithin[parent] = failedWithin[parent] || failed
		}

		switch {
		case failed && !failedWithin[name]:
			result.failed++
		case hasSubtests[name]:
		case test.outcome == "skip":
			result.skipped++
		default:
			result.passed++
		}
	}

	if whole.outcome == "fail" {
		fmt.Fprint(out, whole.output.String())
		if result.failed == 0 { // It did not build, or its TestMain failed.
			result.failed++
		}
		return result
	}

	for line := range strings.Lines(whole.output.String()) {
		if strings.HasPrefix(line, "ok ") {
			fmt.Fprint(out, line)
		}
	}

	return result
}

// above returns the name of the test that the named one may be a subtest of. The names of subtests
// may contain slashes, so no such test need exist.
func above(name string) (string, bool) {
	end := strings.LastIndexByte(name, '/')
	if end < 0 {
		return "", false
	}
	return name[:end], true
}
