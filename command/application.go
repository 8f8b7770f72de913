package command

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
)

// Application are the commands for the applications that ask for tickets.
type Application struct {
	Create       CreateApplication  `cmd:"" help:"Create an application. A confidential one gets a secret, which is shown this once."`
	List         ListApplications   `cmd:"" help:"List all applications."`
	Show         ShowApplication    `cmd:"" help:"Show an application."`
	Update       UpdateApplication  `cmd:"" help:"Change what an application is like. What no flag says stays as it is."`
	RotateSecret RotateSecret       `cmd:"" help:"Give a confidential application another secret, which is shown this once."`
	Disable      DisableApplication `cmd:"" help:"Give nobody a ticket for an application any more, and end its sessions."`
	Enable       EnableApplication  `cmd:"" help:"Make an application usable again. The sessions that it had do not come back."`
	Delete       DeleteApplication  `cmd:"" help:"Delete an application for good, and end its sessions."`
}

// withApplications opens the book of applications and does something with it.
func withApplications(env *Environment, settings *Settings, do func(*applications.Book) error) (err error) {
	store, err := settings.openReady(env)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return do(&applications.Book{Store: store, Now: env.Now, Random: env.Random})
}

// namedApplication is an application named on the command line.
type namedApplication struct {
	ID string `arg:"" help:"Id of the application."`
}

// change does something to the application and says what was done.
func (n *namedApplication) change(env *Environment, settings *Settings, done string, do func(*applications.Book) error) error {
	return withApplications(env, settings, func(book *applications.Book) error {
		if err := do(book); err != nil {
			return err
		}
		_, err := fmt.Fprintf(env.Stdout, done+"\n", n.ID)
		return err
	})
}

// ask returns the error refusal unless the operator wants it, once it is sure that the application is there.
func (n *namedApplication) ask(env *Environment, book *applications.Book, question string, refusal error) error {
	if _, err := book.Find(env.Context, n.ID); err != nil {
		return err
	}
	if !confirmed(env, fmt.Sprintf(question, n.ID)) {
		return refusal
	}
	return nil
}

// applicationFlags are what can be said of an application. Lists are parted by commas; an empty one clears what is there.
type applicationFlags struct {
	Name                     *string        `help:"Name for people." placeholder:"NAME"`
	Behaviors                *string        `help:"Behaviors that tickets of customers carry, e.g. cart.write,catalog.read: up to 100 names of letters, digits, '.', '_', ':' and '-'. An empty value clears them." placeholder:"NAMES"`
	AnonymousBehaviors       *string        `help:"Behaviors that tickets of anonymous shoppers carry. They are not those of customers." placeholder:"NAMES"`
	OwnBehaviors             *string        `help:"What a confidential application may do itself: tickets.introspect, accounts.manage, or names of your own." placeholder:"NAMES"`
	Origins                  *string        `help:"Origins of the web pages that may call in its name, e.g. https://shop.example; * allows all." placeholder:"ORIGINS"`
	AccessLifetime           *time.Duration `help:"Lifetime of its access tokens; 0 means the server's, as with the other lifetimes." placeholder:"DURATION"`
	RefreshLifetime          *time.Duration `help:"Lifetime of a customer's refresh token, from the last refresh." placeholder:"DURATION"`
	AnonymousRefreshLifetime *time.Duration `help:"Lifetime of an anonymous shopper's refresh token, from the last refresh." placeholder:"DURATION"`
	SessionLifetime          *time.Duration `help:"Longest lifetime of a session, however often it is refreshed." placeholder:"DURATION"`
}

func (f *applicationFlags) asChange() applications.Change {
	return applications.Change{
		Name: f.Name, Behaviors: listOf(f.Behaviors), AnonymousBehaviors: listOf(f.AnonymousBehaviors), OwnBehaviors: listOf(f.OwnBehaviors), Origins: listOf(f.Origins),
		AccessLifetime: f.AccessLifetime, RefreshLifetime: f.RefreshLifetime, AnonymousRefreshLifetime: f.AnonymousRefreshLifetime, SessionLifetime: f.SessionLifetime,
	}
}

// listOf is a list as a flag has it: nil when the flag is not given.
func listOf(flag *string) []string {
	if flag == nil {
		return nil
	}
	if strings.TrimSpace(*flag) == "" {
		return []string{}
	}
	items := strings.Split(*flag, ",")
	for i, item := range items {
		items[i] = strings.TrimSpace(item)
	}
	return items
}

// CreateApplication creates an application.
type CreateApplication struct {
	ID           string `arg:"" help:"Its id: up to 32 lower-case letters, digits and dashes, e.g. storefront-de."`
	Confidential bool   `help:"It is a server, and proves who it is with a secret. Otherwise it is a page in a browser."`

	applicationFlags
}

