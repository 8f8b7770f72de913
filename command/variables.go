package command

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// foreignVariables begin like ours but have another purpose. AUTHTICKETS_URL tells a storefront
// where the server is, and tests have variables of their own. Kubernetes and Docker describe each
// service nearby in such variables, and a service may be called authtickets.
var foreignVariables = regexp.MustCompile(
	`^AUTHTICKETS_(URL|PROGRAM|TEST_.*|` +
		`(.+_)?(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?))$`)

// unknownVariables returns an error that names the variables that begin like a setting but are not
// settings. Usually they are misspelt.
func unknownVariables(variables []string, app *kong.Application) error {
	known := map[string]bool{keysetVariable: true}
	for _, flag := range settingsOf(app) {
		known[flag.Envs[0]] = true
	}

	var unknown []string
	for _, variable := range variables {
		name, value, _ := strings.Cut(variable, "=")
		isOurs := strings.HasPrefix(name, variablePrefix+"_") && !foreignVariables.MatchString(name)
		if isOurs && !known[name] && value != "" {
			unknown = append(unknown, name)
		}
	}

	if len(unknown) == 0 {
		return nil
	}

	slices.Sort(unknown)
	return fmt.Errorf("the environment has variables that are not settings: %s; see authtickets serve --help",
		strings.Join(unknown, ", "))
}
