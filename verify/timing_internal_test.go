package verify

import (
	"testing"
	"time"

	"github.com/authtickets/authtickets/timing"
)

// The verifier imports no other package of ours, so it repeats the durations on which servers rely.
func TestTiming(t *testing.T) {
	t.Parallel()
	for name, pair := range map[string][2]time.Duration{
		"VerifierLeeway":       {defaultLeeway, timing.VerifierLeeway},
		"VerifierTimeout":      {timeout, timing.VerifierTimeout},
		"VerifierKeysAge":      {keysLifetime, timing.VerifierKeysAge},
		"VerifierKeysPause":    {keysPause, timing.VerifierKeysPause},
		"VerifierFeedPoll":     {defaultFeedInterval, timing.VerifierFeedPoll},
		"VerifierFeedRetry":    {longestPause, timing.VerifierFeedRetry},
		"VerifierLeastFeedAge": {leastMaxFeedAge, timing.VerifierLeastFeedAge},
	} {
		if pair[0] != pair[1] {
			t.Errorf("timing.%s is %s, and the verifier uses %s", name, pair[1], pair[0])
		}
	}
}
