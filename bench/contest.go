package main

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// connectionCounts are the numbers of connections that are measured.
var connectionCounts = []int{1, 16, mostConnections}

// contest is an operation, and the servers that answer it. They take turns in each round, so that
// other load on the machine affects all of them.
type contest struct {
	operation string
	entrants  []entrant
	// lengthening multiplies the length of the rounds and of the warm-up. A hash takes 20 ms, and
	// using memory for the first time costs as much as the hash.
	lengthening int
}

// entrant is a server, or a floor: the least that the work could cost.
type entrant struct {
	name string
	job  job
	// pid is the process that does the work, or 0 if the driver does it itself.
	pid int
}

// These are the names of entrants in the tables, besides those of the floors.
const (
	mysqlName  = "authtickets on MariaDB"
	sqliteName = "authtickets on SQLite"
	withoutJWT = "the same on MariaDB, without it"
	ofVerify   = "the package verify"
	overREST   = "authtickets with --kibo"
	ofMySQL    = ", MariaDB"
	ofSQLite   = ", SQLite"
)

func (b *bench) contests(onMySQL, onSQLite, withKibo *server, bare *bareServer) []contest {
	servers := func(operation string) []entrant {
		return []entrant{
			{mysqlName, job{Work: operation, Address: onMySQL.address}, onMySQL.pid()},
			{sqliteName, job{Work: operation, Address: onSQLite.address}, onSQLite.pid()},
		}
	}

	withBare := func(operation string) []entrant {
		return append(servers(operation), entrant{bareName, job{Work: operation, Address: bare.address}, bare.pid()})
	}
	withStatement := func(operation, statement string) []entrant {
		return append(withBare(operation),
			entrant{name: statement + ofMySQL, job: job{Work: statement, Database: onMySQL.database}},
			entrant{name: statement + ofSQLite, job: job{Work: statement, Database: onSQLite.database}})
	}
	withJWT := append(servers(jwtTicket), entrant{
		name: withoutJWT,
		job:  job{Work: anonymousTicket, Address: onMySQL.address},
		pid:  onMySQL.pid(),
	})
	return []contest{
		{anonymousTicket, withBare(anonymousTicket), 1},
		{jwtTicket, withJWT, 1},
		{restTicket, []entrant{
			{overREST, job{Work: restTicket, Address: withKibo.address}, withKibo.pid()},
			{restAsGraphQL, job{Work: restAsGraphQL, Address: withKibo.address}, withKibo.pid()},
		}, 1},
		{verification, []entrant{{name: ofVerify, job: job{Work: verification, Address: onMySQL.address}}}, 1},
		{userTicket, append(servers(userTicket), entrant{name: passwordHash, job: job{Work: passwordHash}}), 4},
		{refresh, withStatement(refresh, updateSession), 1},
		{customerRefresh, servers(customerRefresh), 1},
		{shopper, withBare(shopper), 1},
		{shopperAccount, withStatement(shopperAccount, selectAccount), 1},
	}
}

// hold runs all contests.
func (b *bench) hold(ctx context.Context, contests []contest) (results, error) {
	all := results{}
	for _, contest := range contests {
		warmUp := time.Duration(contest.lengthening) * b.effort.warmUp
		duration := time.Duration(contest.lengthening) * b.effort.round
		for _, connections := range connectionCounts {
			b.report("%s, %d connections", contest.operation, connections)
			for range b.effort.rounds {
				for _, entrant := range contest.entrants {
					sample, err := b.round(ctx, entrant, connections, warmUp, duration)
					if err != nil {
						return nil, err
					}

					key := cell{contest.operation, entrant.name, connections}
					all[key] = append(all[key], sample)
				}
			}
		}
	}

	return all, nil
}

// sample is the result of one round.
type sample struct {
	rate     float64 // turns per second
	p50, p99 time.Duration
	// cpu is the CPU time per turn, over all cores, of the process that does the work. databaseCPU
	// is the same for the MySQL server.
	cpu, databaseCPU time.Duration
}

func (b *bench) round(ctx context.Context, e entrant, connections int, warmUp, duration time.Duration) (sample, error) {
	j := e.job
	j.Connections, j.WarmUp, j.Duration = connections, warmUp, duration
	d, err := b.newDriver(ctx, j)
	if err != nil {
		return sample{}, err
	}
	defer d.end()

	pid := cmp.Or(e.pid, d.pid())
	before, err := b.cpuTimes(pid)
	if err != nil {
		return sample{}, err
	}
	if err := d.begin(); err != nil {
		return sample{}, err
	}

	seen, err := d.outcome()
	if err != nil {
		return sample{}, err
	}

	after, err := b.cpuTimes(pid)
	if err != nil {
		return sample{}, err
	}

	turns := time.Duration(seen.Turns)
	return sample{
		rate:        float64(seen.Turns) / seen.Took.Seconds(),
		p50:         seen.P50,
		p99:         seen.P99,
		cpu:         (after.process - before.process) / turns,
		databaseCPU: (after.database - before.database) / turns,
	}, nil
}

type cpuTimes struct{ process, database time.Duration }

func (b *bench) cpuTimes(pid int) (cpuTimes, error) {
	process, err := cpuTime(pid)
	if err != nil {
		return cpuTimes{}, err
	}

	database, err := cpuTime(b.databasePID)
	return cpuTimes{process, database}, err
}

// results are the samples of all rounds.
type results map[cell][]sample

// cell identifies what was measured.
type cell struct {
	operation, entrant string
	connections        int
}

// These functions select one figure of a sample.
func rate(s sample) float64     { return s.rate }
func p50(s sample) float64      { return milliseconds(s.p50) }
func p99(s sample) float64      { return milliseconds(s.p99) }
func cpu(s sample) float64      { return microseconds(s.cpu) }
func database(s sample) float64 { return microseconds(s.databaseCPU) }

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1e3 }
func microseconds(d time.Duration) float64 { return d.Seconds() * 1e6 }

// median returns the median of one figure of the samples.
func median(samples []sample, of func(sample) float64) float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = of(s)
	}
	return middle(values)
}

// medianRatio returns the median ratio of corresponding rounds.
func medianRatio(above, below []sample, of func(sample) float64) float64 {
	ratios := make([]float64, len(above))
	for i := range above {
		ratios[i] = of(above[i]) / of(below[i])
	}
	return middle(ratios)
}

// medianMore returns the median difference of corresponding rounds.
func medianMore(above, below []sample, of func(sample) float64) float64 {
	more := make([]float64, len(above))
	for i := range above {
		more[i] = of(above[i]) - of(below[i])
	}
	return middle(more)
}

func middle(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

// best returns the highest rate of an entrant, and the number of connections that reached it.
func (r results) best(operation, entrant string) (highest float64, connections int) {
	for _, count := range connectionCounts {
		if present := median(r[cell{operation, entrant, count}], rate); present > highest {
			highest, connections = present, count
		}
	}
	return highest, connections
}
