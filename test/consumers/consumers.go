// Package consumers imports what the Go program of docs/clients.md does, which is written to build when it is tested.
package consumers

import (
	_ "github.com/Khan/genqlient/graphql"
	_ "github.com/vektah/gqlparser/v2/gqlerror"
)
