package inbound

import (
	"net/http"
	"strings"
)

// Headers in which Apollo's clients give their name and version.
const (
	clientNameHeader    = "Apollographql-Client-Name"
	clientVersionHeader = "Apollographql-Client-Version"
)

// OtherClients is the name of all clients whose own name must not be logged.
const OtherClients = "other"

// Client is the name and version that a client gives itself. Both are empty if it gives none.
type Client struct{ Name, Version string }

// ClientOf reads the name and version of a client. It accepts only short texts of plain characters,
// because they are logged.
func ClientOf(header http.Header) Client {
	names := header[clientNameHeader]
	if len(names) == 0 {
		return Client{}
	}

	const marks = "-_. @/+"
	client := Client{names[0], strings.Join(header[clientVersionHeader], "")}
	if !isHarmless(client.Name, marks) || (client.Version != "" && !isHarmless(client.Version, marks)) {
		return Client{Name: OtherClients}
	}
	return client
}

// isHarmless reports whether a text from a client may be logged and sent back. It must have 1 to 64
// characters, all of them letters, digits or marks.
func isHarmless(text, marks string) bool {
	if text == "" || len(text) > 64 {
		return false
	}

	for i := range len(text) {
		c := text[i]
		isLetterOrDigit := (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
		if !isLetterOrDigit && strings.IndexByte(marks, c) < 0 {
			return false
		}
	}
	return true
}
