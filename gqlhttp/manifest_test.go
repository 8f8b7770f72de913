package gqlhttp_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/gqlhttp"
)

func operation(body string) string {
	sum := sha256.Sum256([]byte(body))
	return fmt.Sprintf(`{"id":%q,"name":"A","type":"query","body":%q}`, hex.EncodeToString(sum[:]), body)
}

func manifest(operations ...string) string {
	list := strings.Join(operations, ",")
	return `{"format":"apollo-persisted-query-manifest","version":1,"operations":[` + list + `]}`
}

func TestReadManifest(t *testing.T) {
	t.Parallel()

	const one, other = `{ __typename }`, `{ other: __typename }`
	documents, err := gqlhttp.ReadManifest([]byte(manifest(operation(one), operation(other))))
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]string{
		"7f56e67dd21ab3f30d1ff8b7bed08893f0a0db86449836189b361dd1e56ddb4b": one,
		"69b2937ee6f6d4a92b42ace902455c68ba49042b7bb280690c50426973a0b810": other,
	}; !maps.Equal(documents, want) {
		t.Errorf("want %v, got %v", want, documents)
	}

	if documents, err := gqlhttp.ReadManifest([]byte(manifest())); err != nil || len(documents) > 0 {
		t.Errorf("an empty list: %v %v", documents, err)
	}

	for name, text := range map[string]string{
		"nothing":              ``,
		"no JSON":              manifest(operation(one)) + `x`,
		"a list":               `[]`,
		"no format":            `{"version":1,"operations":[]}`,
		"another format":       strings.Replace(manifest(operation(one)), "apollo-", "relay-", 1),
		"another version":      strings.Replace(manifest(operation(one)), `"version":1`, `"version":2`, 1),
		"two lists":            strings.TrimSuffix(manifest(operation(one)), "}") + `,"operations":[]}`,
		"no id":                manifest(`{"body":"{ __typename }"}`),
		"no body":              manifest(strings.Replace(operation(one), one, "", 1)),
		"id of another body":   manifest(operation(other), strings.Replace(operation(one), one, other, 1)),
		"id in capitals":       manifest(strings.Replace(operation(one), "7f56e67dd21ab3f3", "7F56E67DD21AB3F3", 1)),
		"id that is no hash":   manifest(`{"id":"A","body":"{ __typename }"}`),
		"an operation twice":   manifest(operation(one), operation(other), operation(one)),
		"a body of other type": manifest(`{"id":"A","body":{}}`),
	} {
		if documents, err := gqlhttp.ReadManifest([]byte(text)); !errors.Is(err, gqlhttp.ErrNotAManifest) {
			t.Errorf("%s: %v %v", name, documents, err)
		}
	}
}
