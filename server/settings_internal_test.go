package server

import (
	"testing"
	"time"

	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/test/testkit"
	"github.com/authtickets/authtickets/timing"
)

// The defaults of the settings fit the durations on which packages rely together.
func TestDefaultsFitTiming(t *testing.T) {
	t.Parallel()
	serve, common := testkit.Defaults[serve](t), testkit.Defaults[command.Settings](t)

	for _, rule := range []struct {
		less, more time.Duration
		reason     string
	}{
		{
			timing.KeysetsPoll + timing.JWKSMaxAge + timing.VerifierKeysAge, common.SigningKeyNotice,
			"services that verify JWTs have a new key before it signs, even from a cached copy of the keys",
		},
		{common.SigningKeyNotice, serve.KeyRotation, "a key is in use before the next one is made"},
		{serve.KeyCheckInterval, timing.LeastKeyRotation, "keys are replaced when they are due"},
		{
			serve.RequestTimeout + common.DatabaseStatementWait, timing.EndedLateness,
			"the end of a session is visible while servers still ask for the instant at which it ended",
		},
		{common.DatabaseStatementWait, timing.PollTimeout, "a poll can wait for a slow database"},
		{timing.KMSTimeout, timing.PollTimeout, "a poll can wait for a slow key service"},
		{serve.SessionLifetime, timing.LeastSealLife, "a keyset outlives a default session"},
		{serve.AccessLifetime, timing.LeastSignLife, "a signing keyset outlives a default access token"},
	} {
		if rule.less > rule.more {
			t.Errorf("%s is more than %s, so it is not true that %s", rule.less, rule.more, rule.reason)
		}
	}
}
