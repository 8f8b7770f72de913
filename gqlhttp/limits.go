package gqlhttp

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
)

// Limits bound what one request may ask for. The tags are the names of the settings, their words in --help and their defaults, which any operation
// of this schema stays far below, the introspection of GraphiQL too. All must be positive.
type Limits struct {
	Body           int64 `name:"body-limit" help:"Longest body of a request, in bytes." default:"65536"`
	Document       int   `name:"document-limit" help:"Longest document, in bytes." default:"16384"`
	Tokens         int   `name:"token-limit" help:"Most tokens of a document." default:"1000"`
	Depth          int   `name:"depth-limit" help:"Most fields and inline fragments inside each other." default:"25"`
	RootFields     int   `name:"root-field-limit" help:"Most fields that an operation selects at its root." default:"10"`
	Aliases        int   `name:"alias-limit" help:"Most aliases in a document." default:"30"`
	SameFields     int   `name:"same-field-limit" help:"Most fields of a document with the same name in the answer; validation compares each with each." default:"50"`
	Directives     int   `name:"directive-limit" help:"Most directives in a document." default:"50"`
	Complexity     int   `name:"complexity-limit" help:"Most fields of all operations of a document, each counted as often as fragments and lists may repeat it." default:"600"`
	Answer         int   `name:"answer-limit" help:"Longest answer to a query, in bytes of its data." default:"524288"`
	Variables      int   `name:"variables-limit" help:"Longest variables, in bytes of JSON." default:"32768"`
	VariablesDepth int   `name:"variables-depth-limit" help:"Most objects and lists inside each other in the variables." default:"16"`
}

// DefaultLimits returns the limits of a server that is not told otherwise.
func DefaultLimits() Limits {
	var limits Limits
	for field, limit := range reflect.ValueOf(&limits).Elem().Fields() {
		most, _ := strconv.ParseInt(field.Tag.Get("default"), 10, 64) // Check refuses the 0 of a tag that is no number
		limit.SetInt(most)
	}
	return limits
}

// Check returns all limits that are not positive, by the names of their settings.
func (l Limits) Check() error {
	var faults []error
	for field, limit := range reflect.ValueOf(l).Fields() {
		if limit.Int() <= 0 {
			faults = append(faults, fmt.Errorf("--%s: must be more than 0", field.Tag.Get("name")))
		}
	}
	return errors.Join(faults...)
}
