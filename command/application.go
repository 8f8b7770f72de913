package command

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/wiring"
)

// Application holds the commands for the applications that request tickets.
type Application struct {
	Create       createApplication  `cmd:"" help:"Create an application. Prints the secret of a confidential one."`
	List         listApplications   `cmd:"" help:"List all applications."`
	Show         showApplication    `cmd:"" help:"Show an application."`
	Update       updateApplication  `cmd:"" help:"Change an application. Fields without a flag do not change."`
	RotateSecret rotateSecret       `cmd:"" help:"Give a confidential application a new secret, and print it once."`
	Disable      disableApplication `cmd:"" help:"Refuse tickets for an application, and end its sessions."`
	Enable       enableApplication  `cmd:"" help:"Enable an application again. Its former sessions stay ended."`
	Delete       deleteApplication  `cmd:"" help:"Delete an application for good, and end its sessions."`
}

// withApplications opens the book of applications and passes it to do.
func withApplications(env *Environment, settings *Settings, do func(*applications.Book) error) error {
	return settings.with(env, nil, func(parts *wiring.Parts) error { return do(parts.Applications) })
}

// namedApplication is an application that is named on the command line.
type namedApplication struct {
	ID string `arg:"" help:"Id of the application."`
}

// change calls do to change the application, and prints what was done.
func (n *namedApplication) change(
	env *Environment, settings *Settings, done string, do func(*applications.Book) error,
) error {
	return withApplications(env, settings, func(book *applications.Book) error {
		if err := do(book); err != nil {
			return err
		}
		_, err := fmt.Fprintf(env.Stdout, done+"\n", n.ID)
		return err
	})
}

// ask checks that the application exists, and then asks the operator. It returns the error refusal
// unless the answer is yes.
func (n *namedApplication) ask(env *Environment, book *applications.Book, question string, refusal error) error {
	if _, err := book.Find(env.Context, access.Operator(), n.ID); err != nil {
		return err
	}
	if !confirmed(env, fmt.Sprintf(question, n.ID)) {
		return refusal
	}
	return nil
}

type createApplication struct {
	ID           string `arg:"" help:"Id: up to 32 lower-case letters, digits and dashes, e.g. storefront-de."`
	Confidential bool   `help:"Create a server with a secret. Otherwise it is a page in a browser."`

	applicationFlags
}

func (*createApplication) Help() string {
	return `For example:

  authtickets application create storefront-de --origins https://shop.example \
      --behaviors cart.write,order.read --anonymous-behaviors cart.write
  authtickets application create gateway --confidential --own-behaviors tickets.introspect

Separate the items of a list with commas. An empty value clears the list. A list of behaviors has up
to 100 names of letters, digits, '.', '_', ':' and '-'. An application's own behaviors are
tickets.introspect, accounts.manage, or names of your own. Anonymous shoppers do not get the
behaviors of customers. A lifetime of 0 means the server's setting. The lifetime of a refresh token
starts again with each refresh. A session ends after its longest lifetime, even if it is refreshed.`
}

func (c *createApplication) Run(env *Environment, settings *Settings) error {
	return withApplications(env, settings, func(book *applications.Book) error {
		change, err := c.asChange()
		if err != nil {
			return err
		}
		input := applications.New{ID: c.ID, IsConfidential: c.Confidential, Change: change}
		created, err := book.Create(env.Context, access.Operator(), input)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(env.Stdout, "Created the application %s.\n", created.ID); err != nil {
			return err
		}

		if created.IsConfidential {
			return showSecret(env, created.Secret)
		}

		return remindOfHeader(env, book)
	})
}

// remindOfHeader tells an operator who has just created the second public application that all
// clients must now name theirs.
func remindOfHeader(env *Environment, book *applications.Book) error {
	all, err := book.All(env.Context, access.Operator())
	public := slices.DeleteFunc(all, func(a models.Application) bool { return a.IsConfidential })
	if err != nil || len(public) != 2 {
		return err
	}

	_, err = fmt.Fprintln(
		env.Stderr,
		"There are two public applications now, so every request must name its own in the header x-application.",
	)
	return err
}

// showSecret prints a new secret after a colon, so that a script can cut it out.
func showSecret(env *Environment, shown secret.Text) error {
	_, err := fmt.Fprintf(env.Stdout, "Its secret, which is not shown again: %s\n", shown.Reveal())
	return err
}

type updateApplication struct {
	namedApplication
	applicationFlags
}

func (*updateApplication) Help() string {
	return `For example:

  authtickets application update storefront --origins https://shop.example,https://www.shop.example
  authtickets application update storefront --anonymous-behaviors "" --access-lifetime 5m`
}

func (c *updateApplication) Run(env *Environment, settings *Settings) error {
	if c.applicationFlags == (applicationFlags{}) {
		return errNothingToChange
	}
	return c.change(env, settings, "%s is updated. Every server knows within 5 seconds.",
		func(book *applications.Book) error {
			change, err := c.asChange()
			if err != nil {
				return err
			}
			_, err = book.Update(env.Context, access.Operator(), c.ID, change)
			return err
		})
}

type rotateSecret struct {
	namedApplication

	KeepOld time.Duration `default:"0s" placeholder:"DURATION" help:"How long the old secret stays valid, e.g. 24h."`
}

func (*rotateSecret) Help() string {
	return `For example:

  authtickets application rotate-secret gateway --keep-old 24h`
}

func (c *rotateSecret) Run(env *Environment, settings *Settings) error {
	return withApplications(env, settings, func(book *applications.Book) error {
		shown, err := book.RotateSecret(env.Context, access.Operator(), c.ID, c.KeepOld)
		if err != nil {
			return err
		}

		previous := "The previous secret is no longer valid."
		if c.KeepOld > 0 {
			previous = fmt.Sprintf("The previous secret stays valid for %s.", c.KeepOld)
		}
		if _, err := fmt.Fprintf(env.Stdout, "%s has a new secret. %s\n", c.ID, previous); err != nil {
			return err
		}

		return showSecret(env, shown)
	})
}

type disableApplication struct {
	namedApplication

	Yes bool `help:"Do not ask for confirmation."`
}

var errNotDisabled = errors.New("nothing was disabled: answer yes, or use --yes")

func (c *disableApplication) Run(env *Environment, settings *Settings) error {
	return c.change(env, settings, "%s is disabled, and its sessions have ended.", func(book *applications.Book) error {
		if !c.Yes {
			err := c.ask(env, book, "Disable the application %s and end all its sessions?", errNotDisabled)
			if err != nil {
				return err
			}
		}

		_, err := book.Disable(env.Context, access.Operator(), c.ID)
		return err
	})
}

type enableApplication struct{ namedApplication }

func (c *enableApplication) Run(env *Environment, settings *Settings) error {
	return c.change(env, settings, "%s is enabled.", func(book *applications.Book) error {
		_, err := book.Enable(env.Context, access.Operator(), c.ID)
		return err
	})
}

type deleteApplication struct {
	namedApplication

	Yes bool `help:"Do not ask for confirmation."`
}

func (c *deleteApplication) Run(env *Environment, settings *Settings) error {
	return c.change(env, settings, "%s is deleted, and its sessions have ended.", func(book *applications.Book) error {
		if !c.Yes {
			err := c.ask(env, book, "Delete the application %s for good and end all its sessions?", errNotConfirmed)
			if err != nil {
				return err
			}
		}
		return book.Delete(env.Context, access.Operator(), c.ID)
	})
}
