package inbound

import (
	"mime"
	"net/http"
	"strings"
)

// jsonType is the media type of bodies.
const jsonType = "application/json"

// IsJSON reports whether the content type of a request is JSON in UTF-8. A page of another origin
// cannot send it without a preflight.
func IsJSON(header http.Header) bool {
	contentType := header["Content-Type"]
	if len(contentType) != 1 {
		return false
	}
	if contentType[0] == jsonType {
		return true
	}

	mediaType, parameters, err := mime.ParseMediaType(contentType[0])
	charset, isGiven := parameters["charset"]
	return err == nil && mediaType == jsonType && (!isGiven || strings.EqualFold(charset, "utf-8"))
}

// IsCompressed reports whether the body of a request is compressed, or encoded in another way.
func IsCompressed(header http.Header) bool {
	encoding := header["Content-Encoding"]
	return len(encoding) > 1 || (len(encoding) == 1 && !strings.EqualFold(encoding[0], "identity"))
}
