package command_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAccountCreateAndShow(t *testing.T) {
	t.Parallel()

	c := newConsole(t)
	c.stdin = strings.NewReader("the password\r\nand no more")
	out, err := c.run(
		"create", "ada", "--email=Ada@example.com", "--first-name=Ada", "--last-name=O&M \u202e",
		"--company=<Co>", "--locale=en-GB", "--account-type=B2C", "--customer-set=gold", "--tax-id=T",
		"--tax-exempt", "--accepts-marketing", "--external-id=X 1", "--since=2020-02-29T12:00:00.5Z",
		`--attribute=b=["x,y",1.0]`, `--attribute=a={"k=v":null}`, `--attribute=c="<é>"`,
	)
	if err != nil || !strings.HasPrefix(out, "Created account 1, user id ") {
		t.Fatalf("%s%v", out, err)
	}

	id := c.show("ada")["userId"].(string)
	table := strings.ReplaceAll(`id                     1
userId                 ID
userName               ada
emailAddress           Ada@example.com
firstName              Ada
lastName               O&M `+"\ufffd"+`
companyOrOrganization  <Co>
externalId             X 1
accountType            B2C
customerSet            gold
customerSinceDate      2020-02-29T12:00:00.5Z
localeCode             en-GB
taxId                  T
taxExempt              true
acceptsMarketing       true
isActive               true
isLocked               false
isAnonymous            false
hasExternalPassword    false
attribute a            [{"k=v":null}]
attribute b            ["x,y",1.0]
attribute c            ["\u003cé\u003e"]
`, "ID", id)

	for _, who := range [][]string{
		{"ada"}, {"ADA@example.com"}, {"--id=1"}, {"--user-id=" + strings.ToUpper(id)}, {"--external-id=X 1"},
	} {
		c.want(table, "", append([]string{"show"}, who...)...)
	}

	object := fmt.Sprintf(
		`{"acceptsMarketing":true,"accountType":"B2C","attributes":[{"attributeDefinitionId":null,`+
			`"fullyQualifiedName":"a","values":[{"k=v":null}]},`+
			`{"attributeDefinitionId":null,"fullyQualifiedName":"b","values":["x,y",1.0]},`+
			`{"attributeDefinitionId":null,"fullyQualifiedName":"c","values":["\u003cé\u003e"]}],`+
			`"companyOrOrganization":"<Co>","customerSet":"gold","customerSinceDate":"2020-02-29T12:00:00.5Z",`+
			`"emailAddress":"Ada@example.com","externalId":"X 1",`+
			`"firstName":"Ada","hasExternalPassword":false,"id":1,"isActive":true,"isAnonymous":false,`+
			`"isLocked":false,"lastName":"O&M \u202e","localeCode":"en-GB",`+
			`"taxExempt":true,"taxId":"T","userId":"%s","userName":"ada"}`,
		id,
	) + "\n"

	object = strings.ReplaceAll(object, `\u202e`, "\u202e")
	c.want(object, "", "show", "ada", "--json")
	c.stdin = strings.NewReader(object) // the output can be imported
	c.want("1 rows: 0 created, 0 updated, 1 unchanged, 0 refused.\n", "", "import", "-")
}

func TestAccountCreateRefuses(t *testing.T) {
	t.Parallel()

	c := newConsole(t)
	for _, test := range []struct {
		stdin, failure string
		arguments      []string
	}{
		{"", "there is no password on the standard input", []string{"ada"}},
		{"\nx\n", "there is no password on the standard input", []string{"ada"}},
		{"  \n", "password is empty or blank", []string{"ada"}},
		{strings.Repeat("x", 1025) + "\n", "password is longer than 1024 bytes", []string{"ada"}},
		{
			strings.Repeat("x", 1<<20), "the first line of the standard input is longer than a password can be",
			[]string{"ada"},
		},
		{"x", "userName must not be empty", []string{""}},
		{"x", "userName is longer than 254 characters", []string{strings.Repeat("x", 255)}},
		{"x", "emailAddress must be like name@example.com", []string{"ada", "--email=x"}},
		{
			"x", `--attribute a: the value must be JSON; a text is written "\"text\""`,
			[]string{"ada", "--attribute=a=x"},
		},
		{
			"x", "attribute 1: fullyQualifiedName must not begin or end with a blank",
			[]string{"ada", "--attribute=a =1"},
		},
		{
			"x", "customerSinceDate must be an instant in RFC 3339, e.g. 2026-11-24T09:30:00Z",
			[]string{"ada", "--since=yesterday"},
		},
	} {
		c.stdin = strings.NewReader(test.stdin)
		c.want("", test.failure, append([]string{"create"}, test.arguments...)...)
	}

	if _, err := c.run("create", "ada", "--no-password", "--external-id=2"); err != nil {
		t.Fatal(err)
	}

	c.want("", "the account exists already", "create", "ADA", "--no-password")
	c.want(
		"", "userName is a name that another account signs in with", "create", "ada", "--no-password",
		"--external-id=1",
	)
}

