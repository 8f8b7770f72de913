package tickets

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/timing"
)

// testPolicy returns the policy of the tests in this package.
func testPolicy() Policy {
	const day = 24 * time.Hour
	return Policy{
		RefreshLifetime:          14 * day,
		AnonymousRefreshLifetime: 30 * day,
		SessionLifetime:          90 * day,
		AccessLifetime:           15 * time.Minute,
		GuessWindow:              15 * time.Minute,
		GuessesPerSource:         5,
		GuessesOfSource:          100,
	}
}

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestAlive(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		issued, expires time.Duration // from now
		want            models.Reason
	}{
		{-time.Hour, time.Second, ""},
		{-time.Hour, time.Microsecond, ""},
		{-time.Hour, 0, models.ReasonTokenExpired},
		{-time.Hour, -time.Second, models.ReasonTokenExpired},
		{5 * time.Second, time.Hour, ""},
		{5*time.Second + time.Microsecond, time.Hour, models.ReasonBusy},
	} {
		got := alive(seal.Contents{IssuedAt: noon.Add(c.issued), ExpiresAt: noon.Add(c.expires)}, noon)
		if (got == nil) != (c.want == "") || (got != nil && !errors.Is(got, &models.Error{Reason: c.want})) {
			t.Errorf("issued %v and expiring %v from now: %v", c.issued, c.expires, got)
		}
	}
}

func TestExpirations(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	policy := testPolicy()
	for _, c := range []struct {
		anonymous bool
		age, want time.Duration
	}{
		{false, 0, 14 * day},
		{true, 0, 30 * day},
		{false, 70 * day, 14 * day},
		{true, 70 * day, 20 * day},
		{false, 89 * day, day},
		{false, 90 * day, 0},
	} {
		if got := policy.refreshExpiration(c.anonymous, noon.Add(-c.age), noon).Sub(noon); got != c.want {
			t.Errorf("anonymous %v, %v old: %v", c.anonymous, c.age, got)
		}
	}
	if got := policy.accessExpiration(noon, noon.Add(time.Minute)); got != noon.Add(time.Minute) {
		t.Errorf("an access token outlives its session until %v", got)
	}
}

func TestPurgeAt(t *testing.T) {
	t.Parallel()
	const half = 12 * time.Hour
	for _, hour := range []time.Duration{0, time.Minute, half - time.Hour, half - time.Microsecond, 23 * time.Hour} {
		expiration := noon.Add(hour)
		got := purgeAt(expiration)
		after := got.Sub(expiration)
		if after < timing.PurgeMargin || after > 49*time.Hour || got.Truncate(24*time.Hour) != got {
			t.Errorf("%v is purged at %v", expiration, got)
		}
	}
}

func TestRefreshAfter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lifetime, earliest, latest time.Duration }{
		{1000 * time.Second, 700 * time.Second, 850 * time.Second},
		{5 * time.Second, 4 * time.Second, 4 * time.Second},
		{3 * time.Second, 2 * time.Second, 2 * time.Second},
		{time.Second, 0, 0},
		{500 * time.Millisecond, 0, 0},
	} {
		low, high := refreshAfter(c.lifetime, 0), refreshAfter(c.lifetime, 255)
		if low != c.earliest || high != c.latest {
			t.Errorf("a lifetime of %v: from %v to %v", c.lifetime, low, high)
		}
	}
}

func TestWaits(t *testing.T) {
	t.Parallel()
	policy := testPolicy()
	for _, c := range []struct {
		failures int
		age      time.Duration
		want     time.Duration
	}{
		{4, 0, 0},
		{5, 0, 15 * time.Minute},
		{5, 10 * time.Minute, 5 * time.Minute},
		{9, 15 * time.Minute, 0},
		{5, time.Hour, 0},
	} {
		if got := policy.waits(c.failures, noon.Add(-c.age), noon); got != c.want {
			t.Errorf("%d failures %v ago: %v", c.failures, c.age, got)
		}
	}
}

func TestSource(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"203.0.113.5":          "203.0.113.5",
		"::ffff:203.0.113.5":   "203.0.113.5",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"fe80::1%eth0":         "fe80::/64",
	} {
		if got := Source(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %s", address, got)
		}
	}
}

func TestSessionIDs(t *testing.T) {
	t.Parallel()
	var o Office
	random := byteReader(0)
	o.Random = &random
	early, err := o.newSessionID(noon)
	late, err2 := o.newSessionID(noon.Add(time.Millisecond))
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	if early[0]&0xf0 == late[0]&0xf0 && early.String() >= late.String() {
		t.Errorf("%s is not before %s", early, late)
	}
	places := map[byte]bool{}
	for range 200 {
		id, err := o.newSessionID(noon)
		if err != nil {
			t.Fatal(err)
		}
		places[id[0]>>4] = true
	}
	if len(places) != 16 {
		t.Errorf("ids have %d beginnings, not 16", len(places))
	}
}

// byteReader reads bytes that differ, and repeat after 256.
type byteReader byte

func (r *byteReader) Read(p []byte) (int, error) {
	for i := range p {
		*r += 37
		p[i] = byte(*r)
	}
	return len(p), nil
}
