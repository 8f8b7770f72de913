package problem_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/problem"
)

func schema(t *testing.T) *ast.Schema {
	t.Helper()
	text, err := os.ReadFile("../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	return gqlparser.MustLoadSchema(&ast.Source{Name: "schema.graphqls", Input: string(text)})
}

// Every reason of the schema is in the table. A missing one would be shown as INTERNAL.
func TestEveryReasonIsInTheTable(t *testing.T) {
	t.Parallel()
	reasons := schema(t).Types["ErrorReason"].EnumValues
	if len(reasons) == 0 {
		t.Fatal("the schema has no reasons")
	}

	for _, value := range reasons {
		reason := models.Reason(value.Name)
		got := problem.Of(&models.Error{Reason: reason})
		isInternal := got.Code == problem.CodeInternalServerError
		switch {
		case got.Reason != reason:
			t.Errorf("%s is shown as %s", reason, got.Reason)
		case isInternal != (reason == models.ReasonInternal):
			t.Errorf("%s has the code %s", reason, got.Code)
		case got.Message == "":
			t.Errorf("%s has no message", reason)
		case !slices.Contains(statuses(got.Code), got.Status):
			t.Errorf("%s has the status %d and the code %s", reason, got.Status, got.Code)
		case (got.NextStep == problem.NextStepWait) != (got.RetryAfterSeconds > 0):
			t.Errorf("%s: %s, after %d seconds", reason, got.NextStep, got.RetryAfterSeconds)
		}
	}
}

// statuses returns the HTTP statuses that fit a code.
func statuses(code problem.Code) []int {
	return map[problem.Code][]int{
		problem.CodeUnauthenticated:            {http.StatusUnauthorized},
		problem.CodeForbidden:                  {http.StatusForbidden, http.StatusUnauthorized},
		problem.CodeBadUserInput:               {http.StatusBadRequest, http.StatusNotFound},
		problem.CodeTryAgain:                   {http.StatusServiceUnavailable, http.StatusTooManyRequests},
		problem.CodeInternalServerError:        {http.StatusInternalServerError},
		problem.CodeParseFailed:                nil,
		problem.CodeValidationFailed:           nil,
		problem.CodePersistedQueryNotFound:     nil,
		problem.CodePersistedQueryNotSupported: nil,
	}[code]
}

// The enums of the schema and the constants of the code are the same.
func TestEnumsOfTheSchema(t *testing.T) {
	t.Parallel()
	types := schema(t).Types
	for _, test := range []struct{ enum, goType, path string }{
		{"ErrorCode", "Code", "problem.go"},
		{"NextStep", "NextStep", "problem.go"},
		{"ErrorReason", "Reason", "../models/error.go"},
	} {
		source, err := os.ReadFile(test.path)
		if err != nil {
			t.Fatal(err)
		}
		var inCode, inSchema []string
		for line := range strings.Lines(string(source)) {
			fields := strings.Fields(line)
			if len(fields) == 4 && fields[1] == test.goType && fields[2] == "=" {
				inCode = append(inCode, strings.Trim(fields[3], `"`))
			}
		}
		for _, value := range types[test.enum].EnumValues {
			inSchema = append(inSchema, value.Name)
		}

		slices.Sort(inCode)
		slices.Sort(inSchema)
		if !slices.Equal(inSchema, inCode) {
			t.Errorf("%s has\n%v in the schema, and\n%v in the code", test.enum, inSchema, inCode)
		}
	}
}

func TestOf(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err     error
		reason  models.Reason
		step    problem.NextStep
		seconds int
	}{
		"Refreshable": {
			&models.Error{Reason: models.ReasonTokenExpired, Refreshable: true},
			models.ReasonTokenExpired, problem.NextStepRefresh, 0,
		},
		"Replaceable": {
			&models.Error{Reason: models.ReasonAccountInactive, Replaceable: true},
			models.ReasonAccountInactive, problem.NextStepSignIn, 0,
		},
		"WaitIsRoundedUp": {
			&models.Error{Reason: models.ReasonAccountLocked, RetryAfter: 1500 * time.Millisecond},
			models.ReasonAccountLocked, problem.NextStepWait, 2,
		},
		"RefreshableNeedsNoWait": {
			&models.Error{Reason: models.ReasonBusy, RetryAfter: time.Second, Refreshable: true},
			models.ReasonBusy, problem.NextStepRefresh, 0,
		},
		"UsualWait": {
			&models.Error{Reason: models.ReasonBusy},
			models.ReasonBusy, problem.NextStepWait, 5,
		},
		"Wrapped": {
			fmt.Errorf("secret cause: %w", &models.Error{Reason: models.ReasonSignedOut}),
			models.ReasonSignedOut, problem.NextStepSignIn, 0,
		},
		"Deadline": {
			fmt.Errorf("read: %w", context.DeadlineExceeded),
			models.ReasonTimedOut, problem.NextStepWait, 1,
		},
		"Disconnected": {
			fmt.Errorf("read: %w", context.Canceled),
			models.ReasonTimedOut, problem.NextStepWait, 1,
		},
		"Unknown": {
			errors.New("dial tcp 10.1.2.3:3306: Access denied"),
			models.ReasonInternal, problem.NextStepWait, 5,
		},
		"UnknownReason": {
			&models.Error{Reason: "NEW"},
			models.ReasonInternal, problem.NextStepWait, 5,
		},
	} {
		got := problem.Of(test.err)
		if got.Reason != test.reason || got.NextStep != test.step || got.RetryAfterSeconds != test.seconds {
			t.Errorf("%s: %+v", name, got)
		}
		if strings.Contains(got.Message, "secret cause") || strings.Contains(got.Message, "10.1.2.3") {
			t.Errorf("%s shows its cause: %s", name, got.Message)
		}
	}
}
