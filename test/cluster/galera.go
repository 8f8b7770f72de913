package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// cluster is three Galera nodes.
type cluster struct {
	network *network
	nodes   []*database
}

// clusterOptions are the settings of a node. README.md says which of them a production cluster
// needs too, and why.
func clusterOptions(found programs, hosts []host, number int) []string {
	var backs []string
	for _, h := range hosts {
		backs = append(backs, h.back)
	}

	back := hosts[number].back
	provider := []string{
		// The others suspect a node after this silence, and then vote it out. Until then nobody can
		// commit. The defaults, 5 s and 15 s, are longer than a request may take. Much shorter
		// times are worse: a node that continues after a freeze then costs the others their
		// majority for seconds.
		"evs.suspect_timeout=PT2S", "evs.inactive_timeout=PT6S",
		"evs.inactive_check_period=PT0.5S", "evs.keepalive_period=PT0.5S",
		// A node that comes back gets the transactions that it missed from this cache. If they are
		// no longer in it, the node must copy the whole database.
		"gcache.size=64M",
		"gmcast.listen_addr=tcp://" + back + ":4567", "ist.recv_addr=" + back + ":4568",
	}
	return []string{
		"--wsrep-on=ON", "--wsrep-provider=" + found.provider, "--wsrep-cluster-name=authtickets",
		"--wsrep-node-name=" + hosts[number].name, "--wsrep-node-address=" + back,
		"--wsrep-cluster-address=gcomm://" + strings.Join(backs, ","),
		"--wsrep-sst-receive-address=" + back + ":4444", "--wsrep-sst-method=" + stateTransfer,
		"--wsrep-provider-options=" + strings.Join(provider, ";"),
		// Galera requires these two.
		"--binlog-format=ROW", "--innodb-autoinc-lock-mode=2",
	}
}

// startCluster starts the nodes. Each has a copy of data whose position the cluster knows.
func startCluster(ctx context.Context, w *workshop, n *network) (*cluster, error) {
	if err := writeStateTransfer(w.folder); err != nil {
		return nil, err
	}

	c := &cluster{network: n}
	for number, h := range n.hosts {
		options := clusterOptions(w.programs, n.hosts, number)
		node, err := newDatabase(w.programs, h, filepath.Join(w.folder, h.name), w.data, options...)
		if err != nil {
			c.close()
			return nil, err
		}

		c.nodes = append(c.nodes, node)

		var first []string
		if number == 0 {
			first = []string{"--wsrep-new-cluster"}
		}
		if err := node.start(ctx, first...); err != nil { // one after the other: each join stops the rest for a moment
			c.close()
			return nil, err
		}
	}

	return c, nil
}

func (c *cluster) close() {
	for _, node := range c.nodes {
		node.close()
	}
}

var recovered = regexp.MustCompile(`Recovered position: (\S+)`)

// restart starts a node that was killed. Like the scripts of a distribution, it first asks the node
// for its last committed transaction. The others then send what it missed.
func (c *cluster) restart(ctx context.Context, number int) error {
	node := c.nodes[number]
	log := filepath.Join(node.folder, "recovery.log")
	if err := os.WriteFile(log, nil, 0o600); err != nil {
		return err
	}

	arguments := append(node.basic(), "--skip-networking", "--log-error="+log, "--wsrep-recover")
	arguments = append(arguments, node.options...)
	if _, err := run(ctx, node.programs.server, arguments...); err != nil {
		return fmt.Errorf("%w:\n%s", err, tailOf(log))
	}

	recovery, err := os.ReadFile(log)
	if err != nil {
		return err
	}

	position := recovered.FindSubmatch(recovery)
	if position == nil {
		return fmt.Errorf("%s does not know its position:\n%s", node.on.name, tail(string(recovery)))
	}
	if err := node.start(ctx, "--wsrep-start-position="+string(position[1])); err != nil {
		return err
	}

	return c.reunites(ctx)
}

// freeze stops a node's process without ending it.
func (c *cluster) freeze(number int) error { return c.nodes[number].process.signal(syscall.SIGSTOP) }

// thaw lets a frozen node continue.
func (c *cluster) thaw(ctx context.Context, number int) error {
	if err := c.nodes[number].process.signal(syscall.SIGCONT); err != nil {
		return err
	}
	return c.reunites(ctx)
}

// reunites waits until all nodes have belonged together for a while. A node that was away does not
// know at once that the others voted it out.
func (c *cluster) reunites(ctx context.Context) error {
	const calm = 1500 * time.Millisecond

	var since time.Time
	return eventually(ctx, startPatience, func(ctx context.Context) error {
		if err := c.areTogether(ctx); err != nil {
			since = time.Time{}
			return err
		}
		if since.IsZero() {
			since = time.Now()
		}
		if time.Since(since) < calm {
			return errNever
		}

		return nil
	})
}

// areTogether checks that all nodes are ready and see each other.
func (c *cluster) areTogether(ctx context.Context) error {
	want := map[string]string{
		"wsrep_cluster_status": "Primary", "wsrep_cluster_size": strconv.Itoa(len(c.nodes)), "wsrep_ready": "ON",
	}
	for _, node := range c.nodes {
		for variable, value := range want {
			var name, got string
			row := node.handle.QueryRowContext(ctx, "SHOW STATUS LIKE '"+variable+"'")
			if err := row.Scan(&name, &got); err != nil || got != value {
				return fmt.Errorf("%s of %s is %q: %w", variable, node.on.name, got, errors.Join(err, errApart))
			}
		}
	}

	return nil
}

var errApart = errors.New("the nodes do not belong together")

// agree checks that all nodes hold the same rows.
func (c *cluster) agree(ctx context.Context) error {
	tables := []string{"sessions", "customer_accounts", "keysets"}
	return eventually(ctx, 10*time.Second, func(ctx context.Context) error {
		for _, table := range tables {
			var sums []string
			for _, node := range c.nodes {
				var name, sum string
				query := "SET STATEMENT wsrep_sync_wait = 15 FOR CHECKSUM TABLE " + databaseName + "." + table
				if err := node.handle.QueryRowContext(ctx, query).Scan(&name, &sum); err != nil {
					return fmt.Errorf("%s: %w", node.on.name, err)
				}

				sums = append(sums, sum)
			}

			if len(slices.Compact(sums)) > 1 {
				return fmt.Errorf("the nodes hold different rows of %s", table)
			}
		}
		return nil
	})
}
