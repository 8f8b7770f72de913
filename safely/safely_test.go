package safely_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/safely"
)

func TestDo(t *testing.T) {
	t.Parallel()

	failure := errors.New("failure")
	if err := safely.Do(func() error { return failure }); !errors.Is(err, failure) {
		t.Errorf("got %v", err)
	}

	var none map[string]int
	err := safely.Do(func() error { none["a"] = 1; return nil })
	caught, ok := errors.AsType[*safely.PanicError](err)
	if !ok || !strings.Contains(err.Error(), "nil map") || !strings.Contains(caught.Stack, "TestDo") {
		t.Errorf("got %v", err)
	}
}
