package kibo

import (
	"bytes"
	"errors"
	"io"
	"net/http"

	"github.com/go-json-experiment/json"

	"github.com/authtickets/authtickets/inbound"
)

// longestBody bounds the body of a request, in bytes. A name and a password of the greatest length
// need less, even with every character escaped. Each connection can hold one unfinished body, so
// this also bounds the memory for them.
const longestBody = 12 << 10

// readBody reads the JSON object of a request. It answers the request itself, and returns false, if
// it cannot. Names that are not known have no effect.
func (h *Handler) readBody(w http.ResponseWriter, r *http.Request, into any) bool {
	status, message := h.decodeBody(w, r, into)
	switch status {
	case http.StatusOK:
		return true
	case http.StatusRequestEntityTooLarge:
		w.Header().Set("Connection", "close") // so that the rest of the body is not read
	}
	refuse(w, refusal{status, codeInvalid}, message, nil)
	return false
}

// decodeBody reads the JSON object of a request. Its status is 200, or says with the message why it
// cannot.
func (h *Handler) decodeBody(w http.ResponseWriter, r *http.Request, into any) (status int, message string) {
	const tooLong = "The body is too long."
	longest := min(h.settings.BodyLimit, longestBody)
	switch {
	case !inbound.IsJSON(r.Header):
		return http.StatusUnsupportedMediaType, "The content type must be application/json, in UTF-8."
	case inbound.IsCompressed(r.Header):
		return http.StatusUnsupportedMediaType, "The body must not be compressed."
	case r.ContentLength > longest:
		return http.StatusRequestEntityTooLarge, tooLong
	}

	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, longest))
	if _, isLong := errors.AsType[*http.MaxBytesError](err); isLong {
		return http.StatusRequestEntityTooLarge, tooLong
	}
	if err != nil {
		return http.StatusBadRequest, "The body ended early."
	}

	isObject := bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{"))
	if !isObject || json.Unmarshal(body, into) != nil {
		return http.StatusBadRequest,
			"The body must be one JSON object in UTF-8, with values of the right types, each at most once."
	}
	return http.StatusOK, ""
}
