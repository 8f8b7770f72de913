package inbound

import (
	"net/http"
	"testing"
)

func TestAccessToken(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		authorization, claims []string
		want                  string
	}{
		"none":                        {nil, nil, ""},
		"bearer":                      {[]string{"Bearer shopper"}, nil, "shopper"},
		"bearer, lower case":          {[]string{"bearer shopper"}, nil, "shopper"},
		"claims":                      {nil, []string{"shopper"}, "shopper"},
		"claims and an application's": {[]string{"Bearer application"}, []string{"shopper"}, "shopper"},
		"claims and another scheme":   {[]string{"Basic YTpi"}, []string{"shopper"}, "shopper"},
		"claims and two":              {[]string{"Bearer a", "Bearer b"}, []string{"shopper"}, "shopper"},
		"two bearers":                 {[]string{"Bearer shopper", "Bearer shopper"}, nil, "malformed"},
		"two claims":                  {nil, []string{"shopper", "shopper"}, "malformed"},
		"two claims and a bearer":     {[]string{"Bearer shopper"}, []string{"shopper", "shopper"}, "malformed"},
		"no token":                    {[]string{"Bearer "}, nil, "malformed"},
		"another scheme":              {[]string{"Basic YTpi"}, nil, "malformed"},
		"no scheme":                   {[]string{"shopper"}, nil, "malformed"},
	} {
		header := http.Header{}
		for _, value := range test.authorization {
			header.Add("Authorization", value)
		}
		for _, value := range test.claims {
			header.Add("x-vol-user-claims", value)
		}
		if got := accessToken(header).Reveal(); got != test.want {
			t.Errorf("%s: want %q, got %q", name, test.want, got)
		}
	}
}
