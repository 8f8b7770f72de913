package keyring

import (
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/authtickets/authtickets/models"
)

// A keyset is kept as long as the longest-lived token of any application.
func TestLife(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	with := func(applications ...*models.Application) func() iter.Seq[*models.Application] {
		return func() iter.Seq[*models.Application] { return slices.Values(applications) }
	}

	for name, c := range map[string]struct {
		ring       *Ring
		seal, sign time.Duration
	}{
		"the least": {&Ring{}, 90 * day, day},
		"shorter": {
			&Ring{
				SessionLifetime: day,
				AccessLifetime:  time.Hour,
				Applications:    with(&models.Application{SessionLifetime: day, AccessLifetime: time.Hour}),
			}, 90 * day, day,
		},
		"of the server": {&Ring{SessionLifetime: 100 * day, AccessLifetime: 2 * day}, 100 * day, 2 * day},
		"of an application": {
			&Ring{
				SessionLifetime: 100 * day,
				AccessLifetime:  2 * day,
				Applications: with(
					&models.Application{SessionLifetime: 120 * day},
					&models.Application{AccessLifetime: 3 * day},
					&models.Application{},
				),
			}, 120 * day, 3 * day,
		},
	} {
		if seal, sign := c.ring.life(models.SealKeys), c.ring.life(models.SignKeys); seal != c.seal || sign != c.sign {
			t.Errorf("%s: %s and %s, not %s and %s", name, seal, sign, c.seal, c.sign)
		}
	}
}
