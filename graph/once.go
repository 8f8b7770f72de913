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

// request holds the caller of a request, and what has been read for it. A document can select the
// same thing under many aliases. It is read only once, with everything that is selected of it.
type request struct {
	caller *access.Caller
	mutex  sync.Mutex
	reads  map[string]any
}

// once returns what read returns. It calls read only once for all fields of an operation that have
// the same key.
func once[Value any](ctx context.Context, key string, read func() (Value, error)) (Value, error) {
	current, ok := ctx.Value(callerKey{}).(*request)
	if !ok {
		return read()
	}
	values := current.readOf(key, func() any { return sync.OnceValues(read) })
	return values.(func() (Value, error))() //nolint:forcetypeassert // a key has one type
}

func (r *request) readOf(key string, begin func() any) any {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.reads == nil {
		r.reads = map[string]any{}
	}
	if r.reads[key] == nil {
		r.reads[key] = begin()
	}
	return r.reads[key]
}

// rootFields returns the root fields of the operation that have one of the names.
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

// sameQuestion returns the root fields that have the name and the arguments of the current field,
// which is one of them. It also returns a key for them.
func sameQuestion(ctx context.Context) (key string, fields []graphql.CollectedField) {
	current := graphql.GetFieldContext(ctx).Field
	key = questionOf(ctx, current)
	for _, field := range rootFields(ctx, current.Name) {
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

// shopper returns the holder of the caller's access token, with what the current field selects.
func (r *Resolver) shopper(ctx context.Context) (*tickets.Shopper, error) {
	caller, wanted := CallerOf(ctx), Selected(ctx)
	fields := rootFields(ctx, "currentShopper", "_entities")
	if len(fields) <= 1 {
		return r.Office.Verify(ctx, caller, wanted)
	}

	shopper, err := r.Office.Verify(ctx, caller, tickets.Selection{})
	if err != nil {
		return nil, err
	}
	// If something cannot be read, only the fields that select it fail.
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
		shopper, err := r.Office.Verify(ctx, CallerOf(ctx), tickets.Selection{Account: all.Account})
		if err != nil {
			return nil, err
		}
		return shopper.CustomerAccount, nil
	})
}

func (r *Resolver) sessionsOfShopper(ctx context.Context) ([]models.Session, error) {
	return once(ctx, "sessions of the shopper", func() ([]models.Session, error) {
		shopper, err := r.Office.Verify(ctx, CallerOf(ctx), tickets.Selection{Sessions: true})
		if err != nil {
			return nil, err
		}
		return shopper.Sessions, nil
	})
}

// account returns the account that the current field asks for.
func (r *Resolver) account(ctx context.Context, key accounts.Key) (*models.CustomerAccount, error) {
	return ReadAccount(ctx, func(selection *accounts.Selection) (*models.CustomerAccount, error) {
		return r.Accounts.Find(ctx, CallerOf(ctx), key, selection)
	})
}

// ReadAccount returns the account that the current field asks for. It calls read once for all
// fields of the operation that ask for the same account, with what any of them selects.
func ReadAccount(
	ctx context.Context, read func(*accounts.Selection) (*models.CustomerAccount, error),
) (*models.CustomerAccount, error) {
	question, fields := sameQuestion(ctx)
	return once(ctx, question, func() (*models.CustomerAccount, error) {
		return read(accountOf(ctx, fields))
	})
}

// accountSessions returns the sessions that the current field asks for.
func (r *Resolver) accountSessions(ctx context.Context, key accounts.Key) ([]models.Session, error) {
	question, _ := sameQuestion(ctx)
	return once(ctx, question, func() ([]models.Session, error) {
		return r.Office.AccountSessions(ctx, CallerOf(ctx), key)
	})
}
