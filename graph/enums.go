package graph

import (
	"github.com/99designs/gqlgen/graphql"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/problem"
	"github.com/authtickets/authtickets/tickets"
)

// The schema's enums as Go types. gqlgen would treat a type that is text like the schema's String,
// which is a secret.

// MarshalReason writes an ErrorReason.
func MarshalReason(reason models.Reason) graphql.Marshaler { return marshalEnum(reason) }

// UnmarshalReason reads an ErrorReason.
func UnmarshalReason(value any) (models.Reason, error) { return unmarshalEnum[models.Reason](value) }

// MarshalCode writes an ErrorCode.
func MarshalCode(code problem.Code) graphql.Marshaler { return marshalEnum(code) }

// UnmarshalCode reads an ErrorCode.
func UnmarshalCode(value any) (problem.Code, error) { return unmarshalEnum[problem.Code](value) }

// MarshalStep writes a NextStep.
func MarshalStep(step problem.NextStep) graphql.Marshaler { return marshalEnum(step) }

// UnmarshalStep reads a NextStep.
func UnmarshalStep(value any) (problem.NextStep, error) {
	return unmarshalEnum[problem.NextStep](value)
}

// MarshalClaim writes a ClaimOutcome.
func MarshalClaim(outcome tickets.ClaimOutcome) graphql.Marshaler { return marshalEnum(outcome) }

// UnmarshalClaim reads a ClaimOutcome.
func UnmarshalClaim(value any) (tickets.ClaimOutcome, error) {
	return unmarshalEnum[tickets.ClaimOutcome](value)
}

func marshalEnum[Enum ~string](value Enum) graphql.Marshaler {
	return graphql.MarshalString(string(value))
}

func unmarshalEnum[Enum ~string](value any) (Enum, error) {
	text, err := graphql.UnmarshalString(value)
	return Enum(text), err
}
