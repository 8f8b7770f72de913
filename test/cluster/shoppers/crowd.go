// Package shoppers is a crowd of honest clients. They follow the contract of the schema and nothing
// else, on a network that loses answers: each stores its newest ticket, refreshes it with an
// attempt, signs in and out, and sends every request to a random server.
package shoppers

import (
	"context"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/authtickets/authtickets/test/cluster/history"
)

// Settings say who the shoppers are and what they talk to. All fields are required.
type Settings struct {
	// Servers are the URLs of the servers, without a path.
	Servers []string
	// Customers are the user names of those who can sign in, all with the same Password.
	Customers []string
	Password  string
	// Devices is how many shoppers there are. Several may be the same customer.
	Devices int
	// Rate is how often all of them together do something, per second.
	Rate int
	// ReuseWindow is the servers'. Some repetitions come later than that.
	ReuseWindow time.Duration
}

// Crowd is all shoppers.
type Crowd struct {
	settings Settings
	history  *history.History
	figures  *figures
	client   *http.Client
	phase    atomic.Pointer[string]
	rush     atomic.Bool

	ended   chan struct{}
	devices sync.WaitGroup
}

// patience is how long a client waits for an answer: longer than a server takes for any.
const patience = 8 * time.Second

// New returns a crowd that does nothing yet.
func New(settings Settings) *Crowd {
	transport := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: time.Second}).DialContext,
		MaxIdleConnsPerHost: 2 * settings.Devices,
	}
	c := &Crowd{
		settings: settings, history: history.New(), figures: newFigures(),
		client: &http.Client{Transport: transport, Timeout: patience}, ended: make(chan struct{}),
	}
	c.Enter("", false)
	return c
}

// Enter names the phase that begins. In a rush the shoppers act as fast as they can.
func (c *Crowd) Enter(phase string, rush bool) {
	c.phase.Store(&phase)
	c.rush.Store(rush)
}

// Phase names the present phase.
func (c *Crowd) Phase() string { return *c.phase.Load() }

// History is everything the shoppers asked and were told.
func (c *Crowd) History() *history.History { return c.history }

// Start lets the shoppers go. They act until Stop is called or ctx ends.
func (c *Crowd) Start(ctx context.Context) {
	for number := range c.settings.Devices {
		d := &device{
			crowd: c, random: rand.New(rand.NewPCG(rand.Uint64(), uint64(number))),
			customer: c.settings.Customers[number%len(c.settings.Customers)],
		}
		c.devices.Go(func() { d.live(ctx) })
	}
}

// Stop waits until every shopper has finished what it is doing.
func (c *Crowd) Stop() {
	close(c.ended)
	c.devices.Wait()
	c.client.CloseIdleConnections()
}

// otherServer returns another server than the given one, if there is one.
func (c *Crowd) otherServer(random *rand.Rand, than int) int {
	count := len(c.settings.Servers)
	if count == 1 {
		return 0
	}
	return (than + 1 + random.IntN(count-1)) % count
}
