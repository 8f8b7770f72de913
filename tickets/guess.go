package tickets

import (
	"net/netip"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
)

// passwordGuess is a password that somebody tries for a name. It may be right.
type passwordGuess struct {
	name string
	// nameHash stands for the name in the rows that count guesses.
	nameHash models.ID
	password secret.Text
	// source is what Source returns for the client's address.
	source string
	// device is the device that the client's token identifies. Only the database knows whether it
	// is the customer's.
	device device
	at     time.Time
}

// Source returns what counts as one source of guesses: an IPv4 address, or an IPv6 network of 64
// bits. A household or host usually has one such network.
func Source(address netip.Addr) string {
	address = address.Unmap()
	if address.Is6() {
		network, err := address.WithZone("").Prefix(64)
		if err == nil {
			return network.String()
		}
	}
	return address.String()
}

// lane returns the lane in which the guess waits for its turn. A device does not wait for strangers
// at its address.
func (g passwordGuess) lane() string {
	if g.device != (device{}) {
		return g.device.guessSource()
	}
	return g.source
}

// countedSource returns the source for which the guess counts.
func (g passwordGuess) countedSource(facts *storage.SignInFacts) string {
	if facts.DeviceKnown {
		return g.device.guessSource()
	}
	return g.source
}
