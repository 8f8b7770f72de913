package gqlhttp

import (
	"errors"
	"fmt"
)

// Limits bound what one request may ask for. All of them must be positive. The tags hold the name,
// the help text and the default of each setting. The operations of this schema stay far below the
// defaults, and so does the introspection of GraphiQL.
type Limits struct {
	Body           int64 `name:"body-limit" help:"Longest body of a request, in bytes." default:"65536"`
	Document       int   `name:"document-limit" help:"Longest document, in bytes." default:"16384"`
	Tokens         int   `name:"token-limit" help:"Most tokens of a document." default:"1000"`
	Depth          int   `name:"depth-limit" help:"Most fields and inline fragments inside each other." default:"25"`
	RootFields     int   `name:"root-field-limit" help:"Most fields at the root of an operation." default:"10"`
	Aliases        int   `name:"alias-limit" help:"Most aliases in a document." default:"30"`
	SameFields     int   `name:"same-field-limit" help:"Most fields with the same name in an answer." default:"50"`
	Directives     int   `name:"directive-limit" help:"Most directives in a document." default:"50"`
	Complexity     int   `name:"complexity-limit" help:"Most fields of an answer, with all list items." default:"600"`
	Answer         int   `name:"answer-limit" help:"Longest answer to a query, in bytes of its data." default:"524288"`
	Variables      int   `name:"variables-limit" help:"Longest variables, in bytes of JSON." default:"32768"`
	VariablesDepth int   `name:"variables-depth-limit" help:"Most nested objects and lists in variables." default:"16"`
}

// Check returns an error for each limit that is not positive. It names the setting.
func (l Limits) Check() error {
	var faults []error
	positive := func(name string, limit int64) {
		if limit <= 0 {
			faults = append(faults, fmt.Errorf("--%s: must be more than 0", name))
		}
	}

	positive("body-limit", l.Body)
	positive("document-limit", int64(l.Document))
	positive("token-limit", int64(l.Tokens))
	positive("depth-limit", int64(l.Depth))
	positive("root-field-limit", int64(l.RootFields))
	positive("alias-limit", int64(l.Aliases))
	positive("same-field-limit", int64(l.SameFields))
	positive("directive-limit", int64(l.Directives))
	positive("complexity-limit", int64(l.Complexity))
	positive("answer-limit", int64(l.Answer))
	positive("variables-limit", int64(l.Variables))
	positive("variables-depth-limit", int64(l.VariablesDepth))
	return errors.Join(faults...)
}
