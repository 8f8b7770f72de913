package program_test

import (
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/storage/storagetest"
	"github.com/authtickets/authtickets/test/fakekms"
)

// A server works with a key of AWS KMS. It waits for KMS, and does not start if KMS refuses the
// key.
func TestKMS(t *testing.T) {
	t.Parallel()

	service := fakekms.Start(t)
	s := newSite(t, storagetest.SQLite(t))
	s.keys = fakekms.URI("one")
	variables := s.variables()

	for name, value := range service.Variables() {
		variables = append(variables, name+"="+value)
	}

	service.Refuse("AccessDeniedException")
	code, _, stderr := run(t, s.folder, variables, "serve", "--listen=127.0.0.1:0")
	if code != 1 || !strings.Contains(stderr, "AWS KMS refuses it: AccessDeniedException") {
		t.Errorf("exit code %d: %s", code, stderr)
	}

	service.Refuse("ThrottlingException")
	address := quietAddress(t)
	waiting := &server{
		process: launch(t, s.folder, variables, "serve", "--listen="+address),
		url:     "http://" + address,
		client:  newClient(t),
	}
	eventually(t, "the server waits for the service", func() bool {
		return waiting.stderr.count(
			`"level":"ERROR"`, "the keys cannot be decrypted at the moment", "ThrottlingException",
		) > 0
	})
	waiting.expectStatus("/readyz", 503)
	if got := waiting.ask(anonymousOperation()); got.Reason() != "BUSY" {
		t.Errorf("without keys it says %s", got.Text)
	}

	service.Refuse("")
	other := serving(launch(t, s.folder, variables, "serve", "--listen=127.0.0.1:0"))
	serving(waiting.process)
	expectUsable(t, waiting.anonymous(), waiting, other)

	if code, stdout, stderr := run(t, s.folder, variables, "keys", "rotate", "--delay=15s"); code != 0 {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}

	time.Sleep(16 * time.Second)
	expectUsable(t, other.anonymous(), waiting, other)

	code, _, stderr = run(
		t, s.folder, append(variables, "AUTHTICKETS_KEYS="+fakekms.URI("two")), "serve", "--listen=127.0.0.1:0",
	)
	if code != 1 || !strings.Contains(stderr, "the master key does not open the keyset") {
		t.Errorf("exit code %d: %s", code, stderr)
	}

	service.Stop()
	begin := time.Now()
	code, _, stderr = run(t, s.folder, variables, "keys", "rotate")
	if took := time.Since(begin); code != 1 || took > 15*time.Second || !strings.Contains(stderr, "does not answer") {
		t.Errorf("exit code %d after %s: %s", code, took, stderr)
	}

	expectUsable(t, other.anonymous(), waiting, other)
}

// An update from an earlier version to a key of AWS KMS needs the old key file. Without it, every
// session would end.
func TestUpdateToKMS(t *testing.T) {
	t.Parallel()

	service := fakekms.Start(t)
	s := newSite(t, storagetest.SQLite(t))
	held := s.earlierState()
	variables := s.variables()

	for name, value := range service.Variables() {
		variables = append(variables, name+"="+value)
	}

	underKMS := append(variables, "AUTHTICKETS_KEYS="+fakekms.URI("one"))
	code, _, stderr := run(t, s.folder, underKMS, "serve", "--listen=127.0.0.1:0")
	if code != 1 || !strings.Contains(stderr, "authtickets keys change-master --to") {
		t.Errorf("exit code %d: %s", code, stderr)
	}

	code, stdout, stderr := run(t, s.folder, variables, "keys", "change-master", "--to="+fakekms.URI("one"))
	if code != 0 {
		t.Fatalf("exit code %d: %s%s", code, stdout, stderr)
	}

	server := serving(launch(t, s.folder, underKMS, "serve", "--listen=127.0.0.1:0"))
	for _, held := range held {
		expectUsable(t, held, server)
	}
}

// A malformed name of a master key is a fault of the settings.
func TestKMSFaults(t *testing.T) {
	t.Parallel()

	for _, uri := range []string{"aws-kms://alias/mine", "gcp-kms://projects/p/locations/l/keyRings/r/cryptoKeys/k"} {
		code, _, stderr := run(
			t, t.TempDir(), []string{unreachable, "AUTHTICKETS_KEYS=" + uri}, "serve",
			"--access-lifetime=0s", "--listen=127.0.0.1:0",
		)
		if code != 1 || !strings.Contains(stderr, "--keys: must be a key file, or a key of AWS KMS") ||
			!strings.Contains(stderr, "--access-lifetime") {
			t.Errorf("%s: exit code %d: %s", uri, code, stderr)
		}
	}
}
