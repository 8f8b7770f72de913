package graph

import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/problem"
)

// Reference is how another subgraph refers to an account. The schema's _Any is bound to it.
type Reference struct{ UserID models.ID }

// Entity is an account that another subgraph refers to. The schema's _Entity is bound to it. Each
// one is a models.CustomerAccount, which does not depend on this type.
type Entity any

// Service describes this subgraph to a router. The schema's _Service is bound to it.
type Service struct {
	// SDL is the text of the schema, without the part that is the same in every subgraph.
	SDL string
}

// UnmarshalReference reads a reference. Its errors do not repeat it.
func UnmarshalReference(value any) (Reference, error) {
	object, _ := value.(map[string]any)
	text, _ := object["userId"].(string)
	userID, err := models.ParseID(text)
	if err != nil || object["__typename"] != "CustomerAccount" {
		return Reference{}, RequestError(problem.CodeBadUserInput,
			"A reference must have the __typename CustomerAccount, and its userId.")
	}

	return Reference{userID}, nil
}

// MarshalReference is here only because gqlgen requires it. No answer contains a reference.
func MarshalReference(Reference) graphql.Marshaler { return graphql.Null }

// mostReferences bounds the references of an operation, because each one may bring the same account
// again. The description in the schema repeats it.
const mostReferences = 100

// References counts the references of an operation, in all its fields _entities.
func References(operation *graphql.OperationContext) int {
	count := 0
	for _, field := range graphql.CollectFields(operation, operation.Operation.SelectionSet, []string{"Query"}) {
		if field.Name == "_entities" {
			references, _ := field.ArgumentMap(operation.Variables)["representations"].([]any)
			count += max(1, len(references)) // one reference may stand for a list
		}
	}

	return count
}

// __resolve_entities answers _entities; gqlgen sets the name. With an access token it answers for
// the shopper, as currentShopper does, and reads at most one account. Without one it answers for
// the application, and reads the accounts of all references at once.
//
//nolint:staticcheck // the name
func (ec *executionContext) __resolve_entities(ctx context.Context, references []Reference) []Entity {
	if References(graphql.GetOperationContext(ctx)) > mostReferences {
		message := fmt.Sprintf("The operation has more than %d references.", mostReferences)
		ec.Error(ctx, LimitError(problem.CodeBadUserInput, "reference-limit", message))
		return nil
	}

	entities := make([]Entity, len(references))
	if resolver, ok := ec.Resolvers.(*Resolver); ok && CallerOf(ctx).AccessToken.Reveal() == "" {
		return ec.entitiesForApplication(ctx, resolver, references, entities)
	}

	shopper, err := ec.Resolvers.Query().CurrentShopper(ctx)
	if err != nil {
		ec.Error(ctx, err)
		return entities
	}

	for i, reference := range references {
		if reference.UserID != shopper.UserID {
			at := graphql.WithPathContext(ctx, graphql.NewPathWithIndex(i))
			ec.Error(at, &models.Error{Reason: models.ReasonNotAllowed})
			continue
		}

		entities[i] = shopper.CustomerAccount
	}

	return entities
}

// entitiesForApplication fills in the entities for an application that manages accounts.
func (ec *executionContext) entitiesForApplication(
	ctx context.Context, resolver *Resolver, references []Reference, entities []Entity,
) []Entity {
	userIDs := make([]models.ID, len(references))
	for i, reference := range references {
		userIDs[i] = reference.UserID
	}

	question, fields := sameQuestion(ctx)
	found, err := once(ctx, question, func() (map[models.ID]*models.CustomerAccount, error) {
		return resolver.Accounts.AccountsOf(ctx, CallerOf(ctx), userIDs, accountOf(ctx, fields))
	})
	if err != nil {
		ec.Error(ctx, err)
		return entities
	}

	for i, userID := range userIDs {
		if account := found[userID]; account != nil {
			entities[i] = account
		} else {
			at := graphql.WithPathContext(ctx, graphql.NewPathWithIndex(i))
			ec.Error(at, &models.Error{Reason: models.ReasonAccountNotFound})
		}
	}

	return entities
}

// __resolve__service answers _service; gqlgen sets the name.
//
//nolint:staticcheck,unparam // the name, and what it returns
func (*executionContext) __resolve__service(context.Context) (Service, error) {
	return Service{SDL: sources[ownPart].Input + "\n" + sources[entityPart].Input}, nil
}
