package password_test

import (
	"testing"

	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/password"
	"github.com/authtickets/authtickets/test/testkit"
)

// The package has the same defaults as the settings of the program.
func TestDefaults(t *testing.T) {
	t.Parallel()
	set := testkit.Defaults[command.Settings](t)
	want := password.Settings{
		MemoryKiB:   set.HashMemory,
		Iterations:  set.HashIterations,
		Parallelism: set.HashParallelism,
		Concurrent:  set.HashConcurrent,
		Wait:        set.HashWait,
	}

	if got := (password.Settings{}).WithDefaults(); got != want.WithDefaults() || want.Concurrent != 0 {
		t.Errorf("%+v, and the program has %+v", got, want)
	}
}
