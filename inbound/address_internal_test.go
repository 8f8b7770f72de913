package inbound

import (
	"net/http"
	"net/netip"
	"testing"
)

func TestClientAddress(t *testing.T) {
	t.Parallel()

	const proxy, client = "10.0.0.1:443", "203.0.113.9"
	for name, test := range map[string]struct {
		connection string
		headers    []string
		trusted    string
		want       string
	}{
		"direct":         {"203.0.113.9:5678", nil, "", client},
		"direct, header": {"203.0.113.9:5678", []string{"198.51.100.1"}, "", client},
		"direct, IPv4 in IPv6": {
			"[::ffff:203.0.113.9]:5678", []string{"198.51.100.1"}, "10.0.0.0/8", client,
		},
		"direct, though there is a proxy": {"203.0.113.9:5678", []string{"198.51.100.1"}, "10.0.0.0/8", client},
		"no header":                       {proxy, nil, "10.0.0.0/8", "10.0.0.1"},
		"one hop":                         {proxy, []string{client}, "10.0.0.0/8", client},
		"one hop, blanks":                 {proxy, []string{" \t" + client + " "}, "10.0.0.0/8", client},
		"one hop, port":                   {proxy, []string{client + ":5678"}, "10.0.0.0/8", client},
		"one hop, IPv6":                   {proxy, []string{"2001:db8::1"}, "10.0.0.0/8", "2001:db8::1"},
		"one hop, IPv6, port":             {proxy, []string{"[2001:db8::1]:5678"}, "10.0.0.0/8", "2001:db8::1"},
		"one hop, IPv6 in brackets":       {proxy, []string{"[2001:db8::1]"}, "10.0.0.0/8", "2001:db8::1"},
		"one hop, IPv6 quoted":            {proxy, []string{`"[2001:db8::1]"`}, "10.0.0.0/8", "2001:db8::1"},
		"one hop, IPv6 quoted, port":      {proxy, []string{`"[2001:db8::1]:5678"`}, "10.0.0.0/8", "2001:db8::1"},
		"one hop, IPv4 quoted, port":      {proxy, []string{`"203.0.113.9:5678"`}, "10.0.0.0/8", client},
		"one hop, half a bracket":         {proxy, []string{"[2001:db8::1"}, "10.0.0.0/8", "10.0.0.1"},
		"one hop, IPv4 in brackets":       {proxy, []string{"[203.0.113.9]"}, "10.0.0.0/8", "10.0.0.1"},
		"network of IPv4 in IPv6":         {proxy, []string{client}, "::ffff:10.0.0.0/104", client},
		"proxy with a zone":               {"[fe80::1%eth0]:443", []string{client}, "fe80::/10", client},
		"one hop, IPv4 in IPv6":           {proxy, []string{"::ffff:203.0.113.9"}, "10.0.0.0/8", client},
		"several hops":                    {proxy, []string{client + ", 10.1.1.1,10.2.2.2"}, "10.0.0.0/8", client},
		"several hops, ports": {
			proxy, []string{client + ":1, 10.1.1.1:2, 10.2.2.2:3"}, "10.0.0.0/8", client,
		},
		"several headers": {proxy, []string{client, "10.1.1.1"}, "10.0.0.0/8", client},
		"forged": {
			proxy, []string{"198.51.100.1, 10.9.9.9, 203.0.113.9"}, "10.0.0.0/8", client,
		},
		"forged, in front of two": {
			proxy, []string{"198.51.100.1", "203.0.113.9, 10.1.1.1"}, "10.0.0.0/8", client,
		},
		"forged, a header of its own": {proxy, []string{"198.51.100.1", client}, "10.0.0.0/8", client},
		"another network":             {proxy, []string{client + ", 172.16.0.1"}, "10.0.0.0/8", "172.16.0.1"},
		"nothing but proxies":         {proxy, []string{"10.1.1.1, 10.2.2.2"}, "10.0.0.0/8", "10.1.1.1"},
		"nonsense":                    {proxy, []string{"198.51.100.1, unknown"}, "10.0.0.0/8", "10.0.0.1"},
		"nonsense behind a hop": {
			proxy, []string{"198.51.100.1, _hidden, 10.1.1.1"}, "10.0.0.0/8", "10.1.1.1",
		},
		"empty": {proxy, []string{""}, "10.0.0.0/8", "10.0.0.1"},
	} {
		var trusted []netip.Prefix
		if test.trusted != "" {
			network, err := ParseNetwork(test.trusted)
			if err != nil {
				t.Fatal(err)
			}

			trusted = append(trusted, network)
		}

		request := &http.Request{RemoteAddr: test.connection, Header: http.Header{"X-Forwarded-For": test.headers}}
		if got := clientAddress(request, trusted); got.String() != test.want {
			t.Errorf("%s: want %s, got %s", name, test.want, got)
		}
	}
}

func TestParseNetwork(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]string{
		"10.0.0.0/8": "10.0.0.0/8", "10.1.2.3/8": "10.0.0.0/8", "2001:db8::/32": "2001:db8::/32",
		"::ffff:10.0.0.0/104": "10.0.0.0/8", "::ffff:192.0.2.1/128": "192.0.2.1/32", "::ffff:0.0.0.0/96": "0.0.0.0/0",
	} {
		if got, err := ParseNetwork(text); err != nil || got.String() != want {
			t.Errorf("%s: want %s, got %s, %v", text, want, got, err)
		}
	}

	for _, text := range []string{"", "10.0.0.0", "10.0.0.0/33", "::ffff:10.0.0.0/95", "proxy", "::ffff:10.0.0.0/129"} {
		if got, err := ParseNetwork(text); err == nil {
			t.Errorf("%q is accepted, as %s", text, got)
		}
	}
}
