// Package shoppers simulates a crowd of honest clients on a network that loses answers. They rely
// only on the contract of the schema. Each client stores its newest ticket, refreshes it with an
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
	// Customers are the user names of the customers who can sign in. They all have the same
	// Password.
	Customers []string
	Password  string
	// Devices is the number of devices. Several may belong to the same customer.
	Devices int
	// Rate is the number of actions of all devices together, per second.
	Rate int
	// ReuseWindow is the reuse window of the servers. Some repetitions come later than that.
	ReuseWindow time.Duration
}

// Crowd is all the shoppers.
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

// patience is how long a client waits for an answer. The server never takes that long.
const patience = 8 * time.Second

// New returns a crowd that is not started yet.
func New(settings Settings) *Crowd {
	transport := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: time.Second}).DialContext,
		MaxIdleConnsPerHost: 2 * settings.Devices,
	}
	c := &Crowd{
		settings: settings,
		history:  history.New(),
		figures:  newFigures(),
		client:   &http.Client{Transport: transport, Timeout: patience},
		ended:    make(chan struct{}),
	}

	c.Enter("", false)
	return c
}

// Enter sets the name of the phase that begins. In a rush, the shoppers act as fast as they can.
func (c *Crowd) Enter(phase string, rush bool) {
	c.phase.Store(&phase)
	c.rush.Store(rush)
}

// Phase returns the name of the current phase.
func (c *Crowd) Phase() string { return *c.phase.Load() }

// History returns everything that the shoppers asked and the servers answered.
func (c *Crowd) History() *history.History { return c.history }

// Start starts the shoppers. They act until Stop is called or ctx ends.
func (c *Crowd) Start(ctx context.Context) {
	for number := range c.settings.Devices {
		d := &device{
			crowd:    c,
			random:   rand.New(rand.NewPCG(rand.Uint64(), uint64(number))),
			customer: c.settings.Customers[number%len(c.settings.Customers)],
		}
		c.devices.Go(func() { d.live(ctx) })
	}
}

// Stop waits until every shopper has finished its current action.
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
