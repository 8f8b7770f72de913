package accounts_test

import (
	"testing"
	"time"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/storage/storagetest"
)

func TestImportPasswords(t *testing.T) {
	t.Parallel()
	const bcrypt = `"$2a$04$a9qMvU5Qxd/iDsPBwWjAiuSJv2TMNk4rxaFuUj9ZQeIsDLCtiuss2"` // of the least cost
	const staple = "correct horse battery staple"
	storagetest.Each(t, func(t *testing.T, url string) {
		b := openBook(t, url)

		for i, step := range []struct {
			row, want, signsIn string
			change             func(*accounts.ImportOptions)
			external, ends     bool
		}{
			{row: `"password":"one"`, want: "created 1", signsIn: "one"},
			{row: `"password":"one"`, want: "unchanged 1", signsIn: "one"},
			{row: `"password":"two"`, want: "unchanged 1", signsIn: "one", change: keepPasswords},
			{row: `"password":"two"`, want: "updated 1", signsIn: "two", ends: true},
			{row: `"firstName":"Ada"`, want: "updated 1", signsIn: "two"},
			{row: `"passwordHash":` + bcrypt, want: "unchanged 1", signsIn: "two", change: keepPasswords},
			{row: `"passwordHash":` + bcrypt, want: "updated 1", signsIn: staple, external: true, ends: true},
			{row: `"passwordHash":` + bcrypt, want: "unchanged 1", signsIn: staple, external: true},
			{row: `"password":null,"passwordHash":` + bcrypt, want: "unchanged 1", signsIn: staple, external: true},
			{row: `"password":null`, want: "unchanged 1", signsIn: staple, external: true, change: keepPasswords},
			// The hash is renewed.
			{row: `"password":"` + staple + `","passwordHash":""`, want: "updated 1", signsIn: staple, ends: true},
			{row: `"passwordHash":null`, want: "updated 1", ends: true},
			// It had no password to keep.
			{row: `"password":"three"`, want: "updated 1", signsIn: "three", ends: true, change: keepPasswords},
		} {
			var ended func() models.Reason
			if account := b.find("ada"); account != nil {
				ended = b.session(account)
			}
			change := step.change
			if change == nil {
				change = func(*accounts.ImportOptions) {}
			}

			b.want(step.want, `{"userName":"ada",`+step.row+`}`, change)
			account := b.find("ada")
			isRight := account.PasswordHash.Reveal() == ""
			if step.signsIn != "" {
				isRight = b.signsIn(account, step.signsIn)
			}
			if !isRight {
				t.Errorf("step %d: the password is not %q", i+1, step.signsIn)
			}
			if account.HasExternalPassword != step.external {
				t.Errorf("step %d: external is %t", i+1, account.HasExternalPassword)
			}
			if ended != nil && (ended() == models.ReasonPasswordChanged) != step.ends {
				t.Errorf("step %d: sessions have ended: %q", i+1, ended())
			}
		}
	})
}

// If two rows of a batch give an account a password, the last one counts.
func TestImportPasswordsOfOneBatch(t *testing.T) {
	t.Parallel()
	b := openBook(t, storagetest.SQLite(t))
	b.want("created 1, updated 2", `{"externalId":"A","userName":"ada","password":"one"}
{"externalId":"A","password":"two"}
{"externalId":"A","password":"one"}`)
	if !b.signsIn(b.find("ada"), "one") {
		t.Error("the password is not that of the last row")
	}

	b.want("updated 2", `{"externalId":"A","password":"two"}
{"externalId":"A","password":"one"}`)
	if !b.signsIn(b.find("ada"), "one") {
		t.Error("the password is not that of the last row")
	}
}

// With KeepPasswords, the password of a row still counts if the row turns out to be about a new
// account.
func TestImportKeepsPasswordsOfNewAccounts(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		b := openBook(t, url)
		b.want("created 2", `{"externalId":"1","userName":"ada","password":"old"}`+"\n"+
			`{"userName":"bob","password":"old"}`)
		b.want("created 1, updated 1, unchanged 1", `{"externalId":"1","userName":"countess","password":"new"}
{"userName":"ada","password":"new"}
{"userName":"bob","password":"new"}`, keepPasswords)

		for name, plain := range map[string]string{"countess": "old", "ada": "new", "bob": "old"} {
			if !b.signsIn(b.find(name), plain) {
				t.Errorf("%s does not sign in with the %s password", name, plain)
			}
		}
	})
}

func TestImportLocksAndDeactivates(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		b := openBook(t, url)
		b.want("created 1", `{"userName":"ada"}`)
		ada := b.find("ada")
		ended := b.session(ada)

		counted, err := b.Store.CountGuess(t.Context(), storage.Guess{
			NameHash:     models.ID{1},
			UserID:       &ada.UserID,
			Source:       "s",
			DevicePrefix: "d",
			At:           begin,
			WindowStart:  begin.Add(-time.Minute),
			ForgetBefore: begin.Add(-time.Hour),
			MostInARow:   5,
			LockAt:       1,
			LockUntil:    accounts.Forever(),
		})
		if must(t, err); !counted.Locked || !b.find("ada").IsLocked {
			t.Fatal("not locked")
		}

		b.want("updated 1", `{"userName":"ada","isLocked":false}`)
		query := storage.SignInQuery{
			Name:         "ada",
			NameHash:     models.ID{1},
			Source:       "s",
			DevicePrefix: "d",
			At:           begin,
			Distrust:     []models.Reason{"x"},
		}
		facts, err := b.SignInFacts(t.Context(), query, nil)
		if must(t, err); facts.InWindow != nil || facts.GuessedUntil != nil || b.find("ada").IsLocked {
			t.Error("still locked, or the next wrong password would lock")
		}

		b.want("unchanged 1", `{"userName":"ada","isLocked":false}`)
		b.want("updated 1", `{"userName":"ada","isLocked":true}`)
		b.want("unchanged 1", `{"userName":"ada","isLocked":true}`)
		if !b.find("ada").LockedByOperator || ended() != "" {
			t.Error("not locked, or the session has ended")
		}

		b.want("updated 1", `{"userName":"ada","isActive":false,"password":"x"}`)
		if ended() != models.ReasonAccountInactive {
			t.Errorf("ended: %q", ended())
		}
	})
}
