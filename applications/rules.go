package applications

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/models"
)

const (
	maxName      = 255
	maxBehaviors = 100
	maxOrigins   = 1000
	// maxBehaviorNumber bounds how long the list of words in a JWT can be.
	maxBehaviorNumber = 1<<16 - 1
	leastLifetime     = time.Second
)

var (
	idForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
	// clientIDForm has the ids that Kibo gives to applications. checkClientID keeps them apart from
	// ids of ours.
	clientIDForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	behaviorForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$`)
)

// RefusedError lists the faults of a request, one per line. Each line begins with the name of the
// field. The text contains no secret.
type RefusedError string

// Error implements error.
func (e RefusedError) Error() string { return string(e) }

// refused returns a RefusedError with all faults; nil if there are none.
func refused(faults ...error) error {
	if err := errors.Join(faults...); err != nil {
		return RefusedError(err.Error())
	}
	return nil
}

// check returns a RefusedError that lists all faults of an application; nil if it has none.
func check(application *models.Application) error {
	own := application.OwnBehaviors
	faults := []error{
		checkID(application.ID),
		checkClientID(application.ClientID),
		checkName(application.Name),
		CheckBehaviors("behaviors", application.Behaviors),
		checkDistinct("behaviors", application.Behaviors),
		CheckBehaviors("anonymousBehaviors", application.AnonymousBehaviors),
		checkDistinct("anonymousBehaviors", application.AnonymousBehaviors),
		checkNames("ownBehaviors", own),
		checkDistinct("ownBehaviors", own),
		CheckOrigins("origins", application.Origins),
		checkDistinct("origins", application.Origins),
		checkBehaviorNumbers(application.BehaviorNumbers),
	}
	if len(own) > 0 && !application.IsConfidential {
		faults = append(faults, errors.New(
			"ownBehaviors: only a confidential application can have any, because it proves who it is"))
	}
	return refused(append(faults, checkLifetimes(application)...)...)
}

func checkID(id string) error {
	if !idForm.MatchString(id) {
		return fmt.Errorf(
			"id: %q is not 1 to 32 lower-case letters, digits and '-', of which the first is a letter", id)
	}
	return nil
}

// checkClientID makes sure that a client id can never be the id of another application.
func checkClientID(id *string) error {
	if id != nil && (!clientIDForm.MatchString(*id) || idForm.MatchString(*id)) {
		return fmt.Errorf("clientId: %q is not 1 to 64 letters, digits, '.', '_' and '-', with a capital letter "+
			"or a dot, and with a letter or digit first, e.g. SHOP.APP.1.0.0.Release", *id)
	}
	return nil
}

func checkBehaviorNumbers(numbers map[string]int) error {
	behaviors := slices.Sorted(maps.Keys(numbers))
	faults := []error{checkNames("behaviorNumbers", behaviors)}
	for _, behavior := range behaviors {
		if number := numbers[behavior]; number < 0 || number > maxBehaviorNumber {
			faults = append(faults, fmt.Errorf(
				"behaviorNumbers: %s: the number must be between 0 and %d", behavior, maxBehaviorNumber))
		}
	}
	return errors.Join(faults...)
}

func checkName(name string) error {
	switch {
	case name == "":
		return errors.New("name: must not be empty")
	case !utf8.ValidString(name):
		return errors.New("name: is not UTF-8")
	case utf8.RuneCountInString(name) > maxName:
		return fmt.Errorf("name: is longer than %d characters", maxName)
	case strings.ContainsFunc(name, unicode.IsControl):
		return errors.New("name: has a control character")
	}
	return nil
}

// CheckBehaviors returns all faults of a list of behaviors for tickets; nil if there are none. They
// begin with the name of the field.
func CheckBehaviors(field string, behaviors []string) error {
	faults := []error{checkNames(field, behaviors)}
	for _, right := range access.Rights() {
		if reserved := right.Behavior(); slices.Contains(behaviors, reserved) {
			faults = append(faults, fmt.Errorf(
				"%s: %s can only be one of the own behaviors of a confidential application", field, reserved))
		}
	}
	return errors.Join(faults...)
}

func checkNames(field string, behaviors []string) error {
	faults := []error{checkLength(maxBehaviors, field, behaviors)}
	for _, behavior := range behaviors {
		if !behaviorForm.MatchString(behavior) {
			faults = append(faults, fmt.Errorf(
				"%s: %q is not a name of up to 64 letters, digits, '.', '_', ':' and '-'", field, behavior))
		}
	}
	return errors.Join(faults...)
}

// CheckOrigins returns all faults of a list of origins; nil if there are none. They begin with the
// name of the field.
func CheckOrigins(field string, origins []string) error {
	faults := []error{checkLength(maxOrigins, field, origins)}
	for _, origin := range origins {
		if origin != AnyOrigin && !IsOrigin(origin) {
			faults = append(faults, fmt.Errorf(
				"%s: %q is not an origin; write it as a browser does, e.g. https://shop.example", field, origin))
		}
	}
	return errors.Join(faults...)
}

func checkLength(limit int, field string, list []string) error {
	if len(list) > limit {
		return fmt.Errorf("%s: more than %d", field, limit)
	}
	return nil
}

func checkDistinct(field string, list []string) error {
	var faults []error
	for i, item := range list {
		if slices.Index(list, item) < i {
			faults = append(faults, fmt.Errorf("%s: %q is listed twice", field, item))
		}
	}
	return errors.Join(faults...)
}

// LongestSession is the longest lifetime of a session, and so of its tokens: 400 days, which is how
// long browsers keep a cookie (RFC 6265bis section 5.5).
const LongestSession = 400 * 24 * time.Hour

// checkLifetimes compares only the application's own lifetimes. It does not have the server's
// settings, which can change.
func checkLifetimes(application *models.Application) []error {
	var faults []error
	lifetimes := []struct {
		field string
		value time.Duration
		// atMost has the indexes of the lifetimes that this one must not exceed.
		atMost []int
	}{
		{"accessLifetime", application.AccessLifetime, []int{1, 2, 3}},
		{"refreshLifetime", application.RefreshLifetime, []int{3}},
		{"anonymousRefreshLifetime", application.AnonymousRefreshLifetime, []int{3}},
		{"sessionLifetime", application.SessionLifetime, nil},
	}
	for _, lifetime := range lifetimes {
		if lifetime.value > LongestSession {
			faults = append(faults, fmt.Errorf("%s: must be %s or less", lifetime.field, LongestSession))
		}
		if lifetime.value != 0 && lifetime.value < leastLifetime {
			faults = append(faults, fmt.Errorf(
				"%s: must be %s or more, or 0 for the server's", lifetime.field, leastLifetime))
		}
		for _, number := range lifetime.atMost {
			if longer := lifetimes[number]; longer.value != 0 && lifetime.value > longer.value {
				faults = append(faults, fmt.Errorf("%s: must not be longer than %s", lifetime.field, longer.field))
			}
		}
	}
	return faults
}
