package accounts_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/storage/storagetest"
)

// Records of one batch are decided on together as far as they do not depend on each other. That must not show: the same rows, each
// imported alone, end in the same state with the same refusals.
func TestBatchIsLikeOneAfterTheOther(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		together := openBook(t, url)
		alone := openBook(t, storagetest.SQLite(t))
		rapid.Check(t, func(t *rapid.T) {
			rows := rapid.SliceOfN(rapid.Custom(drawRow), 1, 12).Draw(t, "rows")
			refused := []string{}
			for i, row := range rows {
				said := alone.load(strings.Repeat("\n", i) + row)
				if strings.HasPrefix(said, "line") {
					refused = append(refused, said)
				}
			}
			asNew := rapid.Bool().Draw(t, "asNew")
			if diff := cmp.Diff(refused, together.write(strings.Join(rows, "\n"), asNew)); diff != "" {
				t.Errorf("refused: alone -, together +\n%s", diff)
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
	someIDs   = []string{"1", "2", "3"}
)

func drawRow(t *rapid.T) string {
	row := map[string]any{}
	maybe := func(field string, values []string) {
		if value := rapid.SampledFrom(append([]string{"absent", "null"}, values...)).Draw(t, field); value == "null" {
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

// write writes all rows of a text at once, perhaps in the belief that all accounts are new, and returns which were refused.
func (b *book) write(text string, asNew bool) []string {
	b.t.Helper()
	refusals := map[int]error{}
	var lines []int
	var records []*accounts.Record
	must(b.t, accounts.Decode(strings.NewReader(text), accounts.JSONLines, func(line int, record *accounts.Record, refusal error) {
		if refusal != nil {
			refusals[line] = refusal
			return
		}
		lines, records = append(lines, line), append(records, record)
	}))
	write := b.WriteNew
	if !asNew {
		write = func(ctx context.Context, records []*accounts.Record) ([]accounts.Outcome, error) {
			return b.Write(ctx, records, accounts.WriteOptions{})
		}
	}
	outcomes, err := write(b.t.Context(), records)
	must(b.t, err)
	for i, outcome := range outcomes {
		if outcome.Result == accounts.Refused {
			refusals[lines[i]] = outcome.Refusal
		}
	}
	refused := []string{}
	for _, line := range slices.Sorted(maps.Keys(refusals)) {
		refused = append(refused, fmt.Sprintf("line %d: %s", line, refusals[line]))
	}
	return refused
}

// empty deletes all accounts that drawRow can make, and returns what they were by everything they were found by.
func (b *book) empty() map[string]string {
	b.t.Helper()
	var found storage.Existing
	must(b.t, b.Store.WriteAccounts(b.t.Context(), func(w *storage.AccountWriter) (err error) {
		found, err = w.Existing(storage.AccountKeys{Names: append(someMails, someNames...), ExternalIDs: someIDs})
		return err
	}))
	state := map[string]string{}
	for _, account := range found.Accounts {
		is := fmt.Sprint(plain(account.UserName), plain(account.EmailAddress), plain(account.ExternalID), plain(account.FirstName), account.LockedByOperator)
		for name, id := range found.Names {
			if id == *account.ID {
				state["named "+name] = is
			}
		}
		if account.ExternalID != nil {
			state["number "+*account.ExternalID] = is
		}
		must(b.t, b.Delete(b.t.Context(), account))
	}
	return state
}

func plain(text *string) string {
	if text == nil {
		return "-"
	}
	return *text
}
