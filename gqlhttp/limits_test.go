package gqlhttp_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/gqlhttp"
	"github.com/authtickets/authtickets/test/testkit"
)

// Each limit has a name and a default, and is checked.
func TestLimits(t *testing.T) {
	t.Parallel()
	limits := testkit.Defaults[gqlhttp.Limits](t)
	if err := limits.Check(); err != nil {
		t.Errorf("the defaults are refused: %v", err)
	}
	if limits.Body != 64<<10 || limits.VariablesDepth != 16 {
		t.Errorf("%+v", limits)
	}

	refused := strings.Count((gqlhttp.Limits{}).Check().Error(), "must be more than 0")
	if refused != reflect.TypeFor[gqlhttp.Limits]().NumField() {
		t.Errorf("%d limits of 0 are refused", refused)
	}

	for field := range reflect.TypeFor[gqlhttp.Limits]().Fields() {
		limits := testkit.Defaults[gqlhttp.Limits](t)
		reflect.ValueOf(limits).Elem().FieldByIndex(field.Index).SetInt(-1)
		want := "--" + field.Tag.Get("name") + ": must be more than 0"
		if err := limits.Check(); err == nil || err.Error() != want {
			t.Errorf("want %s, got %v", want, err)
		}
	}
}
