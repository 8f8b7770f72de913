package accounts_test

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/storage/storagetest"
)

// The limits are the widths of the columns, in characters. What is as long as can be fits on every database.
func TestImportLimits(t *testing.T) {
	t.Parallel()
	limits := columnWidths(t)
	long := map[string]func(n int) string{
		"user_name":     func(n int) string { return strings.Repeat("明", n) },
		"email_address": func(n int) string { return "x@" + strings.Repeat("明", n-2) },
	}
	anything := func(n int) string { return strings.Repeat("😀", n) }
	storagetest.Each(t, func(t *testing.T, url string) {
		b := openBook(t, url)
		columns := 0
		for column, limit := range limits {
			field := camelCase(column)
			if column == "password_hash" {
				continue
			}
			columns++
			text := anything
			if long[column] != nil {
				text = long[column]
			}
			tooLong := `{"userName":"u","` + field + `":"` + text(limit+1) + `"}`
			if column == "user_name" {
				tooLong = `{"userName":"` + text(limit+1) + `"}`
			}
			b.want(fmt.Sprintf("line 1: %s is longer than %d characters", field, limit), tooLong)
			fits := strings.Replace(strings.Replace(tooLong, text(limit+1), text(limit), 1), `"u"`, `"`+column+`"`, 1)
			b.want("created 1", fits)
		}
		if columns != 10 {
			t.Errorf("%d columns", columns)
		}
		b.want("created 1", `{"userName":"attribute","attributes":[{"fullyQualifiedName":"`+anything(255)+`","values":["`+strings.Repeat("'", 64<<10-1200)+`"]}]}`)
		for _, since := range []string{"0001-01-01T00:00:00Z", "9998-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.5Z"} {
			b.want("created 1", `{"userName":"`+strings.ReplaceAll(since, ":", ".")+`","customerSinceDate":"`+since+`"}`)
			if got := b.dump(strings.ReplaceAll(since, ":", "."))["since"]; got != since {
				t.Errorf("%s is read as %s", since, got)
			}
		}
	})
}

// columnWidths reads the widths of the accounts' text columns from the migration.
func columnWidths(t *testing.T) map[string]int {
	t.Helper()
	sql, err := os.ReadFile("../storage/migrations/mysql/00001_ticket_office.sql")
	must(t, err)
	table, _, _ := strings.Cut(string(sql), "sign_in_names")
	widths := map[string]int{}
	for _, found := range regexp.MustCompile(`(\w+) VARCHAR\((\d+)\)`).FindAllStringSubmatch(table, -1) {
		widths[found[1]], err = strconv.Atoi(found[2])
		must(t, err)
	}
	return widths
}

func camelCase(column string) string {
	return regexp.MustCompile(`_\w`).ReplaceAllStringFunc(column, func(s string) string { return strings.ToUpper(s[1:]) })
}
