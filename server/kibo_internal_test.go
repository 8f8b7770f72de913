package server

import (
	"strings"
	"testing"
	"time"
)

// All faults of the settings are reported at once.
func TestKiboSettings(t *testing.T) {
	t.Parallel()
	site := func(id string) kiboSettings {
		return kiboSettings{Kibo: true, KiboApplicationLifetime: time.Hour, KiboSites: map[string]string{id: "shop"}}
	}
	notANumber := func(id string) []string { return []string{`--kibo-sites: "` + id + `" is not the number of a site`} }
	const lifetime = "--kibo-application-lifetime: must be between 1s and 24h0m0s"
	const useless = "--kibo is missing: the settings that begin with --kibo- need it"

	for _, c := range []struct {
		settings kiboSettings
		want     []string
	}{
		{kiboSettings{KiboApplicationLifetime: time.Hour}, nil},
		{kiboSettings{Kibo: true, KiboApplicationLifetime: time.Second, KiboTenant: 1, KiboDomain: "x"}, nil},
		{kiboSettings{Kibo: true, KiboApplicationLifetime: 24 * time.Hour}, nil},
		{kiboSettings{Kibo: true}, []string{lifetime}},
		{kiboSettings{Kibo: true, KiboApplicationLifetime: 24*time.Hour + 1}, []string{lifetime}},
		{
			kiboSettings{Kibo: true, KiboTenant: -1},
			[]string{lifetime, "--kibo-tenant: must not be negative"},
		},
		{kiboSettings{KiboApplicationLifetime: time.Hour, KiboTenant: 1}, []string{useless}},
		{kiboSettings{KiboApplicationLifetime: time.Hour, KiboDomain: "x"}, []string{useless}},
		{kiboSettings{KiboApplicationLifetime: time.Minute}, []string{useless}},
		{site("7"), nil},
		{site("0"), notANumber("0")},
		{site("-7"), notANumber("-7")},
		{site("+7"), notANumber("+7")},
		{site("07"), notANumber("07")},
		{site("shop"), notANumber("shop")},
		{site(""), notANumber("")},
	} {
		got := ""
		if err := c.settings.check(); err != nil {
			got = err.Error()
		}
		if want := strings.Join(c.want, "\n"); got != want {
			t.Errorf("%+v: got %q, want %q", c.settings, got, want)
		}
	}

	on := kiboSettings{Kibo: true, KiboApplicationLifetime: time.Minute}
	if off := (kiboSettings{KiboApplicationLifetime: time.Minute}); off.ticketLifetime() != 0 ||
		on.ticketLifetime() != time.Minute {
		t.Errorf("the lifetimes are %s and %s", off.ticketLifetime(), on.ticketLifetime())
	}
}
