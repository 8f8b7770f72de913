package accounts_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/safely"
	"github.com/authtickets/authtickets/storage/storagetest"
)

// panicking is a reader that panics.
type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("read") }

// A panic in the work that is done beside the caller is the caller's error.
func TestPanics(t *testing.T) {
	t.Parallel()
	b := openBook(t, storagetest.SQLite(t))
	options := accounts.ImportOptions{
		Format: accounts.JSONLines, Refused: func(int, error) {}, Progress: func(accounts.Counts) {},
	}
	b.Hasher = nil
	for name, in := range map[string]io.Reader{
		"reading": panicking{},
		"hashing": strings.NewReader(`{"userName":"ada","password":"correct horse"}` + "\n" + `{"userName":"bob","password":"correct horse"}`),
	} {
		_, err := b.Import(t.Context(), in, options)
		if _, ok := errors.AsType[*safely.PanicError](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
