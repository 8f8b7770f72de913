package gqlhttp

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/authtickets/authtickets/graph"
	"github.com/authtickets/authtickets/problem"
)

// setVariables decodes the variables of a request, if they are within the limits.
func (e *Endpoint) setVariables(asked *parameters, text jsontext.Value) *refusal {
	if len(text) == 0 {
		return nil
	}
	limits := e.settings.Limits
	if len(text) > limits.Variables {
		return &refusal{err: graph.LimitError(problem.CodeBadUserInput, "variables-limit",
			"The variables have more than "+strconv.Itoa(limits.Variables)+" bytes.")}
	}

	unmarshalers := json.WithUnmarshalers(json.UnmarshalFromFunc(exactNumber))
	if err := json.Unmarshal(text, &asked.Variables, unmarshalers); err != nil {
		return refuse(http.StatusBadRequest, "The variables must be a JSON object.")
	}
	if nesting(asked.Variables) > limits.VariablesDepth {
		return &refusal{err: graph.LimitError(problem.CodeBadUserInput, "variables-depth-limit",
			"The variables are nested deeper than "+strconv.Itoa(limits.VariablesDepth)+" levels.")}
	}
	return nil
}

// exactNumber reads a number so that it can be written with the same digits again. It leaves other
// values to the decoder.
func exactNumber(decoder *jsontext.Decoder, value *any) error {
	if decoder.PeekKind() != '0' {
		return errors.ErrUnsupported
	}
	text, err := decoder.ReadValue()
	if err != nil {
		return err
	}

	whole, err := strconv.ParseInt(string(text), 10, 64)
	if err == nil && strconv.FormatInt(whole, 10) == string(text) {
		*value = whole
		return nil
	}

	if _, err := strconv.ParseFloat(string(text), 64); err != nil {
		return err // for example 1e999
	}
	*value = digits{string(text)}
	return nil
}

// digits is a number in its original digits. Only the scalar JSON of the schema accepts it. The
// scalar String would also accept a json.Number, because that is a string.
type digits struct{ text string }

// MarshalJSON implements json.Marshaler.
func (d digits) MarshalJSON() ([]byte, error) { return []byte(d.text), nil }

// nesting returns how deep objects and lists are nested.
func nesting(value any) int {
	deepest := 0
	switch value := value.(type) {
	case map[string]any:
		for _, member := range value {
			deepest = max(deepest, nesting(member))
		}
	case []any:
		for _, item := range value {
			deepest = max(deepest, nesting(item))
		}
	default:
		return 0
	}
	return deepest + 1
}
