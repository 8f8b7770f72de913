package program_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/authtickets/authtickets/storage/storagetest"
)

// Names that mean something to a database, a terminal or a log either work like any other, or are
// refused. The log has one record for each, which does not contain the name.
func TestHostileNames(t *testing.T) {
	t.Parallel()

	const mark = "5b7f2c" // part of every name, to look for in the log
	const unknown, refused = "INVALID_CREDENTIALS", "USERNAME_INVALID"
	names := map[string]string{
		mark + "' OR '1'='1": unknown, mark + "'-- ": refused, mark + `"; DROP TABLE sessions;--`: unknown,
		mark + `\' OR 1=1#`: unknown, mark + `\`: unknown, "ada' UNION SELECT '" + mark: unknown,
		mark + "%": unknown, "___" + mark: unknown, "%" + mark: unknown, "*" + mark: unknown,
		"ada" + mark + " ":                      refused,
		"${jndi:ldap://127.0.0.1/" + mark + "}": unknown, "$(touch " + mark + ")": unknown,
		"{{" + mark + "}}": unknown, "%s%n" + mark: unknown, `<script>` + mark: unknown,
		"../../" + mark:          unknown,
		"\x1b[2J\x1b[31m" + mark: refused, "\u009b31m" + mark: refused, mark + "\x07\x08": refused,
		mark + "\x00": refused, mark + "\x7f": refused,
		mark + "\r\nlevel=ERROR msg=forged": refused, mark + "\n" + `{"level":"ERROR","msg":"forged"}`: refused,
		mark + "\u2028level=ERROR": refused, "\u202e" + mark: refused,
		mark + `" level=ERROR msg="forged`: unknown, mark + `","msg":"forged`: unknown,
	}

	storagetest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url)
		s.customer("ada"+mark, rightPassword)
		for _, format := range []string{"json", "text"} {
			server := s.start("--log-format=" + format)
			for name, reason := range names {
				expect(t, server.ask(signInOperation(name, rightPassword, "")), reason)
			}

			server.signIn("ada" + mark)
			requests := len(names) + 1
			eventually(
				t,
				"all requests are logged",
				func() bool { return server.stderr.count("request", "/graphql") >= requests },
			)
			const message = "act refused"
			eventually(
				t,
				"all refusals are counted",
				func() bool { return server.stderr.countAll(message) >= len(names) },
			)
			got, logged := server.stderr.countAll(message), server.stderr.count("request", "/graphql")
			if got != len(names) || logged != requests {
				t.Errorf("%s: %d records of %d refused names, and %d of %d requests",
					format, got, len(names), logged, requests)
			}

			for line := range strings.Lines(server.stderr.String()) {
				record, isComplete := strings.CutSuffix(line, "\n")
				whole := strings.HasPrefix(record, "time=")
				if format == "json" {
					whole = json.Valid([]byte(record))
				}
				if !whole || !isComplete || strings.Contains(record, mark) || strings.Contains(record, "forged") ||
					strings.ContainsFunc(record, unicode.IsControl) {
					t.Errorf("%s: %q", format, record)
				}
			}
		}
	})
}
