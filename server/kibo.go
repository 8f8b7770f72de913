package server

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/gqlhttp"
	"github.com/authtickets/authtickets/inbound"
	"github.com/authtickets/authtickets/kibo"
	"github.com/authtickets/authtickets/kibo/kibographql"
)

// kiboSettings are about clients of Kibo's APIs.
type kiboSettings struct {
	Kibo                    bool          `help:"Answer clients of Kibo's APIs: /api and GraphQL."`
	KiboApplicationLifetime time.Duration `default:"1h" help:"Lifetime of applications' own access tokens."`
	KiboTenant              int           `placeholder:"ID" help:"Id of the tenant that clients ask for."`
	KiboDomain              string        `placeholder:"HOST" help:"Host of the tenant. Default: that of --issuer."`

	KiboSites map[string]string `mapsep:"," placeholder:"ID=APPLICATION" help:"Applications of the tenant's sites."`
}

// check returns all faults of the settings.
func (s *kiboSettings) check() error {
	var faults []error
	if s.KiboApplicationLifetime < time.Second || s.KiboApplicationLifetime > applications.LongestTicket {
		faults = append(faults, fmt.Errorf(
			"--kibo-application-lifetime: must be between 1s and %s", applications.LongestTicket))
	}
	if s.KiboDomain != "" && !applications.IsOrigin("https://"+s.KiboDomain) {
		faults = append(faults, errors.New(
			"--kibo-domain: must be a host in lower case, with its port if that is not 443, such as tickets.example"))
	}
	if s.KiboTenant < 0 {
		faults = append(faults, errors.New("--kibo-tenant: must not be negative"))
	}
	for _, site := range slices.Sorted(maps.Keys(s.KiboSites)) {
		if number, err := strconv.Atoi(site); err != nil || number <= 0 || strconv.Itoa(number) != site {
			faults = append(faults, fmt.Errorf("--kibo-sites: %q is not the number of a site", site))
		}
		if s.KiboSites[site] == "" {
			faults = append(faults, fmt.Errorf("--kibo-sites: %q has no application", site))
		}
	}

	const usual = time.Hour // the default
	isSet := s.KiboApplicationLifetime != usual || s.KiboTenant != 0 || s.KiboDomain != "" || len(s.KiboSites) > 0
	if isSet && !s.Kibo {
		faults = append(faults, errors.New("--kibo is missing: the settings that begin with --kibo- need it"))
	}
	return errors.Join(faults...)
}

// ticketLifetime returns how long applications' own access tokens live; 0 if there are none.
func (s *kiboSettings) ticketLifetime() time.Duration {
	if !s.Kibo {
		return 0
	}
	return s.KiboApplicationLifetime
}

// warnOfSites logs the sites whose application does not exist. Their requests are refused until it
// does.
func (s *kiboSettings) warnOfSites(env *command.Environment, parts *parts) {
	for _, site := range slices.Sorted(maps.Keys(s.KiboSites)) {
		if id := s.KiboSites[site]; parts.Directory.Find(id) == nil {
			env.Log.WarnContext(env.Context, "--kibo-sites names an application that does not exist",
				"site", site, "application", id)
		}
	}
}

// kiboFacade returns the GraphQL fields for clients of Kibo's APIs; nil if there are none.
func (p *parts) kiboFacade() *gqlhttp.Facade {
	if !p.settings.Kibo {
		return nil
	}
	return kibographql.NewFacade(p.office)
}

// kiboHandler returns what makes the handler for clients of Kibo's APIs; nil if there is none.
func (p *parts) kiboHandler(bodyLimit int64) func(*inbound.Callers) http.Handler {
	settings := p.settings
	if !settings.Kibo {
		return nil
	}

	host := settings.KiboDomain
	if issuer, err := url.Parse(p.office.Issuer); err == nil {
		host = cmp.Or(host, issuer.Host)
	}
	tenant := kibo.Tenant{ID: settings.KiboTenant, Domain: host}
	for site := range settings.KiboSites {
		number, _ := strconv.Atoi(site) // check has refused everything else
		tenant.Sites = append(tenant.Sites, number)
	}

	return func(callers *inbound.Callers) http.Handler {
		return kibo.New(kibo.Settings{
			Office:       p.office,
			Applications: p.ApplicationTickets,
			Callers:      callers,
			Tenant:       tenant,
			BodyLimit:    bodyLimit,
			Log:          callers.Log,
		})
	}
}
