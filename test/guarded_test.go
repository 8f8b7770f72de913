package test_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
)

// call is an operation of the domain with its input, as some caller calls it.
type call func(ctx context.Context, caller *access.Caller) error

// operation is what to expect of a call.
type operation struct {
	act string
	// right is what an application needs; empty if no application can have it.
	right string
	// missing is the reason of a caller who lacks it.
	missing models.Reason
	// isSilent says that only a refusal is recorded.
	isSilent bool
	// record is what the record has besides the act, who acts and the outcome.
	record act
	do     call
}

// Every operation that needs a right checks it, and is recorded whatever its outcome.
func TestActs(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		ada := o.customer("ada")
		manager, introspector := access.ManageAccounts().Behavior(), access.IntrospectTickets().Behavior()
		able := map[string]*access.Caller{
			manager:      o.confidential("backend", manager, "other"),
			introspector: o.confidential("gateway", introspector),
			"":           o.confidential("almighty", manager, introspector), // it may not do what only operators may
		}
		unable := o.confidential("weak", "other")

		for _, operation := range o.guarded(ada) {
			o.acts()
			right := func(name string) bool { return name == operation.right && name != "" }
			callers := []*access.Caller{unable, access.Operator()}

			for name, caller := range able {
				if operation.right != "" || name == "" {
					callers = append(callers, caller)
				}
			}

			for _, caller := range callers {
				by, allowed := caller.Application, caller.Application == ""
				for name, other := range able {
					allowed = allowed || other == caller && (right(name) || name == "" && operation.right != "")
				}

				if by == "" {
					by = "operator"
				}

				o.expectAct(operation, caller, by, allowed)
			}
		}
	})
}

// expectAct calls an operation, and compares its outcome and its record.
func (o *office) expectAct(operation operation, caller *access.Caller, by string, allowed bool) {
	o.t.Helper()
	err := operation.do(o.t.Context(), caller)
	want := operation.record
	want.Act, want.By, want.Outcome, want.Msg, want.Level = operation.act, by, "done", access.ActDone, "INFO"
	if !allowed {
		want = act{Act: operation.act, By: by, Outcome: string(operation.missing), Msg: "act refused", Level: "INFO"}
		if operation.right == "" {
			want.By = "" // nobody asks who it is
		}
		if !errors.Is(err, &models.Error{Reason: operation.missing}) {
			o.t.Errorf("%s by %s: %v", operation.act, by, err)
		}
	} else if err != nil {
		o.t.Errorf("%s by %s: %v", operation.act, by, err)
	}

	wanted := []act{want}
	if allowed && operation.isSilent {
		wanted = nil
	}
	if got := o.acts(); !slices.Equal(got, wanted) {
		o.t.Errorf("%s by %s:\ngot  %+v\nwant %+v", operation.act, by, got, wanted)
	}
}

// guarded returns all operations that need a right.
func (o *office) guarded(ada *models.CustomerAccount) []operation {
	return slices.Concat(o.guardedOnAccounts(ada), o.guardedReads(ada), o.guardedOnApplications())
}

// guardedOnAccounts returns the operations that change an account.
func (o *office) guardedOnAccounts(ada *models.CustomerAccount) []operation {
	key := accounts.Key{ID: ada.ID}
	changes := func(name string, do call) operation {
		return operation{
			act:     name,
			right:   access.ManageAccounts().Behavior(),
			missing: models.ReasonBehaviorMissing,
			record:  act{User: ada.UserID.String()},
			do:      do,
		}
	}
	switches := func(name string, do func(
		context.Context, *access.Caller, accounts.Key, *accounts.Selection,
	) (*models.CustomerAccount, error),
	) operation {
		return changes(name, func(ctx context.Context, caller *access.Caller) error {
			return errOf(do(ctx, caller, key, accounts.Whole()))
		})
	}

	imports := changes("account.import", func(ctx context.Context, caller *access.Caller) error {
		return errOf(o.Accounts.Import(ctx, caller, strings.NewReader(`{"userName":""}`), accounts.ImportOptions{
			Refused:  func(int, error) {},
			Progress: func(accounts.Counts) {},
		}))
	})
	imports.record = act{Read: 1, Refused: 1}

	return []operation{
		switches("account.lock", o.Accounts.Lock),
		switches("account.unlock", o.Accounts.Unlock),
		switches("account.deactivate", o.Accounts.Deactivate),
		switches("account.activate", o.Accounts.Activate),
		changes("account.set-password", func(ctx context.Context, caller *access.Caller) error {
			return errOf(o.Accounts.SetPassword(ctx, caller, key, secret.New("another one"), nil))
		}),
		changes("account.update", func(ctx context.Context, caller *access.Caller) error {
			return errOf(o.Accounts.Update(ctx, caller, key, record(o.t, "lastName", "Lovelace")))
		}),
		imports,
	}
}

