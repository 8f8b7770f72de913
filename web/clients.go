package web

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Headers by which Apollo's clients say what they are.
const (
	clientNameHeader    = "Apollographql-Client-Name"
	clientVersionHeader = "Apollographql-Client-Version"
)

// client is what a client says of itself; empty where it says nothing.
type client struct{ name, version string }

// otherClients stands for all beyond mostClients, and for names that are none.
const (
	mostClients  = 200
	otherClients = "other"
)

// clientOf reads what a client says of itself. Only short names of plain characters are taken over: anything else could be anything.
func clientOf(header http.Header) client {
	names := header[clientNameHeader]
	if len(names) == 0 {
		return client{}
	}
	said := client{names[0], strings.Join(header[clientVersionHeader], "")}
	const marks = "-_. @/+"
	if !harmless(said.name, marks) || (said.version != "" && !harmless(said.version, marks)) {
		return client{name: otherClients}
	}
	return said
}

// clientCounts counts the requests of each client that says what it is.
type clientCounts struct {
	mutex  sync.Mutex
	counts map[client]int
}

func (c *clientCounts) add(said client) {
	if said == (client{}) {
		return
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if _, known := c.counts[said]; !known && len(c.counts) >= mostClients {
		said = client{name: otherClients}
	}
	c.counts[said]++
}

// log writes a record for each client that has sent something since the last time.
func (c *clientCounts) log(ctx context.Context, log *slog.Logger) {
	c.mutex.Lock()
	counts := c.counts
	c.counts = map[client]int{}
	c.mutex.Unlock()
	clients := make([]client, 0, len(counts))
	for said := range counts {
		clients = append(clients, said)
	}
	slices.SortFunc(clients, func(a, b client) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.version, b.version))
	})
	for _, said := range clients {
		log.InfoContext(ctx, "requests of a client", "client", said.name, "version", said.version, "requests", counts[said])
	}
}
