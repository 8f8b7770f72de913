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
			"whoever verifies JWTs has a new key before it signs, also from a copy of the keys",
		},
		{common.SigningKeyNotice, serve.KeyRotation, "a key is in use before the next one is made"},
		{serve.KeyCheckInterval, timing.LeastKeyRotation, "keys are replaced when they are due"},
		{
			serve.RequestTimeout + common.DatabaseStatementWait, timing.EndedLateness,
			"the end of a session is visible before nobody asks for that instant any more",
		},
		{common.DatabaseStatementWait, timing.PollTimeout, "a slow database does not end each look"},
		{timing.KMSTimeout, timing.PollTimeout, "nor does a slow key service"},
		{serve.SessionLifetime, timing.LeastSealLife, "the least life of a keyset fits a default session"},
		{serve.AccessLifetime, timing.LeastSignLife, "and a default access token"},
	} {
		if rule.less > rule.more {
			t.Errorf("%s is more than %s, so it is not true that %s", rule.less, rule.more, rule.reason)
		}
	}
}
