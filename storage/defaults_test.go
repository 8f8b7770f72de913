package storage_test

import (
	"testing"

	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/test/testkit"
)

// The package has the same defaults as the settings of the program.
func TestDefaults(t *testing.T) {
	t.Parallel()
	set := testkit.Defaults[command.Settings](t)
	want := storage.Settings{
		Connections:        set.DatabaseConnections,
		ConnectionLifetime: set.DatabaseLifetime,
		ConnectTimeout:     set.DatabaseConnectWait,
		StatementTimeout:   set.DatabaseStatementWait,
	}

	got := storage.Settings{}.WithDefaults()
	if got.Connections != want.Connections || got.ConnectionLifetime != want.ConnectionLifetime ||
		got.ConnectTimeout != want.ConnectTimeout || got.StatementTimeout != want.StatementTimeout {
		t.Errorf("%+v, and the program has %+v", got, want)
	}
}
