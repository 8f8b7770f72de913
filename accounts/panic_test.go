package accounts_test

import (
	"errors"
	"testing"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/safely"
	"github.com/authtickets/authtickets/storage/storagetest"
)

// panicking is a reader that panics.
type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("read") }

// A panic while the file is read ends the import, but not the program.
func TestImportPanics(t *testing.T) {
	t.Parallel()
	b := openBook(t, storagetest.SQLite(t))

	_, err := b.Import(t.Context(), access.Operator(), panicking{}, accounts.ImportOptions{
		Format:   accounts.JSONLines,
		Refused:  func(int, error) {},
		Progress: func(accounts.Counts) {},
	})
	if _, ok := errors.AsType[*safely.PanicError](err); !ok {
		t.Errorf("got %v", err)
	}
}
