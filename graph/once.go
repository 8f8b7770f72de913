package graph

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/99designs/gqlgen/graphql"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/tickets"
)

// asking is a request: its caller, and what has been read for it. A document can select one thing
// under many aliases. Whatever their number, it is read once, with all that is selected of it.
type asking struct {
	caller *access.Caller
	mutex  sync.Mutex
	reads  map[string]any
}

// once returns what read returns, and calls it once for all fields of an operation that have the
// key.
func once[Value any](ctx context.Context, key string, read func() (Value, error)) (Value, error) {
	present, ok := ctx.Value(callerKey{}).(*asking)
	if !ok {
		return read()
	}
	values := present.readOf(key, func() any { return sync.OnceValues(read) })
	return values.(func() (Value, error))() //nolint:forcetypeassert // a key has one type
}

func (a *asking) readOf(key string, begin func() any) any {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.reads == nil {
		a.reads = map[string]any{}
	}
	if a.reads[key] == nil {
		a.reads[key] = begin()
	}
	return a.reads[key]
}

// rootFields are the fields of the operation that are called by one of the names.
func rootFields(ctx context.Context, names ...string) []graphql.CollectedField {
	operation := graphql.GetOperationContext(ctx)
	var fields []graphql.CollectedField
	for _, field := range graphql.CollectFields(operation, operation.Operation.SelectionSet, queryImplementors) {
		for _, name := range names {
			if field.Name == name {
				fields = append(fields, field)
			}
		}
	}
	return fields
}

// alike returns the root fields that ask for the same as the present one, which is among them, and
// a key that stands for it.
func alike(ctx context.Context) (key string, fields []graphql.CollectedField) {
	present := graphql.GetFieldContext(ctx).Field
	key = questionOf(ctx, present)
	for _, field := range rootFields(ctx, present.Name) {
		if questionOf(ctx, field) == key {
			fields = append(fields, field)
		}
	}
	return key, fields
}

func questionOf(ctx context.Context, field graphql.CollectedField) string {
	arguments, err := json.Marshal(field.ArgumentMap(graphql.GetOperationContext(ctx).Variables))
	if err != nil {
		return field.Name + " as " + field.Alias
	}
	return field.Name + string(arguments)
}

// accountOf returns what is selected of an account by any of the fields.
func accountOf(ctx context.Context, fields []graphql.CollectedField) *accounts.Selection {
	var selection *accounts.Selection
	for _, field := range fields {
		selection = addSelected(selection, graphql.GetOperationContext(ctx), field.Selections)
	}
	return selection
}

// shopper returns who holds the caller's access token, with what the present field selects.
func (r *Resolver) shopper(ctx context.Context) (*tickets.Shopper, error) {
	caller, wanted := callerOf(ctx), selected(ctx)
	fields := rootFields(ctx, "currentShopper", "_entities")
	if len(fields) <= 1 {
		return r.Office.Verify(ctx, caller, wanted)
	}

	shopper, err := r.Office.Verify(ctx, caller, tickets.Selection{})
	if err != nil {
		return nil, err
	}
	// A field fails only where it selects what cannot be read.
	if wanted.Account != nil {
		if shopper.CustomerAccount, err = r.accountOfShopper(ctx, fields); err != nil {
			return nil, err
		}
	}
	if wanted.Sessions {
		shopper.Sessions, err = r.sessionsOfShopper(ctx)
	}
	return shopper, err
}

func (r *Resolver) accountOfShopper(
	ctx context.Context, fields []graphql.CollectedField,
) (*models.CustomerAccount, error) {
	return once(ctx, "account of the shopper", func() (*models.CustomerAccount, error) {
		var all tickets.Selection
		for _, field := range fields {
			all = selectedBy(ctx, field, all)
		}
		shopper, err := r.Office.Verify(ctx, callerOf(ctx), tickets.Selection{Account: all.Account})
		if err != nil {
			return nil, err
		}
		return shopper.CustomerAccount, nil
	})
}

func (r *Resolver) sessionsOfShopper(ctx context.Context) ([]models.Session, error) {
	return once(ctx, "sessions of the shopper", func() ([]models.Session, error) {
		shopper, err := r.Office.Verify(ctx, callerOf(ctx), tickets.Selection{Sessions: true})
		if err != nil {
			return nil, err
		}
		return shopper.Sessions, nil
	})
}

// account returns the account that the present field asks for.
func (r *Resolver) account(ctx context.Context, key accounts.Key) (*models.CustomerAccount, error) {
	question, fields := alike(ctx)
	return once(ctx, question, func() (*models.CustomerAccount, error) {
		return r.Accounts.Find(ctx, callerOf(ctx), key, accountOf(ctx, fields))
	})
}

// accountSessions returns the sessions that the present field asks for.
func (r *Resolver) accountSessions(ctx context.Context, key accounts.Key) ([]models.Session, error) {
	question, _ := alike(ctx)
	return once(ctx, question, func() ([]models.Session, error) {
		return r.Office.AccountSessions(ctx, callerOf(ctx), key)
	})
}
