package main

import (
	"fmt"
	"io"
)

// figure is a measured value that may have a bound.
type figure struct {
	name, bound, measured string
	// judged is true if there is a bound, and kept if the figure is within it.
	judged, kept bool
}

// peers are the best results of other servers, on a machine of the same kind.
var peers = map[string]string{
	anonymousTicket: "supabase/auth 631, Vendure 3 316",
	refresh:         "supabase/auth 469, Authorizer 2.4 241",
	shopper:         "supabase/auth 1,853, Authorizer 2.4 1,824, Vendure 3 487",
}

// judge compares the measured values with their bounds.
func judge(r results, rush, narrow rush, f footprint) []figure {
	const most = mostConnections
	figures := []figure{
		r.atMost(
			0.85,
			anonymousTicket+", server CPU ÷ bare gqlgen",
			cpu,
			cell{anonymousTicket, mysqlName, 16},
			cell{anonymousTicket, bareName, 16},
		),
		r.atMost(
			1.2,
			shopper+", server CPU ÷ bare gqlgen",
			cpu,
			cell{shopper, mysqlName, 16},
			cell{shopper, bareName, 16},
		),
		r.atLeast(
			0.3,
			refresh+", rate at 64 connections ÷ the UPDATE alone",
			rate,
			cell{refresh, mysqlName, most},
			cell{refresh, updateSession + ofMySQL, most},
		),
		r.atMost(
			1.05,
			userTicket+", server CPU ÷ one argon2id hash",
			cpu,
			cell{userTicket, mysqlName, 16},
			cell{userTicket, passwordHash, 16},
		),
		rush.figure(),
		narrow.narrowFigure(),
		within(
			jwtTicket+", more server CPU than without",
			80,
			medianMore(r[cell{jwtTicket, mysqlName, 16}], r[cell{jwtTicket, withoutJWT, 16}], cpu),
			"µs",
		),
		r.restFigure(),
		within(verification+", CPU", 100, median(r[cell{verification, ofVerify, 1}], cpu), "µs"),
	}

	for _, operation := range []string{anonymousTicket, refresh, shopper} {
		rate, connections := r.best(operation, mysqlName)
		figures = append(figures, figure{
			name:     operation + " per second, MariaDB",
			bound:    peers[operation],
			measured: fmt.Sprintf("%s at %d connections", thousands(rate), connections),
		})
	}

	return append(figures,
		within("start to first answer, embedded", 300, middle(f.firstAnswers), "ms"),
		within("memory, idle", 40, f.idle, "MiB"),
		within(fmt.Sprintf("memory after %s anonymous tickets", thousands(float64(f.tickets))), 80, f.used, "MiB"))
}

// restFigure compares a ticket over REST with the same ticket over GraphQL.
func (r results) restFigure() figure {
	return r.atMost(
		1,
		restTicket+", server CPU ÷ "+restAsGraphQL,
		cpu,
		cell{restTicket, overREST, 16},
		cell{restTicket, restAsGraphQL, 16},
	)
}

func (r results) atMost(bound float64, name string, of func(sample) float64, above, below cell) figure {
	ratio, measured := r.ratio(of, above, below)
	return figure{name: name, bound: fmt.Sprintf("≤ %g", bound), measured: measured, judged: true, kept: ratio <= bound}
}

func (r results) atLeast(bound float64, name string, of func(sample) float64, above, below cell) figure {
	ratio, measured := r.ratio(of, above, below)
	return figure{name: name, bound: fmt.Sprintf("≥ %g", bound), measured: measured, judged: true, kept: ratio >= bound}
}

func (r results) ratio(of func(sample) float64, above, below cell) (ratio float64, measured string) {
	ratio = medianRatio(r[above], r[below], of)
	return ratio, fmt.Sprintf("%.2f (%s ÷ %s)", ratio, thousands(median(r[above], of)), thousands(median(r[below], of)))
}

func (r rush) figure() figure {
	const bound = 5
	ratio := medianRatio(r.loaded, r.quiet, p99)
	return figure{
		name: fmt.Sprintf(
			"%s, p99 at %d connections while %d others sign in ÷ without them",
			anonymousTicket,
			rushConnections,
			rushSignIns,
		),
		bound:  fmt.Sprintf("≤ %d", bound),
		judged: true,
		kept:   ratio <= bound,
		measured: fmt.Sprintf(
			"%.2f (%.1f ms ÷ %.1f ms; %s ÷ %s tickets and %.0f sign-ins per second)", ratio,
			median(r.loaded, p99), median(r.quiet, p99), thousands(median(r.loaded, rate)),
			thousands(median(r.quiet, rate)), r.signIns,
		),
	}
}

// narrowFigure is the figure that shows why the server may run more goroutines at a time than there
// are cores.
func (r rush) narrowFigure() figure {
	return figure{
		name: "the same with GOMAXPROCS as many as cores",
		measured: fmt.Sprintf("%.2f (%.1f ms ÷ %.1f ms; %.0f sign-ins per second)", medianRatio(r.loaded, r.quiet, p99),
			median(r.loaded, p99), median(r.quiet, p99), r.signIns),
	}
}

func within(name string, bound, measured float64, unit string) figure {
	return figure{
		name:     name,
		bound:    fmt.Sprintf("≤ %g %s", bound, unit),
		measured: fmt.Sprintf("%.0f %s", measured, unit),
		judged:   true,
		kept:     measured <= bound,
	}
}

func printFigures(out io.Writer, figures []figure) {
	rows := [][]string{{"figure", "must be, or peers", "measured", ""}}
	for _, f := range figures {
		verdict := ""
		switch {
		case f.kept:
			verdict = "ok"
		case f.judged:
			verdict = "MISSED"
		}

		rows = append(rows, []string{f.name, f.bound, f.measured, verdict})
	}

	printTable(out, rows)
}
