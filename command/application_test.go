package command_test

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/command"
)

func newApplications(t testing.TB) *console {
	t.Helper()
	c := newConsole(t)
	c.group = "application"
	return c
}

var secretLine = regexp.MustCompile(`^([^\n]+)\nIts secret, which is not shown again: ([A-Za-z0-9]{40,44})\n$`)

// secret runs a command that must print a line followed by a secret, and returns the secret.
func (c *console) secret(line string, arguments ...string) string {
	c.t.Helper()
	out, err := c.run(arguments...)
	found := secretLine.FindStringSubmatch(out)
	if err != nil || found == nil || found[1] != line || c.stderr != "" {
		c.t.Fatalf("%s: prints\n%s%s\nand fails with %v", arguments, out, c.stderr, err)
	}

	return found[2]
}

func TestApplicationCreateAndShow(t *testing.T) {
	t.Parallel()

	c := newApplications(t)
	c.want(
		"Created the application shop.\n", "", "create", "shop", "--name=Shop \u202e",
		"--behaviors=cart.write, order.read", "--origins=https://shop.example,*",
		"--client-id=SHOP.APP.1.0.0.Release", "--behavior-numbers=order.read=5, cart.write=1014",
		"--access-lifetime=5m", "--refresh-lifetime=1h", "--anonymous-refresh-lifetime=2h",
		"--session-lifetime=3h",
	)

	c.want(`id                        shop
clientId                  SHOP.APP.1.0.0.Release
name                      Shop `+"\ufffd"+`
isConfidential            false
isDisabled                false
behaviors                 cart.write,order.read
anonymousBehaviors        -
ownBehaviors              -
origins                   https://shop.example,*
behaviorNumbers           cart.write=1014,order.read=5
accessLifetime            5m0s
refreshLifetime           1h0m0s
anonymousRefreshLifetime  2h0m0s
sessionLifetime           3h0m0s
previousSecretUntil       -
sessionsFrom              2026-11-24T09:29:55Z
createdAt                 2026-11-24T09:30:00Z
updatedAt                 2026-11-24T09:30:00Z
`, "", "show", "shop")

	c.want(
		`{"accessLifetime":"5m0s","anonymousBehaviors":[],"anonymousRefreshLifetime":"2h0m0s",`+
			`"behaviorNumbers":{"cart.write":1014,"order.read":5},"behaviors":["cart.write","order.read"],`+
			`"clientId":"SHOP.APP.1.0.0.Release","createdAt":"2026-11-24T09:30:00Z",`+
			`"id":"shop","isConfidential":false,"isDisabled":false,`+
			`"name":"Shop `+"\u202e"+`","origins":["https://shop.example","*"],`+
			`"ownBehaviors":[],"previousSecretUntil":null,"refreshLifetime":"1h0m0s","sessionLifetime":"3h0m0s",`+
			`"sessionsFrom":"2026-11-24T09:29:55Z",`+
			`"updatedAt":"2026-11-24T09:30:00Z"}`+"\n",
		"",
		"show",
		"shop",
		"--json",
	)

	c.want("", "another application has this id or client id", "create", "shop")
	c.want("", `id: "Shop" is not 1 to 32 lower-case letters, digits and '-', of which the first is a letter`+"\n"+
		"ownBehaviors: only a confidential application can have any, because it proves who it "+
		"is", "create", "Shop", "--own-behaviors=x")

	c.secret(
		"Created the application gateway.",
		"create",
		"gateway",
		"--confidential",
		"--own-behaviors=tickets.introspect",
	)

	_, err := c.run("disable", "gateway", "--yes")
	if err != nil {
		t.Fatal(err)
	}

	c.want(
		"ID          KIND          STATE     NAME\ngateway     confidential  disabled  gateway\nshop        "+
			"public        enabled   Shop \ufffd\nstorefront  public        enabled   Storefront\n",
		"",
		"list",
	)

	out, err := c.run("list", "--json")
	if lines := strings.Split(out, "\n"); err != nil || len(lines) != 4 || !json.Valid([]byte(lines[0])) ||
		!strings.Contains(lines[0], `"ownBehaviors":["tickets.introspect"]`) {
		t.Errorf("%s%v", out, err)
	}
}

