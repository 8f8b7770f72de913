package command_test

import (
	"encoding/json"
	"testing"
)

// A client id is unique, and never the id of an application. An empty one removes it.
func TestApplicationClientIDs(t *testing.T) {
	t.Parallel()

	c := newApplications(t)
	const updated, taken = "storefront is updated. Every server knows within 5 seconds.\n",
		"another application has this id or client id"
	c.want("Created the application shop.\n", "", "create", "shop", "--client-id", "SHOP.APP.1.0.0.Release")
	c.want("", taken, "create", "other", "--client-id", "SHOP.APP.1.0.0.Release")
	c.want("", taken, "update", "storefront", "--client-id", "SHOP.APP.1.0.0.Release")
	c.want("", "there is no such application", "show", "other")
	if c.show("storefront")["clientId"] != nil {
		t.Error("a refused client id is stored")
	}

	c.want(updated, "", "update", "storefront", "--client-id", "SHOP.APP.2.0.0.Release")
	c.want(updated, "", "update", "storefront", "--name", "Shop")
	if got := c.show("storefront")["clientId"]; got != "SHOP.APP.2.0.0.Release" {
		t.Errorf("another change makes the client id %v", got)
	}
	c.want("shop is updated. Every server knows within 5 seconds.\n", "", "update", "shop", "--client-id", "")
	c.want(updated, "", "update", "storefront", "--client-id", "SHOP.APP.1.0.0.Release")
	if c.show("shop")["clientId"] != nil || c.show("storefront")["clientId"] != "SHOP.APP.1.0.0.Release" {
		t.Error("a client id that was removed cannot be used again")
	}

	for _, id := range []string{"shop", "another-id", ".a.b", "a b", "A/B", "\u00c4.B", "A\n"} {
		quoted, err := json.Marshal(id)
		if err != nil {
			t.Fatal(err)
		}
		shown := string(quoted)
		c.want("", "clientId: "+shown+" is not 1 to 64 letters, digits, '.', '_' and '-', "+
			"with a capital letter or a dot, and with a letter or digit first, e.g. SHOP.APP.1.0.0.Release",
			"update", "shop", "--client-id", id)
	}
	c.want("", "there is no such application", "show", "SHOP.APP.1.0.0.Release")
}

func TestApplicationBehaviorNumbers(t *testing.T) {
	t.Parallel()

	c := newApplications(t)
	const updated = "storefront is updated. Every server knows within 5 seconds.\n"
	numbers := func(want string) {
		t.Helper()
		got, err := json.Marshal(c.show("storefront")["behaviorNumbers"])
		if err != nil || string(got) != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}

	numbers(`{}`)
	c.want(updated, "", "update", "storefront", "--behavior-numbers", "a=0, b:c=65535")
	numbers(`{"a":0,"b:c":65535}`)
	c.want(updated, "", "update", "storefront", "--name", "Shop")
	numbers(`{"a":0,"b:c":65535}`)
	c.want(updated, "", "update", "storefront", "--behavior-numbers", "")
	numbers(`{}`)

	for flag, want := range map[string]string{
		"a=65536": "behaviorNumbers: a: the number must be between 0 and 65535",
		"a=-1":    "behaviorNumbers: a: the number must be between 0 and 65535",
		"a":       `behaviorNumbers: "a" is not NAME=NUMBER, or the name is listed twice`,
		"a=x":     `behaviorNumbers: "a=x" is not NAME=NUMBER, or the name is listed twice`,
		"a=1,a=2": `behaviorNumbers: "a=2" is not NAME=NUMBER, or the name is listed twice`,
		"=1":      `behaviorNumbers: "" is not a name of up to 64 letters, digits, '.', '_', ':' and '-'`,
	} {
		c.want("", want, "update", "storefront", "--behavior-numbers", flag)
	}
	numbers(`{}`)
}
