package gqlhttp

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"github.com/authtickets/authtickets/inbound"
)

// mostClients is how many clients are counted by name. All further ones count as one.
const mostClients = 200

// clientCounts counts the requests of each client that gives a name.
type clientCounts struct {
	mutex  sync.Mutex
	counts map[inbound.Client]int
}

func (c *clientCounts) add(client inbound.Client) {
	if client == (inbound.Client{}) {
		return
	}

	c.mutex.Lock()
	defer c.mutex.Unlock()
	if _, isKnown := c.counts[client]; !isKnown && len(c.counts) >= mostClients {
		client = inbound.Client{Name: inbound.OtherClients}
	}
	c.counts[client]++
}

// log writes a record for each client that has sent a request since the last call.
func (c *clientCounts) log(ctx context.Context, log *slog.Logger) {
	c.mutex.Lock()
	counts := c.counts
	c.counts = map[inbound.Client]int{}
	c.mutex.Unlock()

	clients := slices.SortedFunc(maps.Keys(counts), func(a, b inbound.Client) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
	})
	for _, client := range clients {
		log.InfoContext(ctx, "requests of a client",
			"client", client.Name,
			"version", client.Version,
			"requests", counts[client])
	}
}
