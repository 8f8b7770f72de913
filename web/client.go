package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/authtickets/authtickets/secret"
)

// clientAddress returns where a request comes from: the address of the connection or, behind trusted proxies, the last address in
// X-Forwarded-For that is none of theirs, with or without a port. What stands before it could be made up by the client.
func clientAddress(r *http.Request, trusted []netip.Prefix) netip.Addr {
	connection, err := netip.ParseAddrPort(r.RemoteAddr)
	address := connection.Addr().Unmap()
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
		address = before.Unmap()
	}
	return address
}

// hopAddress reads an entry of X-Forwarded-For, to which some proxies add the port: 192.0.2.1:5678 or [2001:db8::1]:5678.
func hopAddress(hop string) (netip.Addr, bool) {
	if withPort, err := netip.ParseAddrPort(hop); err == nil {
		return withPort.Addr(), true
	}
	address, err := netip.ParseAddr(hop)
	return address, err == nil
}

func within(address netip.Addr, networks []netip.Prefix) bool {
	return slices.ContainsFunc(networks, func(network netip.Prefix) bool { return network.Contains(address) })
}

// accessToken returns the token in a request's headers: x-vol-user-claims or, without it, Authorization: Bearer (RFC 6750 section 2.1), which clients of Kibo's
// APIs send beside it for the application. It is empty when there is none; of a malformed header and of several it is text that no token ever is.
func accessToken(header http.Header) secret.Text {
	authorization, claims := header["Authorization"], header["X-Vol-User-Claims"]
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
