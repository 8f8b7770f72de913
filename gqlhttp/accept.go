package gqlhttp

import (
	"mime"
	"strconv"
	"strings"
)

// The media types of answers: plain JSON, and that of GraphQL over HTTP, under which the status tells whether the document could be run.
const (
	jsonType     = "application/json"
	responseType = "application/graphql-response+json"
)

// negotiate returns the media type that a client prefers (RFC 9110 section 12.5.1), and whether it accepts that at all. Of two it likes as well it is the one
// asked for by name, responseType where both are; without any wish it is JSON, which every client can read.
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
	if forResponse.quality > forJSON.quality || (forResponse.quality == forJSON.quality && forResponse.precision == named) {
		return responseType, forResponse.quality > 0
	}
	return jsonType, forJSON.quality > 0
}

// preference is how much a client likes a media type. The most precise range that matches decides.
type preference struct {
	precision int
	quality   float64
}

// How precisely a range names a media type.
const (
	notAtAll = iota
	byEverything
	byApplication
	named
)

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
		quality, _ = strconv.ParseFloat(weight, 64) // what is no number is no wish
	}
	*p = preference{precision, quality}
}
