package web

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/authtickets/authtickets/gqlhttp"
)

// The arguments of @needs and @fails reach the page.
func TestGuideHasTheDirectives(t *testing.T) {
	t.Parallel()

	answer := newGuide(playgroundSettings(t)).answer()
	fields := map[string]gqlhttp.OutlineField{}
	var backOffice []string
	for _, field := range answer.Fields {
		fields[field.Type+"."+field.Name] = field
		if field.IsBackOffice {
			backOffice = append(backOffice, field.Name)
		}
	}

	for name, want := range map[string]gqlhttp.OutlineField{
		"Mutation.anonymousShopperTicket": {Type: "Mutation", Name: "anonymousShopperTicket", Fails: []string{}},
		"Mutation.createUserTicket": {
			Type: "Mutation", Name: "createUserTicket",
			Fails: []string{
				"USERNAME_INVALID", "PASSWORD_INVALID", "INVALID_CREDENTIALS",
				"ACCOUNT_LOCKED", "ACCOUNT_INACTIVE", "TOO_MANY_ATTEMPTS",
			},
		},
		"Query.introspectTicket": {
			Type: "Query", Name: "introspectTicket", Needs: "tickets.introspect", IsBackOffice: true,
			Fails: []string{"BEHAVIOR_MISSING"},
		},
	} {
		if diff := cmp.Diff(want, fields[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}

	want := []string{
		"introspectTicket", "account", "accountSessions", "createAccount", "updateAccount", "setAccountPassword",
		"lockAccount", "unlockAccount", "activateAccount", "deactivateAccount",
	}
	if diff := cmp.Diff(want, backOffice); diff != "" {
		t.Errorf("the back office's fields (-want +got):\n%s", diff)
	}
}

// Every reason and every next step in the guide has a description.
func TestGuideExplainsWhatItNames(t *testing.T) {
	t.Parallel()

	answer := newGuide(playgroundSettings(t)).answer()
	for _, field := range answer.Fields {
		for _, reason := range field.Fails {
			if answer.Reasons[reason] == "" {
				t.Errorf("%s of %s has no text", reason, field.Name)
			}
		}
	}

	var steps []string
	for _, step := range answer.NextSteps {
		if step.Description == "" {
			t.Errorf("%s has no text", step.Name)
		}
		steps = append(steps, step.Name)
	}
	if want := []string{"REFRESH", "SIGN_IN", "WAIT", "FIX_INPUT"}; !slices.Equal(steps, want) {
		t.Errorf("next steps = %q, want %q", steps, want)
	}
}

// A server without introspection does not show its schema here either.
func TestGuideKeepsTheSchema(t *testing.T) {
	t.Parallel()

	settings := playgroundSettings(t)
	settings.Introspection = false
	want := guideAnswer{
		ReuseWindowSeconds: 30,
		Applications:       []string{},
		Outline: gqlhttp.Outline{
			Fields:    []gqlhttp.OutlineField{},
			Reasons:   map[string]string{},
			NextSteps: []gqlhttp.OutlineStep{},
		},
	}
	if diff := cmp.Diff(want, newGuide(settings).answer()); diff != "" {
		t.Errorf("guide (-want +got):\n%s", diff)
	}
}
