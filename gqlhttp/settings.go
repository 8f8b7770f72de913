// Package gqlhttp serves GraphQL over HTTP
// (https://graphql.github.io/graphql-over-http/draft/): the transport, the documents that clients
// register or operators trust, and the limits of a request.
package gqlhttp

import (
	"io"
	"log/slog"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/authtickets/authtickets/tickets"
)

// Settings say what the endpoint answers.
type Settings struct {
	// Schema answers the operations. Required.
	Schema graphql.ExecutableSchema
	// Facade answers documents that were made for another API; nil if there is none.
	Facade *Facade
	// Office holds the policy, and ends sessions if a request asks for that fault. Required.
	Office *tickets.Office
	// Introspection allows questions about the schema.
	Introspection bool
	// Limits bound what one request may ask for. Required.
	Limits Limits
	// TrustedDocuments are documents by their hashes. Clients may send only the hash. With
	// TrustedOnly, the endpoint runs no other documents.
	TrustedDocuments map[string]string
	TrustedOnly      bool
	// Cores is the number of processors that the server may use. Heavy operations take at most half
	// of them. 0 counts as 1.
	Cores int
	// Deadline bounds an operation. Required.
	Deadline time.Duration
	// Random draws the ids of errors. Required.
	Random io.Reader
	// Faults cause the faults that requests ask for. If it is nil, the header X-Fault is ignored.
	Faults *Faults
	// Log gets a record for each failure. Required.
	Log *slog.Logger
}