// guardedReads returns the operations that applications may call and that change nothing.
func (o *office) guardedReads(ada *models.CustomerAccount) []operation {
	key := accounts.Key{ID: ada.ID}
	reads := func(name string, right access.Right, do call) operation {
		return operation{
			act:      name,
			right:    right.Behavior(),
			missing:  models.ReasonBehaviorMissing,
			isSilent: true,
			do:       do,
		}
	}
	manage := access.ManageAccounts()

	// A shopper's token would do, too, so that is what is missing.
	references := reads("account.read", manage, func(ctx context.Context, caller *access.Caller) error {
		return errOf(o.Accounts.AccountsOf(ctx, caller, []models.ID{ada.UserID}, nil))
	})
	references.missing = models.ReasonTokenMissing

	return []operation{
		references,
		reads("account.read", manage, func(ctx context.Context, caller *access.Caller) error {
			return errOf(o.Accounts.Find(ctx, caller, key, nil))
		}),
		reads("account.read", manage, func(ctx context.Context, caller *access.Caller) error {
			return errOf(o.AccountSessions(ctx, caller, key))
		}),
		reads("ticket.introspect", access.IntrospectTickets(), func(ctx context.Context, caller *access.Caller) error {
			return errOf(o.Introspect(ctx, caller, secret.New("x")))
		}),
	}
}

// guardedOnApplications returns the operations on applications, which only an operator may call.
func (o *office) guardedOnApplications() []operation {
	const id = "storefront"
	changes := func(name, id string, do call) operation {
		return operation{
			act:     name,
			missing: models.ReasonBehaviorMissing,
			record:  act{Application: id},
			do:      do,
		}
	}
	reads := func(do call) operation {
		return operation{
			act:      "application.read",
			missing:  models.ReasonBehaviorMissing,
			isSilent: true,
			do:       do,
		}
	}

	book := o.applications
	return []operation{
		changes("application.update", id, func(ctx context.Context, caller *access.Caller) error {
			return errOf(book.Update(ctx, caller, id, applications.Change{Name: new("Shop")}))
		}),
		changes("application.disable", id, func(ctx context.Context, caller *access.Caller) error {
			return errOf(book.Disable(ctx, caller, id))
		}),
		changes("application.enable", id, func(ctx context.Context, caller *access.Caller) error {
			return errOf(book.Enable(ctx, caller, id))
		}),
		changes("application.configure", id, func(ctx context.Context, caller *access.Caller) error {
			return book.ConfigureStorefront(ctx, caller, []string{"cart.write"}, nil)
		}),
		changes("application.delete", id, func(ctx context.Context, caller *access.Caller) error {
			return book.Delete(ctx, caller, id)
		}),
		changes("application.create", id, func(ctx context.Context, caller *access.Caller) error {
			return errOf(book.Create(ctx, caller, applications.New{ID: id}))
		}),
		changes("application.rotate-secret", "weak", func(ctx context.Context, caller *access.Caller) error {
			return errOf(book.RotateSecret(ctx, caller, "weak", 0))
		}),
		reads(func(ctx context.Context, caller *access.Caller) error { return errOf(book.All(ctx, caller)) }),
		reads(func(ctx context.Context, caller *access.Caller) error { return errOf(book.Find(ctx, caller, id)) }),
	}
}

// The documents list every act that the code names, and no other.
func TestActsAreDocumented(t *testing.T) {
	t.Parallel()

	document, err := os.ReadFile("../docs/acts.md")
	must(t, err)
	var documented []string
	for _, row := range regexp.MustCompile("(?m)^\\| `[a-z]+\\.[^|]*").FindAllString(string(document), -1) {
		for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row, -1) {
			documented = append(documented, name[1])
		}
	}
	slices.Sort(documented)

	if named := namedActs(t); !slices.Equal(named, documented) {
		t.Errorf("docs/acts.md lists\n%q\nthe code names\n%q", documented, named)
	}
}

// Every act of accounts, applications and tickets is tried by TestActs. Acts of keysets and of
// sessions have tests of their own, and so do those that make or end what they are about.
func TestActsAreTried(t *testing.T) {
	t.Parallel()

	o := open(t, sqlite(t))
	tried := []string{"account.create", "account.delete", "application.sign-in", "application.sign-out"}
	for _, operation := range o.guarded(o.customer("ada")) {
		tried = append(tried, operation.act)
	}
	for _, act := range namedActs(t) {
		isElsewhere := strings.HasPrefix(act, "keyset.") || strings.HasPrefix(act, "session.")
		if !isElsewhere && !slices.Contains(tried, act) {
			t.Errorf("%s is not among the operations of TestActs", act)
		}
	}
}

// namedActs returns the names that the domain gives to access.Act and access.Record, sorted.
func namedActs(t *testing.T) []string {
	t.Helper()

	names := map[string]bool{}
	pattern := regexp.MustCompile(`access\.(?:Act\{\s*Name:\s*|Record\(ctx, \w+\.Desk, )"([^"]+)"`)
	for _, folder := range []string{"accounts", "applications", "keyring", "tickets"} {
		files, err := filepath.Glob("../" + folder + "/*.go")
		must(t, err)
		for _, file := range files {
			code, err := os.ReadFile(file)
			must(t, err)
			for _, match := range pattern.FindAllSubmatch(code, -1) {
				names[string(match[1])] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}
