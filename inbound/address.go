package inbound

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/authtickets/authtickets/access"
)

// clientAddress returns the address that a request comes from. Behind trusted proxies, this is the
// last address in X-Forwarded-For that does not belong to them. A client could invent the addresses
// before it.
func clientAddress(r *http.Request, trusted []netip.Prefix) netip.Addr {
	connection, err := netip.ParseAddrPort(r.RemoteAddr)
	address := plain(connection.Addr())
	if err != nil || len(trusted) == 0 {
		return address
	}

	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !isWithin(address, trusted) {
			break
		}
		before, ok := hopAddress(strings.TrimSpace(hop))
		if !ok {
			break
		}
		address = before
	}
	return address
}

// hopAddress reads an entry of X-Forwarded-For. Some proxies add the port, and some write an IPv6
// address as in the header Forwarded (RFC 7239 section 6): 192.0.2.1:5678, [2001:db8::1]:5678,
// [2001:db8::1] or "[2001:db8::1]".
func hopAddress(hop string) (netip.Addr, bool) {
	if len(hop) > 1 && hop[0] == '"' && hop[len(hop)-1] == '"' {
		hop = hop[1 : len(hop)-1]
	}
	if withPort, err := netip.ParseAddrPort(hop); err == nil {
		return plain(withPort.Addr()), true
	}
	if inside, ok := strings.CutPrefix(hop, "["); ok {
		if hop, ok = strings.CutSuffix(inside, "]"); !ok || !strings.Contains(hop, ":") {
			return netip.Addr{}, false
		}
	}
	address, err := netip.ParseAddr(hop)
	return plain(address), err == nil
}

// plain returns an address in the form that addresses are compared in. IPv4 inside IPv6 becomes
// IPv4, and the name of a network interface is removed.
func plain(address netip.Addr) netip.Addr { return address.Unmap().WithZone("") }

// ErrNotANetwork is returned for a text that is not a network.
var ErrNotANetwork = errors.New("not a network, e.g. 10.0.0.0/8")

// ParseNetwork reads a network. It turns a network of IPv4 addresses inside IPv6 into a network of
// IPv4 addresses, for example ::ffff:10.0.0.0/104 into 10.0.0.0/8.
func ParseNetwork(text string) (netip.Prefix, error) {
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, ErrNotANetwork
	}
	if !network.Addr().Is4In6() {
		return network.Masked(), nil
	}

	const before = 96 // the bits in front of the IPv4 address
	if network.Bits() < before {
		return netip.Prefix{}, ErrNotANetwork
	}
	return netip.PrefixFrom(network.Addr().Unmap(), network.Bits()-before).Masked(), nil
}

func isWithin(address netip.Addr, networks []netip.Prefix) bool {
	return slices.ContainsFunc(networks, func(network netip.Prefix) bool { return network.Contains(address) })
}

// hint warns the operator once that a proxy is not trusted. All clients of such a proxy count as
// one source. An application that proves itself with its token may send the header, too.
func (c *Callers) hint(ctx context.Context, r *http.Request, caller *access.Caller) {
	isIgnored := len(c.TrustedProxies) == 0 && caller.ApplicationToken.Reveal() == ""
	if !isIgnored || r.Header["X-Forwarded-For"] == nil {
		return
	}

	c.hinted.Do(func() {
		neighbour, _, _ := net.SplitHostPort(r.RemoteAddr)
		c.Log.WarnContext(ctx, "X-Forwarded-For is ignored, "+
			"so all clients of this neighbour count as one source: "+
			"if it is your proxy, add its network to --trusted-proxies", "neighbour", neighbour)
	})
}
