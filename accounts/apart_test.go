package accounts_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/storage/storagetest"
)

// spread puts each row into a batch of its own. The other rows of the batch are not JSON.
func spread(rows ...string) string {
	const rest = 499
	return strings.Join(rows, "\n"+strings.Repeat("x\n", rest)) + "\n"
}

// gathered puts all rows into one batch, on the same lines as spread.
func gathered(rows ...string) string {
	const rest = 499
	return strings.Join(rows, strings.Repeat("\n", rest+1)) + "\n"
}

// loadRows imports spread or gathered rows. It returns their results, with the number of each row
// instead of its line.
func (b *book) loadRows(text string, change ...func(*accounts.ImportOptions)) string {
	b.t.Helper()
	results := strings.Split(b.load(text, change...), ", line ")

	kept := results[:0]
	for _, part := range results {
		if !strings.Contains(part, "the line is not JSON") {
			kept = append(kept, part)
		}
	}

	joined := strings.Join(kept, ", line ")
	for row := 20; row >= 0; row-- {
		joined = strings.ReplaceAll(joined, fmt.Sprintf("line %d", row*500+1), fmt.Sprintf("line %d", row+1))
	}
	return joined
}

const (
	notShared = ", and the rows do not share an externalId"
	nameOf1   = "userName is a name of the account in line 1" + notShared
	mailOf1   = "emailAddress is a name of the account in line 1" + notShared
	notNew    = "userName belongs to an account without an externalId: if both are the same customer, add --adopt"
	another   = "userName is a name that another account signs in with"
)

// apartCases are files with the results of their rows. The accounts "old" and "known" exist.
var apartCases = map[string]struct {
	rows   string
	want   string
	adopts bool
}{
	"letter case": {
		rows: `{"userName":"Ada","password":"1"}
{"userName":"aDA","password":"2"}`,
		want: "created 1, line 2: " + nameOf1,
	},
	"width": {
		rows: `{"userName":"ada"}
{"userName":"ＡＤＡ"}`,
		want: "created 1, line 2: " + nameOf1,
	},
	"composition": {
		rows: `{"userName":"jose\u0301"}
{"userName":"José"}`,
		want: "created 1, line 2: " + nameOf1,
	},
	"the same text": {
		rows: `{"userName":"ada"}
{"userName":"ada"}`,
		want: "created 1, line 2: " + nameOf1,
	},
	"a name that is an address": {
		rows: `{"userName":"ada","emailAddress":"Ada@x"}
{"userName":"ada@X"}`,
		want: "created 1, line 2: " + nameOf1,
	},
	"an address that is a name": {
		rows: `{"userName":"ada@x"}
{"userName":"bob","emailAddress":"ADA@x"}`,
		want: "created 1, line 2: " + mailOf1,
	},
	"one address": {
		rows: `{"userName":"ada","emailAddress":"ada@x"}
{"userName":"bob","emailAddress":"ADA@x"}`,
		want: "created 1, line 2: " + mailOf1,
	},
	"other external ids": {
		rows: `{"externalId":"1","userName":"ada"}
{"externalId":"2","userName":"Ada"}`,
		want: "created 1, line 2: " + nameOf1,
	},
	"other external ids, adopting": {
		rows: `{"externalId":"1","userName":"ada"}
{"externalId":"2","userName":"Ada"}`,
		want:   "created 1, line 2: " + nameOf1,
		adopts: true,
	},
	"an external id first": {
		rows: `{"externalId":"1","userName":"ada"}
{"userName":"Ada"}`,
		want: "created 1, line 2: " + nameOf1,
	},
	"an external id later": {
		rows: `{"userName":"ada"}
{"externalId":"1","userName":"Ada"}`,
		want: "created 1, line 2: " + nameOf1,
	},
	"an external id later, adopting": {
		rows: `{"userName":"ada"}
{"externalId":"1","userName":"Ada"}`,
		want:   "created 1, line 2: " + nameOf1,
		adopts: true,
	},
	"an external id later, and it was cleared": {
		rows: `{"externalId":null,"userName":"ada"}
{"externalId":"1","userName":"Ada"}`,
		want: "created 1, line 2: " + nameOf1,
	},
	"the same external id": {
		rows: `{"externalId":"1","userName":"ada","firstName":"A"}
{"externalId":"1","firstName":"B"}
{"externalId":"1","userName":"Ada","emailAddress":"a@x"}`,
		want: "created 1, updated 2",
	},
	"the same external id, and a third row": {
		rows: `{"externalId":"1","userName":"ada"}
{"externalId":"1","userName":"ada2"}
{"userName":"ADA2"}`,
		want: "created 1, updated 1, line 3: " + nameOf1,
	},
	"the same external id, and another's name": {
		rows: `{"externalId":"1","userName":"ada"}
{"externalId":"2","userName":"bob"}
{"externalId":"2","userName":"ADA"}`,
		want: "created 2, line 3: " + nameOf1,
	},
	"a user id": {
		rows: `{"userName":"ada","userId":"0000000000000000000000000000000b"}
{"userName":"bob","userId":"0000000000000000000000000000000b"}`,
		want: "created 1, line 2: userId belongs to the account in line 1",
	},
	"another user id": {
		rows: `{"externalId":"1","userName":"ada"}
{"externalId":"1","userId":"0000000000000000000000000000000b"}`,
		want: "created 1, line 2: userId differs from the account's, and it cannot change",
	},
	"the same user id": {
		rows: `{"externalId":"1","userName":"ada","userId":"0000000000000000000000000000000b"}
{"externalId":"1","taxId":"1","userId":"0000000000000000000000000000000b"}`,
		want: "created 1, updated 1",
	},
	"an account that exists": {
		rows: `{"userName":"OLD","firstName":"1"}
{"userName":"old","firstName":"2"}`,
		want: "updated 1, line 2: " + nameOf1,
	},
	"an account that exists, unchanged": {
		rows: `{"userName":"old"}
{"userName":"old","password":"1"}`,
		want: "unchanged 1, line 2: " + nameOf1,
	},
	"an address of an account that exists": {
		rows: `{"userName":"old"}
{"userName":"bob","emailAddress":"OLD@x"}`,
		want: "unchanged 1, line 2: " + mailOf1,
	},
	"a user id of an account that exists": {
		rows: `{"externalId":"K"}
{"userName":"bob","userId":"0000000000000000000000000000000a"}`,
		want: "unchanged 1, line 2: userId belongs to the account in line 1",
	},
	"a name that an account gets": {
		rows: `{"externalId":"K","userName":"ada"}
{"userName":"ADA"}`,
		want: "updated 1, line 2: " + nameOf1,
	},
	"a known account, by its external id first": {
		rows: `{"externalId":"K","firstName":"1"}
{"userName":"known","firstName":"2"}`,
		want: "updated 1, line 2: " + nameOf1,
	},
	"a known account, by its name first": {
		rows: `{"userName":"known","firstName":"1"}
{"externalId":"K","firstName":"2"}`,
		want: "updated 1, line 2: externalId belongs to the account in line 1, and that row does not give it",
	},
	"a known account, by its external id": {
		rows: `{"externalId":"K","firstName":"1"}
{"externalId":"K","firstName":"2"}`,
		want: "updated 2",
	},
	"an account to adopt": {
		rows: `{"externalId":"1","userName":"old"}
{"externalId":"1","userName":"old","firstName":"2"}
{"externalId":"2","userName":"OLD"}
{"userName":"old"}`,
		want:   "updated 2, line 3: " + nameOf1 + ", line 4: " + nameOf1,
		adopts: true,
	},
	"an account that may not be adopted": {
		rows: `{"externalId":"1","userName":"old","firstName":"1"}
{"externalId":"1","userName":"OLD","firstName":"2"}`,
		want: "line 1: " + notNew + ", line 2: " + notNew,
	},
	"a refused row has no effect": {
		rows: `{"userName":"ada","emailAddress":"OLD@x"}
{"userName":"ADA"}`,
		want: "created 1, line 1: emailAddress is a name that another account signs in with",
	},
}

