package keyring_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/keyring"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/storage/storagetest"
	"github.com/authtickets/authtickets/test/fakekms"
)

// A process that does not know about the new master key continues with the keysets it has. It
// creates no keyset that the others cannot read.
func TestChangeMaster(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, s *site) {
		_, former := keyFile(t)
		_, next := keyFile(t)
		_, third := keyFile(t)
		running := s.load(former)
		token := running.seal()
		if count, err := s.ring(former).ChangeMaster(t.Context(), access.Operator(), next); err != nil || count != 2 {
			t.Fatalf("changed %d, %v", count, err)
		}

		changed := s.load(next)
		if !opens(changed.Keys, token) || changed.seal().Reveal() != token.Reveal() {
			t.Error("the keysets have changed")
		}

		running.refresh()
		for name, failure := range map[string]error{
			"rotate":       second(running.Rotate(t.Context(), access.Operator(), models.SealKeys, time.Minute)),
			"change again": second(running.ChangeMaster(t.Context(), access.Operator(), third)),
			"start":        s.ring(former).Load(t.Context()),
		} {
			if !errors.Is(failure, seal.ErrMasterKey) {
				t.Errorf("%s: %v", name, failure)
			}
		}

		s.clock.Pass(lives[models.SealKeys])
		if rotated, err := running.RotateIfDue(t.Context(), time.Hour); !errors.Is(err, seal.ErrMasterKey) ||
			len(rotated) > 0 {
			t.Errorf("rotated %+v, %v", rotated, err)
		}

		changed.rotate(models.SealKeys, time.Minute)
		if err := running.Reload(t.Context()); !errors.Is(err, seal.ErrMasterKey) {
			t.Error(err)
		}
		later := s.clock.Now().Add(time.Minute)
		if !opens(running.Keys, token) || !running.Keys.MayBeToken(seal.ErrUnknownKey, later) {
			t.Error("the running process has lost its keysets, or does not notice that it may lack one")
		}
	})
}

func second[T any](_ T, err error) error { return err }

// If the connection breaks after the change was committed, the change runs again. It finds its own
// result.
func TestChangeMasterTwice(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, s *site) {
		_, former := keyFile(t)
		_, next := keyFile(t)
		token := s.load(former).seal()
		changer := s.ring(former)

		for range 2 {
			if count, err := changer.ChangeMaster(t.Context(), access.Operator(), next); err != nil || count != 2 {
				t.Errorf("changed %d, %v", count, err)
			}
		}

		if !opens(s.load(next).Keys, token) {
			t.Error("the keysets have changed")
		}
	})
}

// A rotation during a change of the master key either comes first, and its keyset is changed too,
// or does not happen.
func TestChangeMasterRace(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, s *site) {
		_, former := keyFile(t)
		_, next := keyFile(t)
		var all sync.WaitGroup

		for range 4 {
			r := s.load(former)
			all.Go(func() {
				_, err := r.Rotate(t.Context(), access.Operator(), models.SealKeys, time.Minute)
				if err != nil && !errors.Is(err, keyring.ErrMeanwhile) && !errors.Is(err, seal.ErrMasterKey) {
					t.Error(err)
				}
			})
		}

		changer := s.ring(former)
		all.Go(func() {
			if _, err := changer.ChangeMaster(t.Context(), access.Operator(), next); err != nil {
				t.Error(err)
			}
		})

		all.Wait()
		s.load(next)
	})
}

// If there are sessions from a time before keysets, a ring does not start with a key of AWS KMS. It
// starts after the key file was used.
func TestKMSNeedsKeyFile(t *testing.T) { //nolint:paralleltest // it sets variables
	service := fakekms.Start(t)
	for name, value := range service.Variables() {
		t.Setenv(name, value)
	}

	kms, err := seal.KMSMaster(t.Context(), fakekms.URI("one"))
	must(t, err)
	storagetest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url)
		earlier, file := keyFile(t)
		token := sealAt(t, earlier, begin)
		session := &models.Session{
			ID:          models.ID{1},
			StartedAt:   begin,
			RefreshedAt: begin,
			ExpiresAt:   begin,
			PurgeAt:     begin,
		}

		_, err := s.store.BeginSession(t.Context(), session, storage.AtAnyTime)
		must(t, err)
		if err := s.ring(kms).Load(t.Context()); !errors.Is(err, keyring.ErrNeedsKeyFile) {
			t.Error(err)
		}

		want(t, s.ring(kms).states(models.SealKeys))
		if _, err := s.load(file).ChangeMaster(t.Context(), access.Operator(), kms); err != nil {
			t.Fatal(err)
		}
		if !opens(s.load(kms).Keys, token) {
			t.Error("the sessions have ended")
		}
	})
}

// A key of AWS KMS works like a key file: a ring starts, rotates and changes the master key with
// it.
func TestKMS(t *testing.T) { //nolint:paralleltest // it sets variables
	service := fakekms.Start(t)
	for name, value := range service.Variables() {
		t.Setenv(name, value)
	}

	master, err := seal.KMSMaster(t.Context(), fakekms.URI("one"))
	must(t, err)
	s := newSite(t, storagetest.SQLite(t))
	r := s.load(master)
	token := r.seal()
	r.rotate(models.SealKeys, time.Minute)
	r.refresh()
	s.clock.Pass(time.Minute)
	if other := s.load(master); !opens(other.Keys, token) || other.seal().Reveal() != r.seal().Reveal() {
		t.Error("a second process has other keysets")
	}

	calls := service.Calls()
	r.refresh()
	if service.Calls() != calls {
		t.Error("the service is asked to decrypt a keyset again")
	}

	other, err := seal.KMSMaster(t.Context(), fakekms.URI("two"))
	must(t, err)
	if err := s.ring(other).Load(t.Context()); !errors.Is(err, seal.ErrMasterKey) {
		t.Error(err)
	}

	_, file := keyFile(t)
	for _, change := range []struct{ from, to *seal.Master }{{master, other}, {other, file}, {file, master}} {
		count, err := s.ring(change.from).ChangeMaster(t.Context(), access.Operator(), change.to)
		if err != nil || count != 3 {
			t.Fatalf("changed %d, %v", count, err)
		}
		if changed := s.load(change.to); !opens(changed.Keys, token) {
			t.Error("the keysets have changed")
		}
	}

	service.Refuse("AccessDeniedException")
	err = s.ring(master).Load(t.Context())
	if err == nil || !strings.Contains(err.Error(), "AccessDeniedException") {
		t.Error(err)
	}
	if _, err := s.ring(file).ChangeMaster(t.Context(), access.Operator(), other); err == nil {
		t.Error("changed to a key that may not be used")
	}

	r.refresh()
}
