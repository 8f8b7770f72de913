package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/test/cluster/history"
	"github.com/authtickets/authtickets/test/cluster/shoppers"
)

func TestIsRead(t *testing.T) {
	t.Parallel()

	for statement, want := range map[string]bool{
		"SELECT * FROM sessions":                         true,
		" select 1":                                      true,
		"SELECT * FROM sessions FOR UPDATE":              false,
		"SELECT 1 LOCK IN SHARE MODE":                    false,
		"UPDATE sessions SET generation = 1":             false,
		"SET STATEMENT wsrep_sync_wait = 1 FOR SELECT 1": false,
	} {
		if got := isRead(statement); got != want {
			t.Errorf("%s: want %t", statement, want)
		}
	}
}

func TestWithClock(t *testing.T) {
	t.Parallel()
	got := withClock("SELECT UTC_TIMESTAMP(6), UTC_TIMESTAMP(6)", -7200)
	const want = "SELECT (UTC_TIMESTAMP(6) + INTERVAL -7200 SECOND), (UTC_TIMESTAMP(6) + INTERVAL -7200 SECOND)"
	if got != want {
		t.Error(got)
	}
}

// A report names every fault and counts every check. Its lines have at most 100 columns.
func TestReport(t *testing.T) {
	t.Parallel()

	ended := phase{name: "node killed", losesNode: true, noticed: time.Second}
	tried := &trial{
		site:    &site{name: "galera"},
		crowd:   shoppers.New(shoppers.Settings{Servers: []string{""}, Devices: 1}),
		results: []result{{phase: ended, before: time.Second, after: 3 * time.Second, noticed: 2 * time.Second}},
		findings: []history.Finding{
			{Fault: history.Lost, Session: "s", Phase: "node killed", Text: "what happened\n"},
			{Fault: history.NotLinearizable, Session: "s", Phase: "node killed", Text: "again\n"},
		},
	}

	var out bytes.Buffer
	r := &report{out: &out}
	r.skip("not here")
	r.trial(tried)
	r.total()

	text := out.String()
	for _, want := range []string{
		"FAILED: node killed: 1 honest shoppers lost their session", "FAILED: node killed: /readyz took 2.00 s",
		"FAILED: node killed: the p99", "FAILED: sessions that no order of operations explains: 1",
		"over 1000 > 3000", "what happened", "\ncluster: 10 passed, 4 failed, 1 skipped\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("missing: %s", want)
		}
	}

	if strings.Contains(text, "again") {
		t.Error("one session was shown twice")
	}

	for line := range strings.Lines(text) {
		if len(strings.TrimSuffix(line, "\n")) > 100 {
			t.Errorf("too long: %s", line)
		}
	}

	if t.Failed() {
		t.Log(text)
	}
}
