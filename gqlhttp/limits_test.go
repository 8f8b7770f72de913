package gqlhttp_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/gqlhttp"
)

// Each limit has a name and a default, and is checked.
func TestLimits(t *testing.T) {
	t.Parallel()
	limits := gqlhttp.DefaultLimits()
	if err := limits.Check(); err != nil {
		t.Errorf("the defaults are refused: %v", err)
	}
	if limits.Body != 64<<10 || limits.VariablesDepth != 16 {
		t.Errorf("%+v", limits)
	}
	if told := strings.Count((gqlhttp.Limits{}).Check().Error(), "must be more than 0"); told != reflect.TypeFor[gqlhttp.Limits]().NumField() {
		t.Errorf("%d limits of 0 are refused", told)
	}
	for field := range reflect.TypeFor[gqlhttp.Limits]().Fields() {
		limits := gqlhttp.DefaultLimits()
		reflect.ValueOf(&limits).Elem().FieldByIndex(field.Index).SetInt(-1)
		if err, want := limits.Check(), "--"+field.Tag.Get("name")+": must be more than 0"; err == nil || err.Error() != want {
			t.Errorf("want %s, got %v", want, err)
		}
	}
}
