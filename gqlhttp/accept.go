package gqlhttp

import (
	"mime"
	"strconv"
	"strings"
)

// Media types of answers: plain JSON, and the one of GraphQL over HTTP. With the second, the HTTP
// status tells whether the document could be run.
const (
	jsonType     = "application/json"
	responseType = "application/graphql-response+json"
)

// negotiate returns the media type that a client prefers (RFC 9110 section 12.5.1), and reports
// whether the client accepts it. If both have the same weight, the client gets the one that it
// names, or responseType if it names both. A client that names neither gets JSON, which every
// client can read.
func negotiate(accept []string) (mediaType string, acceptable bool) {
	if len(accept) == 0 || (len(accept) == 1 && (accept[0] == jsonType || accept[0] == "*/*" || accept[0] == "")) {
		return jsonType, true
	}

	var forJSON, forResponse preference
	for _, line := range accept {
		for offer := range strings.SplitSeq(line, ",") {
			mediaRange, parameters, err := mime.ParseMediaType(offer)
			if charset := parameters["charset"]; err != nil || (charset != "" && !strings.EqualFold(charset, "utf-8")) {
				continue
			}
			forJSON.consider(mediaRange, jsonType, parameters["q"])
			forResponse.consider(mediaRange, responseType, parameters["q"])
		}
	}

	isNamed := forResponse.quality == forJSON.quality && forResponse.precision == named
	if forResponse.quality > forJSON.quality || isNamed {
		return responseType, forResponse.quality > 0
	}
	return jsonType, forJSON.quality > 0
}

// preference is how much a client prefers a media type. The most precise range that matches
// decides.
type preference struct {
	precision int
	quality   float64
}

// How precisely a range matches a media type.
const (
	notAtAll = iota
	byEverything
	byApplication
	named
)

// consider notes a range if it matches the media type more precisely than the ranges before it.
func (p *preference) consider(mediaRange, mediaType, weight string) {
	precision := notAtAll
	switch mediaRange {
	case mediaType:
		precision = named
	case "application/*":
		precision = byApplication
	case "*/*":
		precision = byEverything
	}
	if precision <= p.precision {
		return
	}

	quality := 1.0
	if weight != "" {
		quality, _ = strconv.ParseFloat(weight, 64) // a malformed weight counts as 0
	}
	*p = preference{precision, quality}
}