// A field without a flag does not change, and an empty list clears the field.
func TestApplicationUpdate(t *testing.T) {
	t.Parallel()

	c := newApplications(t)
	for _, step := range []struct {
		arguments []string
		want      string
	}{
		{
			[]string{"--behaviors=a,b", "--anonymous-behaviors=a", "--origins=*", "--access-lifetime=5m"},
			`["Storefront",["a","b"],["a"],["*"],"5m0s"]`,
		},
		{
			[]string{"--origins", "https://shop.example"},
			`["Storefront",["a","b"],["a"],["https://shop.example"],"5m0s"]`,
		},
		{[]string{"--origins", "", "--name=Shop"}, `["Shop",["a","b"],["a"],[],"5m0s"]`},
		{[]string{"--behaviors=", "--access-lifetime=0"}, `["Shop",[],["a"],[],null]`},
	} {
		c.want(
			"storefront is updated. Every server knows within 5 seconds.\n",
			"",
			append([]string{"update", "storefront"}, step.arguments...)...)
		fields := c.show("storefront")
		got, err := json.Marshal([]any{
			fields["name"],
			fields["behaviors"],
			fields["anonymousBehaviors"],
			fields["origins"],
			fields["accessLifetime"],
		})
		if err != nil || string(got) != step.want {
			t.Errorf("%s: got %s, %v, want %s", step.arguments, got, err, step.want)
		}
	}

	c.want("", "nothing to change: use a flag for each field to change", "update", "storefront")
	c.want("", "there is no such application", "update", "nobody", "--name=x")
	c.want("", "name: must not be empty", "update", "storefront", "--name=")
	c.want(
		"",
		`behaviors: "" is not a name of up to 64 letters, digits, '.', '_', ':' and '-'`,
		"update",
		"storefront",
		"--behaviors=a,",
	)
}

// A secret is printed when it is made, and never again. Its hash is never printed.
func TestApplicationSecrets(t *testing.T) {
	t.Parallel()

	c := newApplications(t)
	first := c.secret("Created the application gateway.", "create", "gateway", "--confidential")
	second := c.secret(
		"gateway has a new secret. The previous secret stays valid for 24h0m0s.",
		"rotate-secret",
		"gateway",
		"--keep-old=24h",
	)

	third := c.secret("gateway has a new secret. The previous secret is no longer valid.", "rotate-secret", "gateway")
	c.secret(
		"gateway has a new secret. The previous secret stays valid for 1h0m0s.",
		"rotate-secret",
		"gateway",
		"--keep-old=1h",
	)
	if first == second || second == third || c.show("gateway")["previousSecretUntil"] != "2026-11-24T10:30:00Z" {
		t.Errorf("the secrets repeat, or %v", c.show("gateway"))
	}

	for _, arguments := range [][]string{
		{"show", "gateway"}, {"show", "gateway", "--json"}, {"list"}, {"list", "--json"},
	} {
		out, err := c.run(arguments...)
		if err != nil || strings.Contains(strings.ToLower(out), "hash") || strings.Contains(out, third) {
			t.Errorf("%s: %v prints\n%s", arguments, err, out)
		}
	}

	c.want("", "id: a public application has no secret", "rotate-secret", "storefront")
	c.want("", "there is no such application", "rotate-secret", "nobody")
	c.want("", "keepOld: must not be negative", "rotate-secret", "gateway", "--keep-old=-1s")
}

func TestApplicationDisableEnableDelete(t *testing.T) {
	t.Parallel()

	c := newApplications(t)
	c.stdin = strings.NewReader("yes\n") // not on a terminal
	c.want("", "nothing was disabled: answer yes, or use --yes", "disable", "storefront")

	for range 2 { // it can be repeated
		c.want("storefront is disabled, and its sessions have ended.\n", "", "disable", "storefront", "--yes")
		if c.show("storefront")["isDisabled"] != true {
			t.Error("it is not disabled")
		}
	}

	for range 2 {
		c.want("storefront is enabled.\n", "", "enable", "storefront")
		if c.show("storefront")["isDisabled"] != false {
			t.Error("it is not enabled")
		}
	}

	c.want("", "nothing was deleted: answer yes, or use --yes", "delete", "storefront")
	c.want("storefront is deleted, and its sessions have ended.\n", "", "delete", "storefront", "--yes")
	for _, name := range []string{"show", "disable", "enable", "delete"} {
		c.want("", "there is no such application", name, "storefront")
	}
}

func TestApplicationHelp(t *testing.T) {
	t.Parallel()

	c := newApplications(t)
	for _, name := range []string{"create", "update", "rotate-secret"} {
		out, err := c.run(name, "--help")
		if !errors.Is(err, command.ErrHelp) || !strings.Contains(out, "\n    authtickets application "+name+" ") {
			t.Errorf("%s: there is no example: %v\n%s", name, err, out)
		}
	}

	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	c.context = ctx
	if _, err := c.run("list"); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}
