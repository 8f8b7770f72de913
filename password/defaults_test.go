package password_test

import (
	"testing"

	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/password"
	"github.com/authtickets/authtickets/test/testkit"
)

// The package and the program's settings have the same defaults.
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
		t.Errorf("the defaults are %+v, and those of the program %+v", got, want)
	}
}