// Two rows can be about one account only if both give its externalId. That holds within a batch and
// between batches. A dry run has the same results.
func TestRowsOfOneFileStayApart(t *testing.T) {
	t.Parallel()
	const before = `{"userName":"old","emailAddress":"old@x","firstName":"Old"}` + "\n" +
		`{"userName":"known","externalId":"K","userId":"0000000000000000000000000000000a"}`

	storagetest.Each(t, func(t *testing.T, url string) {
		b := openBook(t, url)

		for name, test := range apartCases {
			rows := strings.Split(test.rows, "\n")
			change := func(o *accounts.ImportOptions) { o.Adopt = test.adopts }
			for _, text := range []string{gathered(rows...), spread(rows...)} {
				b.want("created 2", before)

				state := fmt.Sprint(b.dump("old"), b.dump("known"))
				for range 2 {
					if got := b.loadRows(text, change, dryRun); got != test.want {
						t.Errorf("%s, dry run:\ngot:  %s\nwant: %s", name, got, test.want)
					}
				}
				if now := fmt.Sprint(b.dump("old"), b.dump("known")); now != state || b.find("ada") != nil {
					t.Errorf("%s: a dry run has changed %s to %s", name, state, now)
				}
				if got := b.loadRows(text, change); got != test.want {
					t.Errorf("%s:\ngot:  %s\nwant: %s", name, got, test.want)
				}
				b.clear()
			}
		}
	})
}

// clear deletes the accounts of the test.
func (b *book) clear() {
	b.t.Helper()
	var found storage.Existing
	must(b.t, b.Store.WriteAccounts(b.t.Context(), func(w *storage.AccountWriter) (err error) {
		found, err = w.Existing(storage.AccountKeys{
			Names:       []string{"old", "known", "ada", "ada2", "ada@x", "bob", "josé"},
			ExternalIDs: []string{"K", "1", "2"},
		})
		return err
	}))

	for _, account := range found.Accounts {
		must(b.t, errOf(b.Delete(b.t.Context(), access.Operator(), accounts.Key{ID: account.ID})))
	}
}
