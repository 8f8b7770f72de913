package program_test

import (
	"strings"
	"testing"
)

// A variable that begins like a setting but does not exist stops every command, like a misspelt key
// in the file. Variables with which Kubernetes and Docker describe services are ignored.
func TestMisspeltVariables(t *testing.T) {
	t.Parallel()

	misspelt := []string{"AUTHTICKETS_ISUER=https://tickets.example", "AUTHTICKETS_HASH_MEMROY=19456"}
	for _, command := range [][]string{{"serve", "--listen=127.0.0.1:0"}, {"migrate"}, {"version"}, {"keys", "list"}} {
		code, _, stderr := run(t, t.TempDir(), misspelt, command...)
		isNamed := strings.Contains(stderr, "AUTHTICKETS_HASH_MEMROY, AUTHTICKETS_ISUER")
		if code != 1 || !isNamed || strings.Contains(stderr, "19456") {
			t.Errorf("%s: exit code %d: %s", command, code, stderr)
		}
	}

	foreign := []string{
		"AUTHTICKETS_SERVICE_HOST=10.0.0.1", "AUTHTICKETS_SERVICE_PORT=80", "AUTHTICKETS_SERVICE_PORT_HTTP=80",
		"AUTHTICKETS_PORT=tcp://10.0.0.1:80", "AUTHTICKETS_PORT_80_TCP=tcp://10.0.0.1:80",
		"AUTHTICKETS_PORT_80_TCP_ADDR=10.0.0.1", "AUTHTICKETS_MYSQL_SERVICE_HOST=10.0.0.2",
		"AUTHTICKETS_MYSQL_PORT_3306_TCP_PROTO=tcp", "AUTHTICKETS_TEST_MYSQL=any",
		"AUTHTICKETS_URL=http://127.0.0.1:8080/graphql", "AUTHTICKETS_PROGRAM=bin/authtickets",
		"AUTHTICKETS_ISUER=", "AUTHTICKETS=any", "OTHER_AUTHTICKETS_ISUER=any", "AUTHTICKETS_LOG_LEVEL=info",
	}
	if code, _, stderr := run(t, t.TempDir(), foreign, "version"); code != 0 {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}
