// Package fakekms is a stand-in for AWS KMS. It answers the two calls that a master key needs, over
// HTTP like the real service.
package fakekms

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Service is a service with keys. It creates a key when it is first used.
type Service struct {
	t      testing.TB
	server *httptest.Server

	mutex   sync.Mutex
	keys    map[string]tink.AEAD
	refusal string
	calls   int
}

// Start starts a service that runs until the test ends.
func Start(t testing.TB) *Service {
	t.Helper()
	s := &Service{t: t, keys: map[string]tink.AEAD{}}
	s.server = httptest.NewServer(s)
	t.Cleanup(s.server.Close)
	return s
}

// Variables returns the environment variables with which a client finds this service, and no real
// one.
func (s *Service) Variables() map[string]string {
	return Variables(s.server.URL)
}

// Variables returns the variables for a service at an address.
func Variables(url string) map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL_KMS": url, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": rand.Text(),
		"AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE":           "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
	}
}

// URI returns the name of a key in settings.
func URI(key string) string { return "aws-kms://arn:aws:kms:eu-central-1:111122223333:key/" + key }

// Stop stops the service. It no longer answers.
func (s *Service) Stop() { s.server.Close() }

// Refuse makes the service answer every call with an error. An empty code ends that.
func (s *Service) Refuse(code string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.refusal = code
}

// Calls returns the number of calls so far.
func (s *Service) Calls() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.calls
}

// call is the contents of a request and its answer.
type call struct {
	KeyID             string            `json:"KeyId,omitempty"`
	Plaintext         []byte            `json:",omitempty"`
	CiphertextBlob    []byte            `json:",omitempty"`
	EncryptionContext map[string]string `json:",omitempty"`
}

// ServeHTTP implements http.Handler.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	s.calls++
	var asked call
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil ||
		!strings.Contains(r.Header.Get("Authorization"), "/eu-central-1/kms/aws4_request") {
		s.t.Errorf("a call that KMS would not accept: %v, signed %q", err, r.Header.Get("Authorization"))
	}

	bound, err := json.Marshal(asked.EncryptionContext) // encoded with sorted names
	if err != nil {
		s.t.Error(err)
	}

	answer := call{KeyID: asked.KeyID}
	code := s.refusal
	switch target := r.Header.Get("X-Amz-Target"); {
	case code != "":
	case target == "TrentService.Encrypt":
		answer.CiphertextBlob, err = s.key(asked.KeyID).Encrypt(asked.Plaintext, bound)
	case target == "TrentService.Decrypt":
		answer.Plaintext, err = s.key(asked.KeyID).Decrypt(asked.CiphertextBlob, bound)
	default:
		code = "UnknownOperationException"
	}

	if err != nil {
		code = "InvalidCiphertextException"
	}

	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if code != "" {
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": "the fake says so"})
		return
	}

	_ = json.NewEncoder(w).Encode(answer)
}

func (s *Service) key(id string) tink.AEAD {
	if s.keys[id] == nil {
		handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
		if err != nil {
			s.t.Error(err)
		}
		if s.keys[id], err = aead.New(handle); err != nil {
			s.t.Error(err)
		}
	}
	return s.keys[id]
}
