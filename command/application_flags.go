package command

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/authtickets/authtickets/applications"
)

// applicationFlags are the flags for the fields of an application. Lists are separated by commas.
// An empty list clears the field.
type applicationFlags struct {
	Name                     *string        `help:"Name for people to read." placeholder:"NAME"`
	ClientID                 *string        `placeholder:"ID" help:"Second id, for clients of Kibo's APIs."`
	BehaviorNumbers          *string        `placeholder:"NAME=NUMBER" help:"Numbers of behaviors in JWTs for them."`
	Behaviors                *string        `placeholder:"NAMES" help:"Behaviors in the tickets of customers."`
	AnonymousBehaviors       *string        `placeholder:"NAMES" help:"Behaviors in anonymous tickets."`
	OwnBehaviors             *string        `placeholder:"NAMES" help:"What a confidential application may do itself."`
	Origins                  *string        `placeholder:"ORIGINS" help:"Origins of its web pages, or * for all."`
	AccessLifetime           *time.Duration `placeholder:"DURATION" help:"Lifetime of its access tokens."`
	RefreshLifetime          *time.Duration `placeholder:"DURATION" help:"Lifetime of a customer's refresh token."`
	AnonymousRefreshLifetime *time.Duration `placeholder:"DURATION" help:"Lifetime of an anonymous refresh token."`
	SessionLifetime          *time.Duration `placeholder:"DURATION" help:"Longest lifetime of a session."`
}

// asChange returns the change that the flags describe. Its error is a RefusedError.
func (f *applicationFlags) asChange() (applications.Change, error) {
	numbers, err := numbersOf(f.BehaviorNumbers)
	return applications.Change{
		Name:                     f.Name,
		ClientID:                 f.ClientID,
		BehaviorNumbers:          numbers,
		Behaviors:                listOf(f.Behaviors),
		AnonymousBehaviors:       listOf(f.AnonymousBehaviors),
		OwnBehaviors:             listOf(f.OwnBehaviors),
		Origins:                  listOf(f.Origins),
		AccessLifetime:           f.AccessLifetime,
		RefreshLifetime:          f.RefreshLifetime,
		AnonymousRefreshLifetime: f.AnonymousRefreshLifetime,
		SessionLifetime:          f.SessionLifetime,
	}, err
}

// numbersOf converts a flag like cart.write=1014,order.read=5 to a map. It returns nil if the flag
// is not given.
func numbersOf(flag *string) (map[string]int, error) {
	items := listOf(flag)
	if items == nil {
		return nil, nil //nolint:nilnil // the flag is not given
	}

	numbers := make(map[string]int, len(items))
	for _, item := range items {
		name, text, _ := strings.Cut(item, "=")
		number, err := strconv.Atoi(text)
		if _, isTwice := numbers[name]; err != nil || isTwice {
			return nil, applications.RefusedError(fmt.Sprintf(
				"behaviorNumbers: %q is not NAME=NUMBER, or the name is listed twice", item))
		}
		numbers[name] = number
	}
	return numbers, nil
}

// listOf converts the value of a flag to a list. It returns nil if the flag is not given.
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
