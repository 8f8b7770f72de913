package command

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
)

type listApplications struct {
	JSON bool `help:"List them as JSON Lines."`
}

func (c *listApplications) Run(env *Environment, settings *Settings) error {
	return withApplications(env, settings, func(book *applications.Book) error {
		all, err := book.All(env.Context, access.Operator())
		if err != nil {
			return err
		}
		if c.JSON {
			for i := range all {
				if err := applicationJSON(env.Stdout, &all[i]); err != nil {
					return err
				}
			}
			return nil
		}

		table := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "ID\tKIND\tSTATE\tNAME")
		for i := range all {
			kind, state := "public", "enabled"
			if all[i].IsConfidential {
				kind = "confidential"
			}
			if all[i].IsDisabled {
				state = "disabled"
			}

			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", all[i].ID, kind, state, printable(all[i].Name))
		}

		return table.Flush()
	})
}

type showApplication struct {
	namedApplication

	JSON bool `help:"Show it as JSON."`
}

func (c *showApplication) Run(env *Environment, settings *Settings) error {
	return withApplications(env, settings, func(book *applications.Book) error {
		application, err := book.Find(env.Context, access.Operator(), c.ID)
		if err != nil {
			return err
		}
		if c.JSON {
			return applicationJSON(env.Stdout, application)
		}

		return applicationTable(env.Stdout, application)
	})
}

// field is a field of an application that is shown.
type field struct {
	name  string
	value any
}

// applicationFields returns the fields to show. It leaves out the hashes of the secrets.
func applicationFields(application *models.Application) []field {
	numbers := application.BehaviorNumbers
	if numbers == nil { // an application from before there were numbers
		numbers = map[string]int{}
	}
	return []field{
		{"id", application.ID},
		{"clientId", application.ClientID},
		{"name", application.Name},
		{"isConfidential", application.IsConfidential},
		{"isDisabled", application.IsDisabled},
		{"behaviors", application.Behaviors},
		{"anonymousBehaviors", application.AnonymousBehaviors},
		{"ownBehaviors", application.OwnBehaviors},
		{"origins", application.Origins},
		{"behaviorNumbers", numbers},
		{"accessLifetime", application.AccessLifetime},
		{"refreshLifetime", application.RefreshLifetime},
		{"anonymousRefreshLifetime", application.AnonymousRefreshLifetime},
		{"sessionLifetime", application.SessionLifetime},
		{"previousSecretUntil", application.PreviousSecretUntil},
		{"sessionsFrom", &application.SessionsFrom},
		{"createdAt", &application.CreatedAt},
		{"updatedAt", &application.UpdatedAt},
	}
}

// applicationJSON writes one line. A lifetime has the form of its flag. It is null if the lifetime
// of the server applies.
func applicationJSON(out io.Writer, application *models.Application) error {
	object := map[string]any{}
	for _, field := range applicationFields(application) {
		value := field.value
		if lifetime, ok := value.(time.Duration); ok {
			if value = nil; lifetime != 0 {
				value = lifetime.String()
			}
		}

		object[field.name] = value
	}

	return writeObject(out, object)
}

func applicationTable(out io.Writer, application *models.Application) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, field := range applicationFields(application) {
		var shown string
		switch value := field.value.(type) {
		case string:
			shown = printable(value)
		case []string:
			shown = strings.Join(value, ",")
		case map[string]int:
			shown = numbersText(value)
		case time.Duration:
			if shown = "the server's"; value != 0 {
				shown = value.String()
			}
		default:
			shown = plain(value)
		}

		if shown == "" {
			shown = "-"
		}

		fmt.Fprintf(table, "%s\t%s\n", field.name, shown)
	}

	return table.Flush()
}

// numbersText formats numbers of behaviors as their flag takes them.
func numbersText(numbers map[string]int) string {
	items := make([]string, 0, len(numbers))
	for _, name := range slices.Sorted(maps.Keys(numbers)) {
		items = append(items, name+"="+strconv.Itoa(numbers[name]))
	}
	return strings.Join(items, ",")
}
