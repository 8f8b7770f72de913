package applications

import (
	"cmp"
	"net/url"
	"regexp"
	"strconv"
)

// AnyOrigin in the list of an application allows all origins.
const AnyOrigin = "*"

var (
	originForm  = regexp.MustCompile(`^[a-z][a-z0-9+.-]*://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[1-9][0-9]*)?$`)
	defaultPort = regexp.MustCompile(`^(http://.*:80|https://.*:443)$`)
)

// IsOrigin reports whether a text is an origin as browsers write it: with the host in lower case,
// and without the default port (RFC 6454 section 6.2).
func IsOrigin(text string) bool {
	if !originForm.MatchString(text) || defaultPort.MatchString(text) {
		return false
	}
	page, err := url.Parse(text)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(cmp.Or(page.Port(), "1"), 10, 16)
	return err == nil
}
