package storage

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authtickets/authtickets/models"
)

func keysetOf(purpose models.KeyPurpose, number int) *models.Keyset {
	return &models.Keyset{
		Purpose:     purpose,
		Number:      number,
		Sealed:      fmt.Appendf(nil, "%s %d\x00\xff", purpose, number),
		PublishedAt: noon,
		UsedFrom:    noon.Add(time.Minute),
	}
}

func insertKeyset(t *testing.T, store *Store, keyset, before *models.Keyset, want bool) {
	t.Helper()
	if done, err := store.InsertKeyset(t.Context(), keyset, before); err != nil || done != want {
		t.Errorf("keyset %s %d: inserted %t, %v", keyset.Purpose, keyset.Number, done, err)
	}
}

func insertFirst(t *testing.T, store *Store, keysets ...models.Keyset) {
	t.Helper()
	if err := store.InsertFirstKeysets(t.Context(), keysets); err != nil {
		t.Fatal(err)
	}
}

func wantKeysets(t *testing.T, store *Store, want ...*models.Keyset) {
	t.Helper()
	got, err := store.Keysets(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	rows := []models.Keyset{}
	for _, keyset := range want {
		rows = append(rows, *keyset)
	}
	if diff := cmp.Diff(rows, got); diff != "" {
		t.Error(diff)
	}
}

func TestKeysets(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, store *Store) {
		wantKeysets(t, store)
		sealOne, sealTwo := keysetOf(models.SealKeys, 1), keysetOf(models.SealKeys, 2)
		signOne := keysetOf(models.SignKeys, 1)
		sealOne.UsedFrom = time.Unix(0, 0).UTC()
		insertFirst(t, store, *signOne)
		late := *signOne
		late.Sealed = []byte("late")
		insertFirst(t, store, *sealOne, late)
		insertFirst(t, store, *sealOne, late)
		insertKeyset(t, store, sealTwo, sealOne, true)
		insertKeyset(t, store, keysetOf(models.SealKeys, 2), sealOne, false)
		wantKeysets(t, store, sealOne, sealTwo, signOne)

		replaced := *sealTwo
		replaced.Sealed = []byte("other")
		insertKeyset(t, store, keysetOf(models.SealKeys, 3), &replaced, false)
		insertKeyset(t, store, keysetOf(models.SignKeys, 3), keysetOf(models.SignKeys, 2), false)

		for _, want := range []bool{true, false} {
			if done, err := store.DeleteKeyset(t.Context(), models.SealKeys, 1); err != nil || done != want {
				t.Errorf("deleted %t, %v", done, err)
			}
		}

		wantKeysets(t, store, sealTwo, signOne)
	})
}

func TestReplaceKeysets(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, store *Store) {
		sealOne, signOne := keysetOf(models.SealKeys, 1), keysetOf(models.SignKeys, 1)
		insertFirst(t, store, *sealOne, *signOne)
		errStop := errors.New("stop")
		if _, err := store.ReplaceKeysets(t.Context(), func(keyset models.Keyset) ([]byte, error) {
			if keyset.Purpose == models.SignKeys {
				return nil, errStop
			}
			return []byte("half"), nil
		}); !errors.Is(err, errStop) {
			t.Error(err)
		}

		wantKeysets(t, store, sealOne, signOne)

		reseal := func(keyset models.Keyset) ([]byte, error) { return append(keyset.Sealed, "again"...), nil }
		if replaced, err := store.ReplaceKeysets(t.Context(), reseal); err != nil || replaced != 2 {
			t.Errorf("replaced %d, %v", replaced, err)
		}

		insertKeyset(t, store, keysetOf(models.SealKeys, 2), sealOne, false)
		sealOne.Sealed, signOne.Sealed = append(sealOne.Sealed, "again"...), append(signOne.Sealed, "again"...)
		wantKeysets(t, store, sealOne, signOne)
	})
}

// If many processes add the next keyset, at most one succeeds. None is added while all keysets are
// replaced, because it would be left out.
func TestKeysetsRace(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, store *Store) {
		first := keysetOf(models.SealKeys, 1)
		insertFirst(t, store, *first)
		var made atomic.Int32
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				done, err := store.InsertKeyset(t.Context(), keysetOf(models.SealKeys, 2), first)
				if err != nil {
					t.Error(err)
				}
				if done {
					made.Add(1)
				}
			})
		}

		all.Go(func() {
			reseal := func(models.Keyset) ([]byte, error) { return []byte("anew"), nil }
			if _, err := store.ReplaceKeysets(t.Context(), reseal); err != nil {
				t.Error(err)
			}
		})

		all.Wait()
		rows, err := store.Keysets(t.Context())
		if err != nil || len(rows) != 1+int(made.Load()) || made.Load() > 1 {
			t.Fatalf("%d were made: %+v, %v", made.Load(), rows, err)
		}

		for _, row := range rows {
			if string(row.Sealed) != "anew" {
				t.Errorf("number %d was left out", row.Number)
			}
		}
	})
}
