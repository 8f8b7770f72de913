package program_test

import (
	"net/http"
	"os"
	"testing"

	"github.com/authtickets/authtickets/storage/storagetest"
)

// Clients that may ask about the schema get exactly its text. Others get nothing of it.
func TestSchemaIsServed(t *testing.T) {
	t.Parallel()

	want, err := os.ReadFile("../../schema.graphqls")
	must(t, err)
	s := newSite(t, storagetest.SQLite(t))

	for flag, status := range map[string]int{
		"--introspection": http.StatusOK, "--no-introspection": http.StatusNotFound,
		"--introspection=false": http.StatusNotFound,
	} {
		server := s.start(flag)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.url+"/schema.graphqls", nil)
		must(t, err)
		got, err := send(server.client, request)
		must(t, err)
		if got.Status != status || (got.Text == string(want)) != (status == http.StatusOK) {
			t.Errorf("%s: %d %.200q", flag, got.Status, got.Text)
		}
	}
}
