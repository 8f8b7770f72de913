package shoppers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// outcome is the result of a request for the client.
type outcome int

const (
	// succeeded is an answer without an error.
	succeeded outcome = iota
	// refused tells the client to sign in: the session is over.
	refused
	// mustRefresh tells the client to refresh its ticket first.
	mustRefresh
	// busy and timedOut tell the client to retry later.
	busy
	timedOut
	// disconnected is a connection that could not be made, or that broke.
	disconnected
	// dropped is a request whose client did not wait for the answer.
	dropped
	// unexpected is any other answer. No honest client should ever get one.
	unexpected
)

// answer is the result of a request.
type answer struct {
	outcome outcome
	// data is the only root field of the answer.
	data json.RawMessage
	// reason is the reason of an error.
	reason string
	// wait is how long the client should wait.
	wait time.Duration
}

// request is a GraphQL operation for one server.
type request struct {
	server      int
	document    string
	variables   map[string]any
	accessToken string
}

// ask sends a request and counts its outcome.
func (c *Crowd) ask(ctx context.Context, r request) answer {
	got := c.send(ctx, r)
	if got.outcome == disconnected && ctx.Err() != nil {
		got.outcome = dropped
	}

	c.figures.count(c.Phase(), got.outcome)
	return got
}

func (c *Crowd) send(ctx context.Context, r request) answer {
	body, err := json.Marshal(map[string]any{"query": r.document, "variables": r.variables})
	if err != nil {
		return c.strange(r, err.Error())
	}

	post, err := http.NewRequestWithContext(
		ctx, http.MethodPost, c.settings.Servers[r.server]+"/graphql", bytes.NewReader(body))
	if err != nil {
		return c.strange(r, err.Error())
	}

	post.Header.Set("Content-Type", "application/json")
	if r.accessToken != "" {
		post.Header.Set("X-Vol-User-Claims", r.accessToken)
	}

	response, err := c.client.Do(post)
	var failed *url.Error
	switch {
	case errors.As(err, &failed) && failed.Timeout() && ctx.Err() == nil:
		return c.strange(r, "no answer: "+err.Error())
	case err != nil:
		return answer{outcome: disconnected}
	}

	defer response.Body.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{outcome: disconnected}
	}

	return c.read(r, response.StatusCode, text)
}

// read turns what arrived over the connection into an answer.
func (c *Crowd) read(r request, status int, text []byte) answer {
	var body struct {
		Data   map[string]json.RawMessage
		Errors []struct {
			Extensions struct {
				Reason, NextStep  string
				RetryAfterSeconds int
			}
		}
	}

	err := json.Unmarshal(text, &body)
	switch {
	case err != nil || status != http.StatusOK || len(body.Errors)+len(body.Data) != 1:
		return c.strange(r, fmt.Sprintf("status %d: %s", status, text))
	case len(body.Errors) == 0:
		for _, field := range body.Data {
			return answer{data: field}
		}
	}

	e := body.Errors[0].Extensions
	got := answer{reason: e.Reason, wait: time.Duration(e.RetryAfterSeconds) * time.Second}
	switch {
	case e.NextStep == "SIGN_IN":
		got.outcome = refused
	case e.NextStep == "REFRESH":
		got.outcome = mustRefresh
	case e.NextStep == "WAIT" && e.Reason == "BUSY" && got.wait > 0:
		got.outcome = busy
	case e.NextStep == "WAIT" && e.Reason == "TIMED_OUT" && got.wait > 0:
		got.outcome = timedOut
	default:
		return c.strange(r, string(text))
	}

	return got
}

// strange returns an answer that no honest client should get. It keeps the text as evidence.
func (c *Crowd) strange(r request, text string) answer {
	const longest = 300
	c.figures.keep(c.Phase(), fmt.Sprintf("server %d: %s", r.server+1, text[:min(len(text), longest)]))
	return answer{outcome: unexpected, wait: time.Second}
}
