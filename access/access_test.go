package access_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
)

// Every right is a reserved behavior. There is no second list to maintain.
func TestRightsAreReserved(t *testing.T) {
	t.Parallel()

	rights := access.Rights()
	names := map[string]bool{}
	for _, right := range rights {
		name := right.Behavior()
		if !access.IsReserved(name) || !regexp.MustCompile(`^[a-z]+\.[a-z]+$`).MatchString(name) {
			t.Errorf("right %v has the name %q, which is not a behavior or not reserved", right, name)
		}

		names[name] = true
	}

	for _, right := range []access.Right{access.IntrospectTickets(), access.ManageAccounts()} {
		if !names[right.Behavior()] {
			t.Errorf("%s is not among the rights", right.Behavior())
		}
	}

	if len(names) != len(rights) {
		t.Errorf("two of the %d rights have the same name", len(rights))
	}
	if access.IsReserved("cart.write") || access.IsReserved("") || access.IsReserved(access.Right{}.Behavior()) {
		t.Error("a behavior that is not a right is reserved")
	}
}

// desk returns a desk where the application shop has the right to manage accounts.
func desk(text *bytes.Buffer) *access.Desk {
	handler := slog.NewTextHandler(
		text,
		&slog.HandlerOptions{ReplaceAttr: func(_ []string, attribute slog.Attr) slog.Attr {
			if attribute.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return attribute
		}},
	)
	return &access.Desk{
		Allows: func(caller *access.Caller, right access.Right) (string, error) {
			switch {
			case caller.Application == "":
				return "", &models.Error{Reason: models.ReasonApplicationMissing}
			case caller.Application != "shop" || right != access.ManageAccounts():
				return caller.Application, &models.Error{Reason: models.ReasonBehaviorMissing}
			}
			return caller.Application, nil
		},
		Log: slog.New(handler),
	}
}

func TestDo(t *testing.T) {
	t.Parallel()

	shop, other, nobody := &access.Caller{Application: "shop"}, &access.Caller{Application: "other"}, &access.Caller{}
	managing := access.Act{Name: "account.lock", Needs: access.ManageAccounts()}
	rightless := access.Act{Name: "keyset.rotate"}
	orToken := access.Act{Name: "session.end", Needs: access.ManageAccounts(), OrToken: true}
	user := models.ID{0: 1, 15: 2}

	for name, test := range map[string]struct {
		caller *access.Caller
		act    access.Act
		fails  error
		want   models.Reason // of a refusal
		record string
	}{
		"with the right": {
			shop, managing, nil, "",
			`level=INFO msg="act done" act=account.lock by=shop user=01000000000000000000000000000002 outcome=done`,
		},
		"an operator": {
			access.Operator(), managing, nil, "",
			`level=INFO msg="act done" act=account.lock by=operator user=01000000000000000000000000000002 outcome=done`,
		},
		"the server": {
			access.Server(), rightless, nil, "",
			`level=INFO msg="act done" act=keyset.rotate by=server user=01000000000000000000000000000002 outcome=done`,
		},
		"without the right": {
			other, managing, nil, models.ReasonBehaviorMissing,
			`level=INFO msg="act refused" act=account.lock by=other outcome=BEHAVIOR_MISSING`,
		},
		"neither the right nor a token": {
			other, orToken, nil, models.ReasonTokenMissing,
			`level=INFO msg="act refused" act=session.end by=other outcome=TOKEN_MISSING`,
		},
		"nobody": {
			nobody, orToken, nil, models.ReasonApplicationMissing,
			`level=INFO msg="act refused" act=session.end outcome=APPLICATION_MISSING`,
		},
		"no right is named": {
			shop, rightless, nil, models.ReasonBehaviorMissing,
			`level=INFO msg="act refused" act=keyset.rotate outcome=BEHAVIOR_MISSING`,
		},
		"the work refuses": {
			shop, managing, fmt.Errorf("hunter2: %w", &models.Error{Reason: models.ReasonAccountInvalid}), "",
			`level=INFO msg="act refused" act=account.lock by=shop user=01000000000000000000000000000002 ` +
				`outcome=ACCOUNT_INVALID`,
		},
		"the work takes too long": {
			shop, managing, context.DeadlineExceeded, "",
			`level=INFO msg="act refused" act=account.lock by=shop user=01000000000000000000000000000002 ` +
				`outcome=TIMED_OUT`,
		},
		"the work fails": {
			shop, managing, errors.New("hunter2"), "",
			`level=WARN msg="act failed" act=account.lock by=shop user=01000000000000000000000000000002 outcome=failed`,
		},
	} {
		var text bytes.Buffer
		ran := false
		result, err := access.Do(
			t.Context(),
			desk(&text),
			test.caller,
			test.act,
			func(entry *access.Entry) (int, error) {
				ran, entry.User = true, user
				return 1, test.fails
			},
		)

		switch {
		case test.want != "":
			if !errors.Is(err, &models.Error{Reason: test.want}) || ran {
				t.Errorf("%s: %v, and the work ran: %t", name, err, ran)
			}
		case !errors.Is(err, test.fails) || result != 1:
			t.Errorf("%s: %d, %v", name, result, err)
		}

		if got := strings.TrimSpace(text.String()); got != test.record {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, test.record)
		}
	}
}

