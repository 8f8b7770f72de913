package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/graph"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/test/testkit"
)

func present(t *testing.T, err error) (answer, logged string) {
	t.Helper()
	var log bytes.Buffer
	presenter := graph.Presenter(slog.New(slog.NewJSONHandler(&log, nil)), strings.NewReader("01234567"), true)
	text, failed := json.Marshal(presenter(t.Context(), err))
	if failed != nil {
		t.Fatal(failed)
	}

	return string(text), log.String()
}

func TestPresentedErrors(t *testing.T) {
	t.Parallel()

	for reason, want := range map[models.Reason]string{
		models.ReasonRequestInvalid: `{"message":"The request cannot be run.",` +
			`"extensions":{"code":"BAD_USER_INPUT","nextStep":"FIX_INPUT","reason":"REQUEST_INVALID"}}`,
		models.ReasonLimitExceeded: `{"message":"The request goes beyond a limit.",` +
			`"extensions":{"code":"BAD_USER_INPUT","nextStep":"FIX_INPUT","reason":"LIMIT_EXCEEDED"}}`,
		models.ReasonDocumentNotTrusted: `{"message":"The document is not one of those that this server runs.",` +
			`"extensions":{"code":"FORBIDDEN","nextStep":"FIX_INPUT","reason":"DOCUMENT_NOT_TRUSTED"}}`,
		models.ReasonUsernameInvalid: `{"message":` +
			`"The user name is empty, too long, or has characters that names cannot have.",` +
			`"extensions":{"code":"BAD_USER_INPUT","nextStep":"FIX_INPUT","reason":"USERNAME_INVALID"}}`,
		models.ReasonPasswordInvalid: `{"message":` +
			`"The password is empty, too long, or has characters that passwords cannot have.",` +
			`"extensions":{"code":"BAD_USER_INPUT","nextStep":"FIX_INPUT","reason":"PASSWORD_INVALID"}}`,
		models.ReasonInvalidCredentials: `{"message":"The user name or the password is wrong.",` +
			`"extensions":{"code":"BAD_USER_INPUT","nextStep":"FIX_INPUT","reason":"INVALID_CREDENTIALS"}}`,
		models.ReasonAccountLocked: `{"message":"The account is locked.",` +
			`"extensions":{"code":"FORBIDDEN","nextStep":"FIX_INPUT","reason":"ACCOUNT_LOCKED"}}`,
		models.ReasonAccountInactive: `{"message":"The account is inactive.",` +
			`"extensions":{"code":"FORBIDDEN","nextStep":"FIX_INPUT","reason":"ACCOUNT_INACTIVE"}}`,
		models.ReasonAccountDeleted: `{"message":"The account has been deleted.",` +
			`"extensions":{"code":"UNAUTHENTICATED","nextStep":"SIGN_IN","reason":"ACCOUNT_DELETED"}}`,
		models.ReasonTokenMissing: `{"message":"There is no access token in the request.",` +
			`"extensions":{"code":"UNAUTHENTICATED","nextStep":"SIGN_IN","reason":"TOKEN_MISSING"}}`,
		models.ReasonTokenInvalid: `{"message":"The token is not valid.",` +
			`"extensions":{"code":"UNAUTHENTICATED","nextStep":"SIGN_IN","reason":"TOKEN_INVALID"}}`,
		models.ReasonTokenExpired: `{"message":"The token has expired.",` +
			`"extensions":{"code":"UNAUTHENTICATED","nextStep":"SIGN_IN","reason":"TOKEN_EXPIRED"}}`,
		models.ReasonTokenReused: `{"message":"The refresh token was used before, so its session has ended.",` +
			`"extensions":{"code":"UNAUTHENTICATED","nextStep":"SIGN_IN","reason":"TOKEN_REUSED"}}`,
		models.ReasonSignedIn: `{"message":"The anonymous session has ended: its shopper has signed in.",` +
			`"extensions":{"code":"UNAUTHENTICATED","nextStep":"SIGN_IN","reason":"SIGNED_IN"}}`,
		models.ReasonSignedOut: `{"message":"The session was signed out.",` +
			`"extensions":{"code":"UNAUTHENTICATED","nextStep":"SIGN_IN","reason":"SIGNED_OUT"}}`,
		models.ReasonSignedOutEverywhere: `{"message":"All sessions of the shopper were signed out.",` +
			`"extensions":{"code":"UNAUTHENTICATED","nextStep":"SIGN_IN","reason":"SIGNED_OUT_EVERYWHERE"}}`,
		models.ReasonSessionEnded: `{"message":"The session was ended from another one of the customer.",` +
			`"extensions":{"code":"UNAUTHENTICATED","nextStep":"SIGN_IN","reason":"SESSION_ENDED"}}`,
		models.ReasonSessionReplaced: `{"message":"The session has ended: the customer signed in here again.",` +
			`"extensions":{"code":"UNAUTHENTICATED","nextStep":"SIGN_IN","reason":"SESSION_REPLACED"}}`,
		models.ReasonTooManySessions: `{"message":"The session has ended: the customer has too many.",` +
			`"extensions":{"code":"UNAUTHENTICATED","nextStep":"SIGN_IN","reason":"TOO_MANY_SESSIONS"}}`,
		models.ReasonEndedByOperator: `{"message":"The session was ended by an operator.",` +
			`"extensions":{"code":"UNAUTHENTICATED","nextStep":"SIGN_IN","reason":"ENDED_BY_OPERATOR"}}`,
		models.ReasonAttemptInvalid: `{"message":"The attempt must have 16 to 64 letters and digits.",` +
			`"extensions":{"code":"BAD_USER_INPUT","nextStep":"FIX_INPUT","reason":"ATTEMPT_INVALID"}}`,
		models.ReasonPasswordChanged: `{"message":"The session has ended: the password was changed.",` +
			`"extensions":{"code":"UNAUTHENTICATED","nextStep":"SIGN_IN","reason":"PASSWORD_CHANGED"}}`,
		models.ReasonNotAllowed: `{"message":"This is another shopper's.",` +
			`"extensions":{"code":"FORBIDDEN","nextStep":"FIX_INPUT","reason":"NOT_ALLOWED"}}`,
		models.ReasonApplicationMissing: `{"message":` +
			`"The request must name its application in the header x-application.",` +
			`"extensions":{"code":"UNAUTHENTICATED","nextStep":"FIX_INPUT","reason":"APPLICATION_MISSING"}}`,
		models.ReasonApplicationInvalid: `{"message":"There is no such application, or its secret or token is ` +
			`not valid.",` +
			`"extensions":{"code":"UNAUTHENTICATED","nextStep":"FIX_INPUT","reason":"APPLICATION_INVALID"}}`,
		models.ReasonApplicationDisabled: `{"message":"The application is disabled, or was since the session began.",` +
			`"extensions":{"code":"FORBIDDEN","nextStep":"FIX_INPUT","reason":"APPLICATION_DISABLED"}}`,
		models.ReasonOriginNotAllowed: `{"message":` +
			`"Pages of this origin may not call in the name of the application.",` +
			`"extensions":{"code":"FORBIDDEN","nextStep":"FIX_INPUT","reason":"ORIGIN_NOT_ALLOWED"}}`,
		models.ReasonBehaviorMissing: `{"message":` +
			`"The application does not have the behavior that this needs.",` +
			`"extensions":{"code":"FORBIDDEN","nextStep":"FIX_INPUT","reason":"BEHAVIOR_MISSING"}}`,
		models.ReasonAccountNotFound: `{"message":"There is no such account.",` +
			`"extensions":{"code":"BAD_USER_INPUT","nextStep":"FIX_INPUT","reason":"ACCOUNT_NOT_FOUND"}}`,
		models.ReasonAccountInvalid: `{"message":"The account cannot be like this.",` +
			`"extensions":{"code":"BAD_USER_INPUT","nextStep":"FIX_INPUT","reason":"ACCOUNT_INVALID"}}`,
		models.ReasonTooManyAttempts: `{"message":"Too many wrong guesses. Wait before the next.",` +
			`"extensions":{"code":"TRY_AGAIN","nextStep":"WAIT","reason":"TOO_MANY_ATTEMPTS","retryAfterSeconds":5}}`,
		models.ReasonBusy: `{"message":"The server cannot answer at the moment. Try again.",` +
			`"extensions":{"code":"TRY_AGAIN","nextStep":"WAIT","reason":"BUSY","retryAfterSeconds":5}}`,
		models.ReasonTimedOut: `{"message":"The request took too long. Try again.",` +
			`"extensions":{"code":"TRY_AGAIN","nextStep":"WAIT","reason":"TIMED_OUT","retryAfterSeconds":5}}`,
		models.ReasonInternal: `{"message":"The server failed. The operator finds the reason under the error's id.",` +
			`"extensions":{"code":"INTERNAL_SERVER_ERROR","errorId":"3031323334353637",` +
			`"nextStep":"WAIT","reason":"INTERNAL","retryAfterSeconds":5}}`,
	} {
		if got, _ := present(t, fmt.Errorf("secret cause: %w", &models.Error{Reason: reason})); got != want {
			t.Errorf("%s: %s", reason, cmp.Diff(want, got))
		}
	}

	got, _ := present(t, &models.Error{Reason: models.ReasonAccountLocked, RetryAfter: 90 * time.Second})
	want := `{"message":"The account is locked.",` +
		`"extensions":{"code":"FORBIDDEN","nextStep":"WAIT","reason":"ACCOUNT_LOCKED","retryAfterSeconds":90}}`
	if got != want {
		t.Error(cmp.Diff(want, got))
	}

	got, _ = present(t, &models.Error{Reason: models.ReasonTokenExpired, Refreshable: true})
	want = `{"message":"The token has expired.",` +
		`"extensions":{"code":"UNAUTHENTICATED","nextStep":"REFRESH","reason":"TOKEN_EXPIRED"}}`
	if got != want {
		t.Error(cmp.Diff(want, got))
	}

	got, _ = present(t, &models.Error{Reason: models.ReasonTooManyAttempts, RetryAfter: 1500 * time.Millisecond})
	if !strings.Contains(got, `"retryAfterSeconds":2`) {
		t.Error(got)
	}

	got, _ = present(t, fmt.Errorf("secret cause: %w", accounts.RefusedError("userName must not be empty")))
	want = `{"message":"The account is refused: userName must not be empty.",` +
		`"extensions":{"code":"BAD_USER_INPUT","nextStep":"FIX_INPUT","reason":"ACCOUNT_INVALID"}}`
	if got != want {
		t.Error(cmp.Diff(want, got))
	}
}

