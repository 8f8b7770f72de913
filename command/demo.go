package command

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
)

//go:embed demo.jsonl
var demoCustomers []byte

// DemoCredentials explains how the sample customers sign in.
const DemoCredentials = `Sample customers, all with the password "correct horse battery staple":
  demo      or demo@example.com       signs in
  imported  or imported@example.com   signs in; its bcrypt hash is replaced at the first sign-in
  locked    or locked@example.com     is locked
`

// errNotFresh means that a database has accounts besides those of the sample customers.
var errNotFresh = errors.New("--demo: the database has accounts already; name another folder with --data")

// LoadDemo imports the sample customers, unless they exist already.
func LoadDemo(ctx context.Context, book *accounts.Book) error {
	others, err := book.Store.HasAccountsBeside(ctx, demoIDs()...)
	switch {
	case err != nil:
		return err
	case others:
		return errNotFresh
	}

	if loaded, err := demoLoaded(ctx, book); err != nil || loaded {
		return err
	}

	var refusals []error
	_, err = book.Import(ctx, access.Server(), bytes.NewReader(demoCustomers), accounts.ImportOptions{
		Refused: func(line int, reason error) {
			refusals = append(refusals, fmt.Errorf("line %d: %w", line, reason))
		},
		Progress: func(accounts.Counts) {},
	})
	return errors.Join(append(refusals, err)...)
}

// demoIDs returns the external ids of the sample customers.
func demoIDs() []string { return []string{"demo-1", "demo-2", "demo-3"} }

// demoLoaded reports whether all sample customers exist.
func demoLoaded(ctx context.Context, book *accounts.Book) (bool, error) {
	for _, id := range demoIDs() {
		_, err := book.Find(ctx, access.Server(), accounts.Key{ExternalID: &id}, nil)
		if errors.Is(err, accounts.ErrNotFound) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
}
