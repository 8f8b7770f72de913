package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/authtickets/authtickets/secret"
)

// clientAddress returns where a request comes from: the address of the connection or, behind trusted proxies, the last address in
// X-Forwarded-For that is none of theirs, with or without a port. What stands before it could be made up by the client.
func clientAddress(r *http.Request, trusted []netip.Prefix) netip.Addr {
	connection, err := netip.ParseAddrPort(r.RemoteAddr)
	address := plain(connection.Addr())
	if err != nil || len(trusted) == 0 {
		return address
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !within(address, trusted) {
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

// plain returns an address in the one form that is compared: IPv4 inside IPv6 as IPv4, and without
// the name of a network interface.
func plain(address netip.Addr) netip.Addr { return address.Unmap().WithZone("") }

// ErrNotANetwork is returned for text that is no network.
var ErrNotANetwork = errors.New("not a network, e.g. 10.0.0.0/8")

// ParseNetwork reads a network. One of IPv4 addresses inside IPv6 is the network of these IPv4
// addresses: ::ffff:10.0.0.0/104 is 10.0.0.0/8.
func ParseNetwork(text string) (netip.Prefix, error) {
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, ErrNotANetwork
	}
	if !network.Addr().Is4In6() {
		return network.Masked(), nil
	}
	const before = 96 // bits that say that IPv4 follows
	if network.Bits() < before {
		return netip.Prefix{}, ErrNotANetwork
	}
	return netip.PrefixFrom(network.Addr().Unmap(), network.Bits()-before).Masked(), nil
}

func within(address netip.Addr, networks []netip.Prefix) bool {
	return slices.ContainsFunc(networks, func(network netip.Prefix) bool { return network.Contains(address) })
}

// proxyHint tells an operator once that a proxy is not trusted, so that all of its clients count as
// one source.
type proxyHint struct {
	once    sync.Once
	log     *slog.Logger
	trusted []netip.Prefix
}

func (h *proxyHint) check(ctx context.Context, r *http.Request) {
	if len(h.trusted) > 0 || r.Header["X-Forwarded-For"] == nil {
		return
	}
	h.once.Do(func() {
		neighbour, _, _ := net.SplitHostPort(r.RemoteAddr)
		h.log.WarnContext(ctx, "X-Forwarded-For is not believed, "+
			"so all clients of this neighbour count as one source: "+
			"if it is your proxy, name its network in --trusted-proxies", "neighbour", neighbour)
	})
}

// accessToken returns the token in a request's headers: x-vol-user-claims or, without it,
// Authorization: Bearer (RFC 6750 section 2.1). Clients of Kibo's APIs send both, the second for the
// application. It returns an empty text when there is none, and for a malformed header or several
// ones a text that no token has.
func accessToken(header http.Header) secret.Text {
	authorization, claims := header["Authorization"], header[claimsHeader]
	switch {
	case len(claims) == 1 && claims[0] != "":
		return secret.New(claims[0])
	case len(authorization)+len(claims) == 0:
		return secret.Text{}
	case len(authorization)+len(claims) > 1:
		return secret.New("several")
	}
	scheme, token, _ := strings.Cut(strings.Join(authorization, ""), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return secret.New("malformed")
	}
	return secret.New(token)
}
