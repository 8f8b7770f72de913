package accounts_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/storage/storagetest"
)

// Rows of one batch that do not depend on each other are written together. The state and the
// refusals must be the same as if each row were in its own batch.
func TestBatchIsLikeOneAfterTheOther(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		together := openBook(t, url)
		alone := openBook(t, storagetest.SQLite(t))

		rapid.Check(t, func(t *rapid.T) {
			earlier := rapid.SliceOfN(rapid.Custom(drawRow), 0, 4).Draw(t, "earlier")
			rows := rapid.SliceOfN(rapid.Custom(drawRow), 1, 12).Draw(t, "rows")
			adopts := rapid.Bool().Draw(t, "adopts")
			change := func(o *accounts.ImportOptions) { o.Adopt = adopts }
			for _, b := range []*book{alone, together} {
				b.load(strings.Join(earlier, "\n"))
			}

			want := alone.loadRows(spread(rows...), change)
			if diff := cmp.Diff(want, together.loadRows(gathered(rows...), change)); diff != "" {
				t.Errorf("alone -, together +\n%s", diff)
			}
			if diff := cmp.Diff(alone.empty(), together.empty()); diff != "" {
				t.Errorf("alone -, together +\n%s", diff)
			}
		})
	})
}

var (
	someNames = []string{"a", "b", "c", "A"}
	someMails = []string{"a@x", "b@x", "A@X", "c@x"}
	someIDs   = []string{"1", "2", "3", "4"}
)

func drawRow(t *rapid.T) string {
	row := map[string]any{}
	maybe := func(field string, values []string) {
		value := rapid.SampledFrom(append([]string{"absent", "null"}, values...)).Draw(t, field)
		if value == "null" {
			row[field] = nil
		} else if value != "absent" {
			row[field] = value
		}
	}

	maybe("externalId", someIDs)
	maybe("userName", append(someMails, append(someNames, someNames...)...))
	maybe("emailAddress", someMails)
	maybe("firstName", []string{"Ada", "Bob"})
	if rapid.Bool().Draw(t, "lock") {
		row["isLocked"] = rapid.Bool().Draw(t, "isLocked")
	}

	text, err := json.Marshal(row)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A dry run has the same results as the import, in any batches, if no row gives up a name.
func TestDryRunSaysWhatHappens(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		b := openBook(t, url)

		rapid.Check(t, func(t *rapid.T) {
			earlier := rapid.SliceOfN(rapid.Custom(drawCustomer), 0, 4).Draw(t, "earlier")
			rows := rapid.SliceOfN(rapid.Custom(drawCustomer), 1, 12).Draw(t, "rows")
			texts := []string{gathered(rows...), spread(rows...)}
			dry := rapid.SampledFrom(texts).Draw(t, "dry")
			wet := rapid.SampledFrom(texts).Draw(t, "wet")
			adopts := rapid.Bool().Draw(t, "adopts")
			change := func(o *accounts.ImportOptions) { o.Adopt = adopts }
			b.load(strings.Join(earlier, "\n"))

			want := withoutUnchanged(b.loadRows(dry, change, dryRun))
			if diff := cmp.Diff(want, withoutUnchanged(b.loadRows(wet, change))); diff != "" {
				t.Errorf("dry run -, import +\n%s", diff)
			}
			b.empty()
		})
	})
}

// drawCustomer draws a row about one of a few customers. Their names do not change.
func drawCustomer(t *rapid.T) string {
	return rapid.SampledFrom([]string{
		`{"externalId":"1","userName":"a","emailAddress":"a@x"}`,
		`{"externalId":"1"}`,
		`{"externalId":"2","userName":"b"}`,
		`{"externalId":"2","userName":"B","emailAddress":"b@x"}`,
		`{"externalId":"4","userName":"A"}`,
		`{"externalId":"3","userName":"c","userId":"00000000000000000000000000000003"}`,
		`{"externalId":"3","emailAddress":"C@x"}`,
		`{"userName":"A"}`,
		`{"userName":"ａ"}`,
		`{"userName":"b","firstName":"B"}`,
		`{"userName":"c","emailAddress":"c@X"}`,
		`{"userName":"c","userId":"00000000000000000000000000000003"}`,
		`{"userName":"c@x"}`,
		`{"userName":"b@x","emailAddress":"a@x"}`,
	}).Draw(t, "customer")
}

// withoutUnchanged omits how many accounts were updated or unchanged. A dry run cannot distinguish
// these for accounts that it has made itself.
func withoutUnchanged(results string) string {
	var kept []string
	for part := range strings.SplitSeq(results, ", ") {
		if !strings.HasPrefix(part, "unchanged") && !strings.HasPrefix(part, "updated") {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, ", ")
}

// empty deletes all accounts that drawRow and drawCustomer can make. It returns their state, by
// each of their keys.
func (b *book) empty() map[string]string {
	b.t.Helper()
	var found storage.Existing
	must(b.t, b.Store.WriteAccounts(b.t.Context(), func(w *storage.AccountWriter) (err error) {
		found, err = w.Existing(storage.AccountKeys{Names: append(someMails, someNames...), ExternalIDs: someIDs})
		return err
	}))

	state := map[string]string{}
	for _, account := range found.Accounts {
		is := fmt.Sprint(plain(account.UserName), plain(account.EmailAddress),
			plain(account.ExternalID), plain(account.FirstName), account.LockedByOperator)
		for name, id := range found.Names {
			if id == *account.ID {
				state["named "+name] = is
			}
		}
		if account.ExternalID != nil {
			state["number "+*account.ExternalID] = is
		}

		must(b.t, errOf(b.Delete(b.t.Context(), access.Operator(), accounts.Key{ID: account.ID})))
	}
	return state
}

func plain(text *string) string {
	if text == nil {
		return "-"
	}
	return *text
}
