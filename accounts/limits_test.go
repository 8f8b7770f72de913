package accounts_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/storage/storagetest"
)

// A text of the greatest length fits on every database. The tests of the fields compare the limits
// with the columns.
func TestImportLimits(t *testing.T) {
	t.Parallel()
	longest := map[string]func(n int) string{
		"userName":     func(n int) string { return strings.Repeat("明", n) },
		"emailAddress": func(n int) string { return "x@" + strings.Repeat("明", n-2) },
	}
	anything := func(n int) string { return strings.Repeat("😀", n) }

	storagetest.Each(t, func(t *testing.T, url string) {
		b := openBook(t, url)
		texts := 0
		for _, field := range accounts.Fields() {
			limit := field.Limit()
			if limit == 0 {
				continue
			}
			texts++
			text := anything
			if longest[field.Name()] != nil {
				text = longest[field.Name()]
			}

			row := map[string]string{"userName": "u", field.Name(): text(limit + 1)}
			b.want(fmt.Sprintf("line 1: %s is longer than %d characters", field.Name(), limit), line(t, row))
			row["userName"] = field.Name()
			row[field.Name()] = text(limit)
			b.want("created 1", line(t, row))
		}
		if texts < 10 {
			t.Errorf("%d fields have a limit", texts)
		}

		large := strings.Repeat("'", 64<<10-1200)
		b.want("created 1", `{"userName":"attribute","attributes":[{"fullyQualifiedName":"`+anything(255)+`",`+
			`"values":["`+large+`"]}]}`)

		for _, since := range []string{
			"0001-01-01T00:00:00Z",
			"9998-12-31T23:59:59.999999Z",
			"1969-12-31T23:59:59.5Z",
		} {
			name := strings.ReplaceAll(since, ":", ".")
			b.want("created 1", `{"userName":"`+name+`","customerSinceDate":"`+since+`"}`)
			if got := b.dump(name)["since"]; got != since {
				t.Errorf("%s is read as %s", since, got)
			}
		}
	})
}
