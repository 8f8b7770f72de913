package shoppers

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// latency is how long a server took to answer a refresh.
type latency struct {
	server   int
	at, took time.Duration
}

func (f *figures) measure(server int, at, took time.Duration) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.latencies = append(f.latencies, latency{server, at, took})
}

// Percentile returns the time in which a share of the refreshes was answered, and the number of
// refreshes. It covers the refreshes that were sent to some servers during a period.
func (c *Crowd) Percentile(share float64, from, to time.Duration, servers ...int) (time.Duration, int) {
	c.figures.mutex.Lock()
	defer c.figures.mutex.Unlock()

	var took []time.Duration
	for _, l := range c.figures.latencies {
		if l.at >= from && l.at < to && slices.Contains(servers, l.server) {
			took = append(took, l.took)
		}
	}

	if len(took) == 0 {
		return 0, 0
	}

	slices.Sort(took)
	return took[int(share*float64(len(took)-1))], len(took)
}

// WriteLatencies writes a line of CSV for each second and server. It has the number of refreshes
// that the server answered, and the median and p99 of their time in milliseconds.
func (c *Crowd) WriteLatencies(to io.Writer) error {
	if _, err := fmt.Fprintln(to, "second,server,refreshes,p50,p99"); err != nil {
		return err
	}

	for from := time.Duration(0); from < c.history.Now(); from += time.Second {
		for server := range c.settings.Servers {
			half, count := c.Percentile(0.5, from, from+time.Second, server)
			most, _ := c.Percentile(0.99, from, from+time.Second, server)
			_, err := fmt.Fprintf(to, "%.0f,%d,%d,%.1f,%.1f\n", from.Seconds(), server+1, count,
				half.Seconds()*1000, most.Seconds()*1000)
			if err != nil {
				return err
			}
		}
	}

	return nil
}
