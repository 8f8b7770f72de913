package seal_test

import (
	"bytes"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/test/fakekms"
)

func newMaster(t testing.TB) *seal.Master {
	t.Helper()
	file := filepath.Join(t.TempDir(), "keys.json")
	if err := seal.CreateFile(file); err != nil {
		t.Fatal(err)
	}

	master, err := seal.LoadMaster(file)
	if err != nil {
		t.Fatal(err)
	}
	return master
}

func kmsMaster(t testing.TB, uri string, variables map[string]string) *seal.Master {
	t.Helper()
	for name, value := range variables {
		t.Setenv(name, value)
	}

	master, err := seal.KMSMaster(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	return master
}

// testWrapping wraps keysets of both kinds under a master key. It then tries to open them for
// another purpose and under another master key.
func testWrapping(t *testing.T, master, other *seal.Master) {
	t.Helper()
	for _, makeKeyset := range []func() (*seal.Keyset, error){seal.NewSealKeyset, seal.NewSignKeyset} {
		plain, err := makeKeyset()
		if err != nil {
			t.Fatal(err)
		}

		sealed, err := master.Wrap(t.Context(), plain, "one")
		if err != nil {
			t.Fatal(err)
		}

		opened, err := master.Unwrap(t.Context(), sealed, "one")
		if err != nil {
			t.Fatal(err)
		}

		again, err := newMaster(t).Wrap(t.Context(), opened, "one")
		if err != nil || bytes.Contains(again, sealed) {
			t.Error("two master keys encrypt to the same bytes", err)
		}

		for name, c := range map[string]struct {
			master  *seal.Master
			sealed  []byte
			purpose string
		}{
			"for another purpose":      {master, sealed, "two"},
			"under another master key": {other, sealed, "one"},
			"changed":                  {master, append([]byte{1}, sealed...), "one"},
			"empty":                    {master, nil, "one"},
		} {
			if _, err := c.master.Unwrap(t.Context(), c.sealed, c.purpose); !errors.Is(err, seal.ErrMasterKey) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestMaster(t *testing.T) {
	t.Parallel()
	testWrapping(t, newMaster(t), newMaster(t))
}

// Earlier versions sealed tokens with the keyset in the key file. Those tokens can be opened after
// the keyset was wrapped under itself.
func TestMasterOwn(t *testing.T) {
	t.Parallel()
	master := newMaster(t)
	keys := mustKeys(t, seal.Dated{Keyset: master.Own(), Number: 1})
	sealed, err := master.Wrap(t.Context(), master.Own(), "seal 1")
	if err != nil {
		t.Fatal(err)
	}

	opened, err := master.Unwrap(t.Context(), sealed, "seal 1")
	if err != nil {
		t.Fatal(err)
	}

	imported := mustKeys(t, seal.Dated{Keyset: opened, Number: 1})
	token := mustSeal(t, keys, sample(seal.Access))
	if _, err := imported.Open(seal.Access, token); err != nil {
		t.Error(err)
	}
	if mustSeal(t, imported, sample(seal.Access)).Reveal() != token.Reveal() {
		t.Error("the imported keyset seals to another token")
	}
}

func TestKMS(t *testing.T) { //nolint:paralleltest // it sets variables
	service := fakekms.Start(t)
	master := kmsMaster(t, fakekms.URI("one"), service.Variables())
	if service.Calls() > 0 {
		t.Error("the service was called before it was needed")
	}
	testWrapping(t, master, kmsMaster(t, fakekms.URI("two"), nil))
	if master.Own() != nil {
		t.Error("the master key of a service has a keyset of its own")
	}
}

// Lasting refusals of a service are distinguished from temporary errors.
func TestKMSRefusals(t *testing.T) { //nolint:paralleltest // it sets variables
	service := fakekms.Start(t)
	master := kmsMaster(t, fakekms.URI("one"), service.Variables())
	for code, away := range map[string]bool{
		"AccessDeniedException":       false,
		"NotFoundException":           false,
		"DisabledException":           false,
		"UnrecognizedClientException": false,
		"ThrottlingException":         true,
	} {
		service.Refuse(code)
		_, err := master.Unwrap(t.Context(), []byte("sealed"), "one")
		if err == nil || !strings.Contains(err.Error(), code) {
			t.Errorf("%s: %v", code, err)
		}
		if errors.Is(err, seal.ErrMasterAway) != away || errors.Is(err, seal.ErrMasterKey) {
			t.Errorf("%s is another kind of error: %v", code, err)
		}
	}

	service.Stop()
	if _, err := master.Unwrap(t.Context(), []byte("sealed"), "one"); !errors.Is(err, seal.ErrMasterAway) {
		t.Error(err)
	}
}

// A call ends even if the service accepts it and never answers.
func TestKMSSilent(t *testing.T) { //nolint:paralleltest // it sets variables
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // nothing was written
	master := kmsMaster(t, fakekms.URI("one"), fakekms.Variables("http://"+listener.Addr().String()))
	begin := time.Now()
	if _, err := master.Unwrap(t.Context(), []byte("sealed"), "one"); !errors.Is(err, seal.ErrMasterAway) {
		t.Error(err)
	}
	if took := time.Since(begin); took > 15*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestErrKMS(t *testing.T) {
	t.Parallel()
	for _, uri := range []string{
		"",
		"keys.json",
		"aws-kms://",
		"aws-kms://alias/x",
		"gcp-kms://projects/p",
		"aws-kms://arn:aws:kms::111122223333:key/x",
		"aws-kms://arn:aws:s3:eu-central-1:1:key/x",
		"aws-kms://arn:aws:kms:eu-central-1:111122223333:key/x y",
	} {
		if _, err := seal.KMSMaster(t.Context(), uri); !errors.Is(err, seal.ErrKMS) {
			t.Errorf("%q: %v", uri, err)
		}
	}
}
