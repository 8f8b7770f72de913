package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/authtickets/authtickets/secret"
)

// clientAddress returns where a request comes from: the address of the connection or, behind trusted proxies, the last address in
// X-Forwarded-For that is none of theirs. What stands before it could be made up by the client.
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
		before, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		address = before.Unmap()
	}
	return address
}

func within(address netip.Addr, networks []netip.Prefix) bool {
	return slices.ContainsFunc(networks, func(network netip.Prefix) bool { return network.Contains(address) })
}

// accessToken returns the token in a request's headers: Authorization: Bearer (RFC 6750 section 2.1) or x-vol-user-claims. It is empty when there
// is none; of a malformed header and of several it is text that no token ever is.
func accessToken(header http.Header) secret.Text {
	authorization, claims := header["Authorization"], header["X-Vol-User-Claims"]
	switch {
	case len(authorization)+len(claims) == 0:
		return secret.Text{}
	case len(authorization)+len(claims) > 1:
		return secret.New("several")
	case len(claims) == 1:
		return secret.New(claims[0])
	}
	scheme, token, _ := strings.Cut(authorization[0], " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return secret.New("malformed")
	}
	return secret.New(token)
}
