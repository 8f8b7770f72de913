package test_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/test/testkit"
)

// callsOfFields are a call of each root field of the schema.
func callsOfFields() map[string]string {
	const ada = `(account: {userName: "ada"}) { id } }`
	return map[string]string{
		"anonymousShopperTicket": `mutation { anonymousShopperTicket { userId } }`,
		"createUserTicket": `mutation { createUserTicket(input: {username: "nobody", password: "wrong"}) { ` +
			`userId } }`,
		"refreshTicket": `mutation { refreshTicket(refreshToken: "x") { userId } }`,
		"revokeTicket":  `mutation { revokeTicket(refreshToken: "x") { sessionsEnded } }`,
		"endSession":    `mutation { endSession(id: "0123456789abcdef0123456789abcdef") { sessionsEnded } }`,
		"createAccount": `mutation { createAccount(input: {userName: ""}) { id } }`,
		"updateAccount": `mutation { updateAccount(account: {userName: "ada"}, input: {userName: ""}) { ` +
			`id } }`,
		"setAccountPassword": `mutation { setAccountPassword(account: {userName: "ada"}, password: " ") { id } }`,
		"lockAccount":        `mutation { lockAccount` + ada,
		"unlockAccount":      `mutation { unlockAccount` + ada,
		"activateAccount":    `mutation { activateAccount` + ada,
		"deactivateAccount":  `mutation { deactivateAccount` + ada,
		"currentShopper":     `{ currentShopper { userId } }`,
		"introspectTicket":   `{ introspectTicket(accessToken: "x") { active } }`,
		"account":            `{ account(by: {userName: "ada"}) { id } }`,
		"accountSessions":    `{ accountSessions` + ada,
	}
}

// needsOf returns what @needs says of each root field.
func needsOf(t testing.TB, schema *ast.Schema) map[string]string {
	t.Helper()
	needs := map[string]string{}
	for _, definition := range schema.Types {
		for _, field := range definition.Fields {
			isRoot := definition == schema.Query || definition == schema.Mutation
			directive := field.Directives.ForName("needs")
			if !isRoot && directive != nil {
				t.Errorf(
					"%s.%s: only a root field can have @needs, because it is an operation that checks rights",
					definition.Name,
					field.Name,
				)
			}
			if !isRoot || field.Name[0] == '_' {
				continue
			}

			needs[field.Name] = ""
			if directive != nil {
				needs[field.Name] = directive.Arguments.ForName("behavior").Value.Raw
			}
		}
	}

	return needs
}

// What @needs says is what the operations demand, for every root field.
func TestNeeds(t *testing.T) {
	t.Parallel()

	o := open(t, sqlite(t))
	o.customer("ada")
	needs, calls := needsOf(t, o.settings.Schema.Schema()), callsOfFields()
	if fields := slices.Sorted(maps.Keys(needs)); !slices.Equal(fields, slices.Sorted(maps.Keys(calls))) {
		t.Fatal("not a call of each root field, which are", fields)
	}

	headers := map[string][]string{"": as("nothing", o.application("nothing", true, applications.Change{}))}
	for i, right := range access.Rights() {
		id := "right-" + string(rune('a'+i))
		headers[right.Behavior()] = as(
			id, o.application(id, true, applications.Change{OwnBehaviors: []string{right.Behavior()}}),
		)
	}

	for field, needed := range needs {
		for behavior, headers := range headers {
			lacks := o.post(calls[field], nil, headers...).Reason() == models.ReasonBehaviorMissing
			if lacks != (needed != "" && needed != behavior) {
				t.Errorf(
					"%s needs %q, says the schema: an application that has %q is refused for lack of it: %t",
					field,
					needed,
					behavior,
					lacks,
				)
			}
		}
	}
}

// A shopper's ticket gives no right, even if the row of its application says that its tickets carry
// the behavior: a version of the server that did not reserve it can have written that.
func TestTicketsGiveNoRight(t *testing.T) {
	t.Parallel()

	o := open(t, sqlite(t))
	o.customer("ada")
	var behaviors []string

	for _, right := range access.Rights() {
		behaviors = append(behaviors, right.Behavior())
	}

	must(
		t,
		o.Store.ChangeApplication(
			t.Context(),
			applications.Storefront,
			func(application *models.Application, _ time.Time) error {
				application.Behaviors, application.AnonymousBehaviors = behaviors, behaviors
				application.OwnBehaviors = behaviors
				return nil
			},
		),
	)

	o.follow()

	calls := callsOfFields()
	for field, needed := range needsOf(t, o.settings.Schema.Schema()) {
		if needed == "" {
			continue
		}

		for name, headers := range map[string][]string{
			"customer": bearer(o.signIn("ada").AccessToken), "anonymous": bearer(o.anonymous().AccessToken),
			"none": nil,
		} {
			if got := o.post(calls[field], nil, headers...); got.Reason() != models.ReasonBehaviorMissing {
				t.Errorf("%s with the token of %s: %s", field, name, got.Text)
			}
		}
	}
}

// Every root field says why it can fail, and says BEHAVIOR_MISSING if it needs a behavior.
func TestFails(t *testing.T) {
	t.Parallel()

	o := open(t, sqlite(t))
	for field, needed := range needsOf(t, o.settings.Schema.Schema()) {
		reasons := o.reasonsOf(field)
		if slices.Contains(reasons, "BEHAVIOR_MISSING") != (needed != "") {
			t.Errorf("%s needs the behavior %q, and fails with %v", field, needed, reasons)
		}
	}
}

// reasonsOf returns the reasons in the @fails of a root field.
func (o *office) reasonsOf(field string) (reasons []string) {
	schema := o.settings.Schema.Schema()
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation} {
		definition := root.Fields.ForName(field)
		if definition == nil || definition.Directives.ForName("fails") == nil {
			continue
		}
		for _, reason := range definition.Directives.ForName("fails").Arguments.ForName("with").Value.Children {
			reasons = append(reasons, reason.Value.Raw)
		}
	}
	return reasons
}

// checkFails fails the test if an error of a root field has a reason that neither the field's
// @fails nor the description of the directive names. It does not check fields with an alias. With
// --kibo it checks nothing, because clients use names of root fields as aliases for others.
func (o *office) checkFails(got testkit.Answer) {
	o.t.Helper()
	if len(got.Errors) == 0 || o.settings.Schema == nil || o.settings.Facade != nil {
		return
	}

	schema := o.settings.Schema.Schema()
	ofEvery := schema.Directives["fails"].Description
	for _, fault := range got.Errors {
		if len(fault.Path) == 0 {
			continue
		}
		field, _ := fault.Path[0].(string)
		isRoot := schema.Query.Fields.ForName(field) != nil || schema.Mutation.Fields.ForName(field) != nil
		reason := fault.Extensions.Reason
		if isRoot && !strings.Contains(ofEvery, reason) && !slices.Contains(o.reasonsOf(field), reason) {
			o.t.Errorf("@fails of %s does not name %s", field, reason)
		}
	}
}

// The texts that list the rights list all of them.
func TestRightsAreDocumented(t *testing.T) {
	t.Parallel()

	for _, file := range []string{"../schema.graphqls", "../docs/applications.md", "../command/application.go"} {
		text, err := os.ReadFile(file)
		must(t, err)
		for _, right := range access.Rights() {
			if !strings.Contains(string(text), right.Behavior()) {
				t.Errorf("%s does not name the behavior %s", file, right.Behavior())
			}
		}
	}
}
