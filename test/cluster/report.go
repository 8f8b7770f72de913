package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/authtickets/authtickets/test/cluster/history"
)

// report prints the results of the trials and counts the checks.
type report struct {
	out                     io.Writer
	passed, failed, skipped int
}

// line prints one line of the table.
func (r *report) line(cells ...any) {
	const format = "%-13v%9v%8v%6v%6v%9v%5v%6v%5v%7v%17v%9v"
	fmt.Fprintln(r.out, strings.TrimRight(fmt.Sprintf(format, cells...), " "))
}

// trial prints the table of a trial, followed by what failed.
func (r *report) trial(t *trial) {
	fmt.Fprintln(r.out)
	r.line(t.site.name, "requests", "ok", "busy", "late", "no conn.", "odd",
		"lost", "two", "alive", "p99 in ms", "unready")
	var failures []string
	check := func(ok bool, format string, values ...any) {
		if ok {
			r.passed++
			return
		}
		r.failed++
		failures = append(failures, fmt.Sprintf(format, values...))
	}

	for _, result := range append(t.results, result{phase: phase{name: afterwards}}) {
		r.row(t, result, check)
	}

	check(t.unsettled == 0, "%d sessions were not settled in the end", t.unsettled)
	check(t.disagreement == nil, "%v", t.disagreement)
	check(t.count(history.NotLinearizable) == 0, "sessions that no order of operations explains: %d",
		t.count(history.NotLinearizable))
	check(t.count(history.Undecided) == 0, "sessions that took too long to check: %d", t.count(history.Undecided))

	fmt.Fprintf(r.out, "%d sessions, each checked for linearizability and asked about at every server\n", t.sessions)
	for _, failure := range failures {
		fmt.Fprintln(r.out, "FAILED:", failure)
	}

	r.evidence(t)
}

// row prints and checks one phase.
func (r *report) row(t *trial, result result, check func(ok bool, format string, values ...any)) {
	name := result.phase.name
	count := t.crowd.Count(name)
	lost, two := t.countIn(history.Lost, name), t.countIn(history.TwoSuccessors, name)
	alive := t.countIn(history.AliveAfterEnd, name)
	p99, isOver := result.p99()
	noticed := ""
	if result.phase.losesNode {
		noticed = fmt.Sprintf("%.2f s", result.noticed.Seconds())
	}

	r.line(name, count.Requests, count.Succeeded+count.Refused, count.Busy, count.TimedOut, count.Disconnected,
		count.Unexpected, lost, two, alive, p99, noticed)

	check(lost == 0, "%s: %d honest shoppers lost their session", name, lost)
	check(two == 0, "%s: %d sessions had two successors", name, two)
	check(alive == 0, "%s: %d sessions were alive after their end", name, alive)
	check(count.Unexpected == 0, "%s: %d answers that no honest client should get: %q",
		name, count.Unexpected, t.crowd.Unexpected(name))
	if result.phase.losesNode {
		check(result.noticed <= result.phase.noticed, "%s: /readyz took %s to report it", name, noticed)
		check(!isOver || t.short, "%s: the p99 of the other servers was more than twice what it was before", name)
	}
}

// p99 returns the text about latencies for the table, and whether they grew too much.
func (r result) p99() (text string, isOver bool) {
	if r.before == 0 || r.after == 0 {
		return "", false
	}

	const noise = 5 * time.Millisecond // on a machine that runs everything at once
	isOver = r.after > 2*r.before+noise
	text = fmt.Sprintf("%d > %d", r.before.Milliseconds(), r.after.Milliseconds())
	if isOver {
		text = "over " + text
	}

	return text, isOver
}

// evidence prints the first finding of some sessions.
func (r *report) evidence(t *trial) {
	const most = 5
	printed := map[string]bool{}
	for _, finding := range t.findings {
		if len(printed) < most && !printed[finding.Session] {
			fmt.Fprintf(r.out, "%s: %s", finding.Phase, finding.Text)
			printed[finding.Session] = true
		}
	}
}

func (t *trial) count(fault history.Fault) int {
	count := 0
	for _, finding := range t.findings {
		if finding.Fault == fault {
			count++
		}
	}

	return count
}

func (t *trial) countIn(fault history.Fault, phase string) int {
	count := 0
	for _, finding := range t.findings {
		if finding.Fault == fault && finding.Phase == phase {
			count++
		}
	}

	return count
}

// skip reports what cannot be tried here.
func (r *report) skip(why string) {
	r.skipped++
	fmt.Fprintln(r.out, why)
}

// total prints the line with the number of checks.
func (r *report) total() {
	fmt.Fprintf(r.out, "\ncluster: %d passed, %d failed", r.passed, r.failed)
	if r.skipped > 0 {
		fmt.Fprintf(r.out, ", %d skipped", r.skipped)
	}
	fmt.Fprintln(r.out)
}