// Help gives examples.
func (*CreateApplication) Help() string {
	return `For example:

  authtickets application create storefront-de --origins https://shop.example --behaviors cart.write,order.read --anonymous-behaviors cart.write
  authtickets application create gateway --confidential --own-behaviors tickets.introspect`
}

// Run carries the command out.
func (c *CreateApplication) Run(env *Environment, settings *Settings) error {
	return withApplications(env, settings, func(book *applications.Book) error {
		application, shown, err := book.Create(env.Context, c.ID, c.Confidential, c.asChange())
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(env.Stdout, "Created the application %s.\n", application.ID); err != nil {
			return err
		}
		if application.IsConfidential {
			return showSecret(env, shown)
		}
		return remindOfHeader(env, book)
	})
}

// remindOfHeader tells an operator who has just made another public application what that means for the clients of the first.
func remindOfHeader(env *Environment, book *applications.Book) error {
	all, err := book.All(env.Context)
	public := slices.DeleteFunc(all, func(a models.Application) bool { return a.IsConfidential })
	if err != nil || len(public) != 2 {
		return err
	}
	_, err = fmt.Fprintln(env.Stderr, "There are two public applications now: every request must name its own in the header x-application.")
	return err
}

// showSecret writes a new secret, so that it can be copied or cut out by the colon.
func showSecret(env *Environment, shown secret.Text) error {
	_, err := fmt.Fprintf(env.Stdout, "Its secret, which is not shown again: %s\n", shown.Reveal())
	return err
}

// UpdateApplication changes an application.
type UpdateApplication struct {
	namedApplication
	applicationFlags
}

// Help gives examples.
func (*UpdateApplication) Help() string {
	return `For example:

  authtickets application update storefront --origins https://shop.example,https://www.shop.example
  authtickets application update storefront --anonymous-behaviors "" --access-lifetime 5m`
}

// Run carries the command out.
func (c *UpdateApplication) Run(env *Environment, settings *Settings) error {
	if c.applicationFlags == (applicationFlags{}) {
		return errNothingToChange
	}
	return c.change(env, settings, "%s is updated. Every server knows within 5 seconds.", func(book *applications.Book) error {
		_, err := book.Update(env.Context, c.ID, c.asChange())
		return err
	})
}

// RotateSecret gives an application another secret.
type RotateSecret struct {
	namedApplication

	KeepOld time.Duration `help:"How long the secret it has stays good beside the new one, e.g. 24h: as long as it takes to give the new one to every server of the application." default:"0s" placeholder:"DURATION"`
}

// Help gives examples.
func (*RotateSecret) Help() string {
	return `For example:

  authtickets application rotate-secret gateway --keep-old 24h`
}

// Run carries the command out.
func (c *RotateSecret) Run(env *Environment, settings *Settings) error {
	return withApplications(env, settings, func(book *applications.Book) error {
		shown, err := book.RotateSecret(env.Context, c.ID, c.KeepOld)
		if err != nil {
			return err
		}
		before := "The secret before is no longer good."
		if c.KeepOld > 0 {
			before = fmt.Sprintf("The secret before is good for %s yet.", c.KeepOld)
		}
		if _, err := fmt.Fprintf(env.Stdout, "%s has another secret. %s\n", c.ID, before); err != nil {
			return err
		}
		return showSecret(env, shown)
	})
}

// DisableApplication disables an application.
type DisableApplication struct {
	namedApplication

	Yes bool `help:"Do not ask."`
}

var errNotDisabled = errors.New("nothing was disabled: say yes, or give --yes")

// Run carries the command out.
func (c *DisableApplication) Run(env *Environment, settings *Settings) error {
	return c.change(env, settings, "%s is disabled, and its sessions have ended.", func(book *applications.Book) error {
		if !c.Yes {
			if err := c.ask(env, book, "Disable the application %s and end all its sessions?", errNotDisabled); err != nil {
				return err
			}
		}
		_, err := book.Disable(env.Context, c.ID)
		return err
	})
}

// EnableApplication enables an application.
type EnableApplication struct{ namedApplication }

// Run carries the command out.
func (c *EnableApplication) Run(env *Environment, settings *Settings) error {
	return c.change(env, settings, "%s is enabled.", func(book *applications.Book) error {
		_, err := book.Enable(env.Context, c.ID)
		return err
	})
}

// DeleteApplication deletes an application.
type DeleteApplication struct {
	namedApplication

	Yes bool `help:"Do not ask."`
}

// Run carries the command out.
func (c *DeleteApplication) Run(env *Environment, settings *Settings) error {
	return c.change(env, settings, "%s is deleted, and its sessions have ended.", func(book *applications.Book) error {
		if !c.Yes {
			if err := c.ask(env, book, "Delete the application %s for good and end all its sessions?", errNotConfirmed); err != nil {
				return err
			}
		}
		return book.Delete(env.Context, c.ID)
	})
}