func TestUnknownErrorShowsNothing(t *testing.T) {
	t.Parallel()

	got, logged := present(
		t, errors.New("dial tcp 10.1.2.3:3306: Access denied for user 'shop'@'10.1.2.3' (using password: YES)"),
	)
	for _, word := range []string{"10.1.2.3", "denied", "shop", "tcp", "password"} {
		if strings.Contains(got, word) {
			t.Errorf("%q is shown: %s", word, got)
		}
	}

	if !strings.Contains(logged, "Access denied") || !strings.Contains(logged, `"errorId":"3031323334353637"`) {
		t.Errorf("logged: %s", logged)
	}
	if got, _ := present(t, fmt.Errorf("read: %w", context.DeadlineExceeded)); !strings.Contains(got, "TIMED_OUT") {
		t.Error(got)
	}
}

func schemaText(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}

	return string(text)
}

func schema(t *testing.T) *ast.Schema {
	t.Helper()
	return gqlparser.MustLoadSchema(&ast.Source{Name: "schema.graphqls", Input: schemaText(t)})
}

// Each reason comes with a code and a next step that the schema lists for it.
func TestWhatComesWithReasons(t *testing.T) {
	t.Parallel()

	for _, reason := range schema(t).Types["ErrorReason"].EnumValues {
		comesWith := reason.Directives.ForName("comesWith")
		for _, failure := range []*models.Error{
			{Reason: models.Reason(reason.Name)},
			{Reason: models.Reason(reason.Name), Refreshable: true},
			{Reason: models.Reason(reason.Name), Replaceable: true},
		} {
			if failure.Refreshable && failure.Reason != models.ReasonTokenExpired ||
				failure.Replaceable && failure.Reason != models.ReasonAccountInactive {
				continue
			}

			text, _ := present(t, failure)
			var answer struct {
				Extensions struct{ Code, NextStep string }
			}
			if err := json.Unmarshal([]byte(text), &answer); err != nil {
				t.Fatal(err)
			}

			for argument, got := range map[string]string{
				"code": answer.Extensions.Code, "nextStep": answer.Extensions.NextStep,
			} {
				if listed := comesWith.Arguments.ForName(argument).Value.String(); !slices.Contains(
					strings.FieldsFunc(listed, func(r rune) bool { return strings.ContainsRune("[], ", r) }), got,
				) {
					t.Errorf("%s comes with %s, but the schema lists %s", reason.Name, got, listed)
				}
			}
		}
	}
}

func TestEverythingIsDescribed(t *testing.T) {
	t.Parallel()
	testkit.Described(t, schema(t))
}