func TestAccountIsNamedInOneWay(t *testing.T) {
	t.Parallel()

	c := newConsole(t)
	const one = "name one account: by its user name or e-mail address, with --id, --user-id or --external-id"
	for _, test := range []struct {
		failure string
		who     []string
	}{
		{one, nil},
		{one, []string{"ada", "--id=1"}},
		{one, []string{"--id=1", "--external-id=1"}},
		{one, []string{"--id=1", "--user-id=1"}},
		{"--user-id: an id has 32 hexadecimal digits", []string{"--user-id=1"}},
		{"there is no such account", []string{"ada"}},
		{"there is no such account", []string{"a\x00b"}},
		{"there is no such account", []string{"--id=-1"}},
		{"there is no such account", []string{"--external-id=1"}},
		{"there is no such account", []string{"--user-id=" + strings.Repeat("0", 32)}},
		{"there is no such account", []string{"--user-id=" + strings.Repeat("1", 32)}},
	} {
		c.want("", test.failure, append([]string{"update", "--email="}, test.who...)...)
		for _, name := range []string{"show", "lock", "unlock", "activate", "deactivate", "set-password", "delete"} {
			c.want("", test.failure, append([]string{name}, test.who...)...)
		}
	}
}

func TestAccountChanges(t *testing.T) {
	t.Parallel()

	c := newConsole(t)
	if _, err := c.run("create", "ada", "--no-password"); err != nil {
		t.Fatal(err)
	}

	for _, step := range []struct {
		command, out, field string
		want                bool
	}{
		{"lock", "ada is locked.\n", "isLocked", true},
		{"unlock", "ada is not locked any more.\n", "isLocked", false},
		{"deactivate", "ada is inactive, and its sessions have ended.\n", "isActive", false},
		{"activate", "ada is active.\n", "isActive", true},
	} {
		for range 2 { // it can be repeated
			c.want(step.out, "", step.command, "ada")
			if got := c.show("ada")[step.field]; got != step.want {
				t.Errorf("%s: %s is %v", step.command, step.field, got)
			}
		}
	}

	c.want("", "there is no password on the standard input", "set-password", "ada")
	c.stdin = strings.NewReader("new\n")
	c.want("The password of ada is set, and its sessions have ended.\n", "", "set-password", "ada")
	c.stdin = strings.NewReader(`{"userName":"ada","password":"new"}`)
	c.want("1 rows: 0 created, 0 updated, 1 unchanged, 0 refused.\n", "", "import", "-")

	c.stdin = strings.NewReader("yes\n") // not on a terminal
	c.want("", "nothing was deleted: answer yes, or use --yes", "delete", "ada")
	c.want("ada is deleted, and its sessions have ended.\n", "", "delete", "ada", "--yes")
	c.want("", "there is no such account", "delete", "ada", "--yes")
}

// A field without a flag does not change, and an empty value clears the field.
func TestAccountUpdate(t *testing.T) {
	t.Parallel()

	c := newConsole(t)
	for _, arguments := range [][]string{
		{
			"ada", "--email=ada@x.org", "--external-id=A", "--tax-id=T", "--tax-exempt", "--locale=en",
			"--attribute=a=1", "--attribute=b=2",
		},
		{"bob", "--external-id=B"},
	} {
		if _, err := c.run(append([]string{"create", "--no-password"}, arguments...)...); err != nil {
			t.Fatal(err)
		}
	}

	want := c.show("ada")
	for _, step := range []struct {
		out       string
		arguments []string
		change    map[string]any
	}{
		{
			"ada is updated.\n",
			[]string{"ada", "--email", "", "--tax-id=", "--no-tax-exempt", "--accepts-marketing"},
			map[string]any{"emailAddress": nil, "taxId": nil, "taxExempt": false, "acceptsMarketing": true},
		},
		{
			"eve is updated.\n",
			[]string{"--external-id=A", "--new-user-name=eve", "--new-external-id=E"},
			map[string]any{"userName": "eve", "externalId": "E"},
		},
		{
			"eve is updated.\n",
			[]string{"--user-id=" + want["userId"].(string), "--first-name=Eve", "--since=2020-01-01T00:00:00Z"},
			map[string]any{"firstName": "Eve", "customerSinceDate": "2020-01-01T00:00:00Z"},
		},
		{
			"eve is updated.\n",
			[]string{"eve", "--attribute=c=[3]"},
			map[string]any{"attributes": []any{map[string]any{
				"attributeDefinitionId": nil,
				"fullyQualifiedName":    "c", "values": []any{3.0},
			}}},
		},
		{"eve is updated.\n", []string{"eve", "--no-attributes"}, map[string]any{"attributes": []any{}}},
	} {
		c.want(step.out, "", append([]string{"update"}, step.arguments...)...)
		maps.Copy(want, step.change)
		if diff := cmp.Diff(want, c.show("--id=1")); diff != "" {
			t.Errorf("%s: want -, got +\n%s", step.arguments, diff)
		}
	}

	c.want("", "nothing to change: use a flag for each field to change", "update", "eve")
	c.want(
		"", "--attribute and --no-attributes: use only one of them", "update", "eve", "--no-attributes",
		"--attribute=a=1",
	)
	c.want("", "userName must not be empty", "update", "eve", "--new-user-name=")
	c.want("", "userName is a name that another account signs in with", "update", "eve", "--new-user-name=bob")
	c.want("", "externalId belongs to another account", "update", "eve", "--new-external-id=B")
}

// A command that waits for a password can be interrupted.
func TestAccountCreateIsInterrupted(t *testing.T) {
	t.Parallel()

	c := newConsole(t)
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	silent, _ := io.Pipe()
	c.context, c.stdin = ctx, silent
	c.want("", "interrupted", "create", "ada")
}
