package storage_test

import (
	"testing"

	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/test/testkit"
)

// The package and the program's settings have the same defaults.
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
		t.Errorf("the defaults are %+v, and those of the program %+v", got, want)
	}
}
