package program_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// What --demo prints at the first start is true: the address of the playground, and how each of the
// three customers signs in.
func TestDemoCustomers(t *testing.T) {
	t.Parallel()

	folder := t.TempDir()
	server := serving(launch(t, folder, nil, "serve", "--demo", "--listen=127.0.0.1:0"))
	eventually(
		t,
		"the credentials are printed",
		func() bool { return server.stdout.count("locked", "locked@example.com") > 0 },
	)
	printed := server.stdout.String()

	for _, line := range []string{
		"Playground: " + server.url + "/\n", `password "` + rightPassword + `"`,
		"  demo      or demo@example.com  ", "  imported  or imported@example.com  ",
		"  locked    or locked@example.com  ",
	} {
		if !strings.Contains(printed, line) {
			t.Errorf("not printed: %q", line)
		}
	}

	server.expectStatus("/", http.StatusOK)

	s := &site{t: t, url: "sqlite://" + folder + "/data/authtickets.db"}
	external := func() string {
		return strings.Join(
			s.texts(
				"SELECT user_name FROM customer_accounts WHERE has_external_password OR password_hash NOT LIKE '$"+
					"argon2id$%'",
			),
			" ",
		)
	}
	if got := external(); got != "imported" {
		t.Errorf("imported with another system's hash: %q", got)
	}

	for _, name := range []string{"demo", "demo@example.com", "imported@example.com", "imported"} {
		expect(t, server.ask(signInOperation(name, "wrong", "")), "INVALID_CREDENTIALS")
		held := server.signIn(name)
		got := server.ask(accountOperation(), "Authorization", "Bearer "+held.AccessToken)
		var shopper struct {
			CustomerAccount struct {
				UserName   string
				Attributes []any
			}
		}

		must(t, json.Unmarshal(got.Data["currentShopper"], &shopper))
		if is := shopper.CustomerAccount; !strings.HasPrefix(name, is.UserName) || len(is.Attributes) == 0 {
			t.Errorf("%s: %s", name, got.Text)
		}
	}

	if got := external(); got != "" {
		t.Errorf("not renewed by signing in: %q", got)
	}

	for _, name := range []string{"locked", "locked@example.com"} {
		expect(t, server.ask(signInOperation(name, rightPassword, "")), "ACCOUNT_LOCKED")
		expect(t, server.ask(signInOperation(name, "wrong", "")), "INVALID_CREDENTIALS")
	}
}
