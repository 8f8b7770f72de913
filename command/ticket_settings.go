package command

import (
	"errors"
	"fmt"
	"time"

	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/tickets"
	"github.com/authtickets/authtickets/timing"
)

// TicketSettings say how long tickets live, what they carry, and how many wrong passwords are
// allowed.
type TicketSettings struct {
	lifetimeSettings `group:"Tickets:"`
	lagSettings      `group:"Database:"`
	guessSettings    `group:"Passwords:"`
}

// lifetimeSettings say how long tickets and their keys live, and what tickets carry.
type lifetimeSettings struct {
	AccessLifetime           time.Duration `default:"15m" help:"Lifetime of an access token."`
	RefreshLifetime          time.Duration `default:"336h" help:"Lifetime of a customer's refresh token."`
	AnonymousRefreshLifetime time.Duration `default:"720h" help:"Lifetime of an anonymous shopper's refresh token."`
	SessionLifetime          time.Duration `default:"2160h" help:"Longest lifetime of a session; at most 400 days."`
	ReuseWindow              time.Duration `default:"30s" help:"How long a used refresh token gives the same ticket."`

	SessionsPerCustomer int `default:"50" help:"Most sessions of a customer. The one refreshed longest ago ends first."`

	KeyRotation   time.Duration `default:"2160h" help:"Age at which keys are replaced; 0 means by hand only."`
	Behaviors     []string      `placeholder:"NAME" help:"Behaviors of the application storefront, set at each start."`
	RowsPerSource int           `default:"120" help:"Most anonymous sessions written per source and minute."`
}

// lagSettings are about databases with several nodes.
type lagSettings struct {
	DatabaseLag time.Duration `default:"10m" help:"How far a node of the database may lag behind the others."`
}

// guessSettings limit how often strangers may guess a password. A source is an address, or a /64
// network for IPv6.
type guessSettings struct {
	Lockout time.Duration `default:"15m" help:"How long wrong passwords lock a name; 0 means until it is unlocked."`

	GuessWindow time.Duration `default:"15m" help:"Window in which the wrong passwords of a source count."`

	GuessesPerSource       int `default:"5" help:"Most wrong passwords of a source for one name in the window."`
	GuessesOfSource        int `default:"100" help:"Most wrong passwords of a source for all names in the window."`
	GuessesPerAccount      int `default:"20" help:"Wrong passwords in a row that lock a name of an account."`
	GuessesPerSourceAndDay int `default:"20" help:"Most wrong passwords of a source for one name in a day."`
	GuessesPerDay          int `default:"100" help:"Most wrong passwords for an account in a day."`

	RefusalStep time.Duration `default:"500ms" help:"Refusals come after a multiple of this time; 0 means at once."`
}

// Check returns all faults of the settings as one error, or nil.
func (s *TicketSettings) Check() error {
	faults := []error{
		positive("--access-lifetime", s.AccessLifetime),
		positive("--refresh-lifetime", s.RefreshLifetime),
		positive("--anonymous-refresh-lifetime", s.AnonymousRefreshLifetime),
		positive("--session-lifetime", s.SessionLifetime),
		positive("--sessions-per-customer", s.SessionsPerCustomer),
		positive("--database-lag", s.DatabaseLag),
		positive("--guess-window", s.GuessWindow),
		positive("--guesses-per-source", s.GuessesPerSource),
		positive("--guesses-per-source-and-day", s.GuessesPerSourceAndDay),
		positive("--guesses-per-day", s.GuessesPerDay),
		positive("--rows-per-source", s.RowsPerSource),
		positive("--guesses-of-source", s.GuessesOfSource),
		positive("--guesses-per-account", s.GuessesPerAccount),
		applications.CheckBehaviors("--behaviors", s.Behaviors),
	}
	if s.AccessLifetime > min(s.RefreshLifetime, s.AnonymousRefreshLifetime) {
		faults = append(faults, errors.New("--access-lifetime: must not be longer than "+
			"--refresh-lifetime and --anonymous-refresh-lifetime"))
	}
	if s.SessionLifetime > applications.LongestSession {
		faults = append(faults, fmt.Errorf("--session-lifetime: must be at most %s", applications.LongestSession))
	}
	if s.ReuseWindow < 0 || s.ReuseWindow > s.AccessLifetime {
		faults = append(faults, errors.New("--reuse-window: must not be negative, nor longer than --access-lifetime"))
	}

	if s.Lockout < 0 {
		faults = append(faults, errors.New("--lockout: must not be negative"))
	}
	if s.KeyRotation != 0 && s.KeyRotation < timing.LeastKeyRotation {
		faults = append(faults, fmt.Errorf("--key-rotation: must be 0 or at least %s", timing.LeastKeyRotation))
	}

	const household = 2 // an IPv4 address and an IPv6 network
	if s.GuessesPerAccount <= household*s.GuessesPerSource {
		faults = append(faults, errors.New("--guesses-per-account: must be more than twice --guesses-per-source, "+
			"or one household could lock an owner out"))
	}
	if s.GuessesPerDay <= tickets.NamesPerAccount*household*s.GuessesPerSourceAndDay {
		faults = append(faults, errors.New("--guesses-per-day: must be more than four times "+
			"--guesses-per-source-and-day, "+
			"or one household could lock an owner out"))
	}
	if s.RefusalStep < 0 || s.RefusalStep > 5*time.Second {
		faults = append(faults, errors.New("--refusal-step: must be between 0 and 5s"))
	}

	return errors.Join(faults...)
}

// Policy returns the policy that the settings describe.
func (s *TicketSettings) Policy() tickets.Policy {
	return tickets.Policy{
		AccessLifetime:           s.AccessLifetime,
		RefreshLifetime:          s.RefreshLifetime,
		AnonymousRefreshLifetime: s.AnonymousRefreshLifetime,
		SessionLifetime:          s.SessionLifetime,
		ReuseWindow:              s.ReuseWindow,
		DatabaseLag:              s.DatabaseLag,
		SessionsPerCustomer:      s.SessionsPerCustomer,
		RowsPerSource:            s.RowsPerSource,
		GuessesPerSource:         s.GuessesPerSource,
		GuessWindow:              s.GuessWindow,
		GuessesPerAccount:        s.GuessesPerAccount,
		GuessesPerSourceAndDay:   s.GuessesPerSourceAndDay,
		GuessesPerDay:            s.GuessesPerDay,
		GuessesOfSource:          s.GuessesOfSource,
		Lockout:                  s.Lockout,
		RefusalStep:              s.RefusalStep,
	}
}