// Without Allows, no application has a right.
func TestNobodyAllows(t *testing.T) {
	t.Parallel()

	closed := &access.Desk{Log: slog.New(slog.DiscardHandler)}
	act := access.Act{Name: "account.read", Needs: access.ManageAccounts()}
	if err := closed.Check(t.Context(), &access.Caller{Application: "shop"}, act); !errors.Is(
		err, &models.Error{Reason: models.ReasonBehaviorMissing},
	) {
		t.Error(err)
	}
	if err := closed.Check(t.Context(), access.Operator(), act); err != nil {
		t.Error(err)
	}
}

// Check records refusals only.
func TestCheck(t *testing.T) {
	t.Parallel()

	var text bytes.Buffer
	act := access.Act{Name: "account.read", Needs: access.ManageAccounts()}
	if err := desk(&text).Check(t.Context(), &access.Caller{Application: "shop"}, act); err != nil || text.Len() > 0 {
		t.Error(err, text.String())
	}
	if err := desk(&text).Check(t.Context(), &access.Caller{Application: "other"}, act); err == nil ||
		strings.Count(text.String(), "\n") != 1 {
		t.Error(err, text.String())
	}
}

func TestEntry(t *testing.T) {
	t.Parallel()

	var text bytes.Buffer
	_, err := access.Record(t.Context(), desk(&text), "keyset.rotate", func(entry *access.Entry) (int, error) {
		*entry = access.Entry{
			By:          "server",
			User:        models.ID{1},
			Session:     models.ID{2},
			Application: "shop",
			Keyset:      access.KeysetName(models.SealKeys, 3),
			UsedFrom:    time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC),
			Source:      "198.51.100.1",
			Counts:      []access.Count{{Name: "read", Number: 4}, {Name: "created", Number: 0}},
		}
		return 0, nil
	})

	const want = `level=INFO msg="act done" act=keyset.rotate by=server user=01000000000000000000000000000000 ` +
		`session=02000000000000000000000000000000 application=shop keyset="seal 3" usedFrom=2026-11-24T09:30:00.000Z ` +
		`source=198.51.100.1 outcome=done read=4 created=0`
	if got := strings.TrimSpace(text.String()); err != nil || got != want {
		t.Errorf("%v\ngot  %s\nwant %s", err, got, want)
	}
}

func TestDroppedEntry(t *testing.T) {
	t.Parallel()

	var text bytes.Buffer
	_, err := access.Record(t.Context(), desk(&text), "session.sign-out", func(entry *access.Entry) (int, error) {
		entry.Drop()
		return 0, nil
	})
	if err != nil || text.Len() > 0 {
		t.Error(err, text.String())
	}
}

// An act that ends with a panic is recorded, too.
func TestPanic(t *testing.T) {
	t.Parallel()

	var text bytes.Buffer
	defer func() {
		if recover() == nil || !strings.Contains(text.String(), "act=account.lock") ||
			!strings.Contains(text.String(), "outcome=failed") {
			t.Error(text.String())
		}
	}()

	_, _ = access.Record(t.Context(), desk(&text), "account.lock", func(*access.Entry) (int, error) {
		panic("hunter2")
	})
}

// The secrets of a caller are never printed.
func TestCallerPrints(t *testing.T) {
	t.Parallel()

	caller := access.Caller{Application: "shop", Secret: secret.New("hunter2"), AccessToken: secret.New("hunter3")}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, caller); strings.Contains(text, "hunter") {
			t.Error(text)
		}
	}
}
