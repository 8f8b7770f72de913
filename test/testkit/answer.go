package testkit

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/authtickets/authtickets/models"
)

// Answer is the server's answer to a GraphQL operation or any other request.
type Answer struct {
	Status int
	Header http.Header
	Text   string

	Data   map[string]json.RawMessage `json:"data"`
	Errors []struct {
		Message    string `json:"message"`
		Path       []any  `json:"path"`
		Extensions struct {
			Code, Reason, NextStep, ErrorID, Limit string
			RetryAfterSeconds                      int
		} `json:"extensions"`
	} `json:"errors"`
}

// Reason returns the reason of the first error, or "" without errors.
func (a Answer) Reason() models.Reason {
	if len(a.Errors) == 0 {
		return ""
	}
	return models.Reason(a.Errors[0].Extensions.Reason)
}

// Code returns the code of the first error, or "" without errors.
func (a Answer) Code() string {
	if len(a.Errors) == 0 {
		return ""
	}
	return a.Errors[0].Extensions.Code
}

// Send sends a request and reads the answer. It decodes JSON into Data and Errors.
func Send(client *http.Client, request *http.Request) (Answer, error) {
	response, err := client.Do(request)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close() //nolint:errcheck // read to its end

	text, err := io.ReadAll(response.Body)
	got := Answer{Status: response.StatusCode, Header: response.Header, Text: string(text)}
	isJSON := strings.Contains(response.Header.Get("Content-Type"), "json")
	if err != nil || !isJSON || request.Method == http.MethodHead {
		return got, err
	}

	if err := json.Unmarshal(text, &got); err != nil {
		return got, fmt.Errorf("invalid JSON: %w: %q", err, text)
	}

	return got, nil
}
