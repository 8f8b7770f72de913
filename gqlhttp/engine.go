package gqlhttp

import (
	"errors"
	"fmt"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"

	"github.com/authtickets/authtickets/graph"
)

// engine runs the operations of one schema.
type engine struct {
	schema   graphql.ExecutableSchema
	executor *executor.Executor
	bounds   bounds
	parsed   *parsedDocuments
	present  graphql.ErrorPresenterFunc
	// shifted returns the schema whose resolvers see every clock shifted by ahead. It is called
	// only if requests may ask for faults.
	shifted func(ahead time.Duration) graphql.ExecutableSchema
}

// newEngines makes the engines of the main schema and of the facade.
func (e *Endpoint) newEngines() error {
	settings := e.settings
	main, err := e.newEngine(settings.Schema, graph.Presenter(settings.Log, settings.Random, settings.Introspection))
	if err != nil {
		return err
	}
	e.main = main
	if settings.Faults != nil {
		e.main.shifted = settings.Faults.Shifted
	}

	if facade := settings.Facade; facade != nil {
		present := graph.PresenterFor(facade.Schema.Schema(), settings.Log, settings.Random, settings.Introspection)
		if e.facade, err = e.newEngine(facade.Schema, present); err != nil {
			return err
		}
		e.facade.shifted = facade.Shifted
	}
	return nil
}

func (e *Endpoint) newEngine(schema graphql.ExecutableSchema, present graphql.ErrorPresenterFunc) (*engine, error) {
	parsed, err := newParsedDocuments()
	if err != nil {
		return nil, err
	}
	sessions := e.settings.Office.Policy.SessionsPerCustomer
	made := &engine{
		schema:  schema,
		bounds:  newBounds(e.settings.Limits, schema.Schema(), parsed, sessions),
		parsed:  parsed,
		present: present,
	}
	made.executor = e.executorOf(made, schema)
	return made, nil
}

// executorOf returns an executor that runs operations like an engine, but on another schema.
func (e *Endpoint) executorOf(like *engine, schema graphql.ExecutableSchema) *executor.Executor {
	exec := executor.New(schema)
	exec.SetQueryCache(like.parsed)
	exec.SetParserTokenLimit(e.settings.Limits.Tokens)
	exec.SetErrorPresenter(like.present)
	exec.SetRecoverFunc(e.recovered)
	exec.SetDisableSuggestion(!e.settings.Introspection)
	exec.Use(like.bounds)
	exec.Use(nullVariables{})
	exec.Use(schemaQuestions{e.settings.Introspection})
	exec.Use(graph.Direct{})
	return exec
}

// shift returns the same engine with every clock ahead by a duration.
func (e *Endpoint) shift(on *engine, ahead time.Duration) *engine {
	shifted := *on
	shifted.executor = e.executorOf(on, on.shifted(ahead))
	return &shifted
}

// trust parses the trusted documents once. It returns an error for each document that does not fit
// its schema or exceeds a limit.
func (e *Endpoint) trust() error {
	var faults []error
	for id, text := range e.settings.TrustedDocuments {
		on, refused := e.engineFor(text)
		var err error
		if refused != nil {
			err = refused.err
		} else {
			err = on.parsed.trust(text, on.schema.Schema(), on.bounds)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("operation %s: %w", id, err))
		}
	}
	return errors.Join(faults...)
}
