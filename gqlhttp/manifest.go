package gqlhttp

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
)

// ErrNotAManifest is returned for a text that is not a manifest of operations.
var ErrNotAManifest = errors.New("not a manifest of the format apollo-persisted-query-manifest, version 1")

// ReadManifest reads a manifest of @apollo/generate-persisted-query-manifest. It returns the
// documents in it by their hashes.
func ReadManifest(text []byte) (map[string]string, error) {
	var manifest struct {
		Format     string `json:"format"`
		Version    int    `json:"version"`
		Operations []struct {
			ID   string `json:"id"`
			Body string `json:"body"`
		} `json:"operations"`
	}
	err := json.Unmarshal(text, &manifest)
	if err != nil || manifest.Format != "apollo-persisted-query-manifest" || manifest.Version != 1 {
		return nil, ErrNotAManifest
	}

	documents := make(map[string]string, len(manifest.Operations))
	for i, operation := range manifest.Operations {
		_, isRepeated := documents[operation.ID]
		switch {
		case operation.Body == "":
			return nil, fmt.Errorf("%w: operation %d has no body", ErrNotAManifest, i+1)
		case operation.ID != hashOf(operation.Body):
			return nil, fmt.Errorf("%w: the id of operation %d is not the SHA-256 of its body", ErrNotAManifest, i+1)
		case isRepeated:
			return nil, fmt.Errorf("%w: operation %d has the same id as another", ErrNotAManifest, i+1)
		}
		documents[operation.ID] = operation.Body
	}
	return documents, nil
}
