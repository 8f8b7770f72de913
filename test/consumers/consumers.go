// Package consumers imports what the Go program in docs/clients.md imports. A test writes that
// program and builds it.
package consumers

import (
	_ "github.com/Khan/genqlient/graphql"
	_ "github.com/vektah/gqlparser/v2/gqlerror"
)
