package command

import (
	"errors"
	"fmt"
	"time"

	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/tickets"
	"github.com/authtickets/authtickets/timing"
)

// TicketSettings say what tickets are like, and how many wrong passwords are too many.
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
	SessionsPerCustomer      int           `default:"50" help:"Most sessions per customer. Beyond that, one ends."`

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
	Lockout time.Duration `default:"15m" help:"How long guesses lock an account; 0 means until it is unlocked by hand."`

	GuessWindow            time.Duration `default:"15m" help:"Window in which wrong passwords of a source count."`
	GuessesPerSource       int           `default:"5" help:"Wrong passwords per source and name in the window."`
	GuessesOfSource        int           `default:"100" help:"Wrong passwords per source in the window, for all names."`
	GuessesPerAccount      int           `default:"20" help:"Wrong passwords in a row that lock a name of an account."`
	GuessesPerSourceAndDay int           `default:"20" help:"Wrong passwords per source and name in a day."`
	GuessesPerDay          int           `default:"100" help:"Wrong passwords per account in a day."`

	RefusalStep time.Duration `default:"500ms" help:"Wrong passwords are answered after whole steps; 0 means at once."`
}

// Check returns all faults of the settings, or nil.
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
