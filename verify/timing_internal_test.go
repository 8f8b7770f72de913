package verify

import (
	"testing"
	"time"

	"github.com/authtickets/authtickets/timing"
)

// The verifier repeats the durations on which the servers rely, because it imports nothing of ours.
func TestTiming(t *testing.T) {
	t.Parallel()
	for name, pair := range map[string][2]time.Duration{
		"VerifierLeeway":       {defaultLeeway, timing.VerifierLeeway},
		"VerifierTimeout":      {timeout, timing.VerifierTimeout},
		"VerifierKeysAge":      {keysLifetime, timing.VerifierKeysAge},
		"VerifierKeysPause":    {keysPause, timing.VerifierKeysPause},
		"VerifierFeedPoll":     {defaultFeedInterval, timing.VerifierFeedPoll},
		"VerifierFeedRetry":    {mostPause, timing.VerifierFeedRetry},
		"VerifierLeastFeedAge": {leastMaxFeedAge, timing.VerifierLeastFeedAge},
	} {
		if pair[0] != pair[1] {
			t.Errorf("timing.%s is %s, and the verifier uses %s", name, pair[1], pair[0])
		}
	}
}
