package kibo

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/problem"
)

// reasons returns all reasons that the package models declares.
func reasons(t *testing.T) []models.Reason {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../models/error.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}

	var found []models.Reason
	ast.Inspect(file, func(node ast.Node) bool {
		value, ok := node.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(value.Names[0].Name, "Reason") {
			return true
		}
		for _, literal := range value.Values {
			if basic, ok := literal.(*ast.BasicLit); ok {
				text, err := strconv.Unquote(basic.Value)
				if err != nil {
					t.Fatal(err)
				}
				found = append(found, models.Reason(text))
			}
		}
		return true
	})
	return found
}

// A reason without a row would be shown as SERVER_ERROR.
func TestEveryReasonHasARow(t *testing.T) {
	t.Parallel()
	all := reasons(t)
	if len(all) < 30 || !slices.Contains(all, models.ReasonInternal) {
		t.Fatalf("found %s", all)
	}

	for _, reason := range all {
		row, ok := refusals[reason]
		isInternal := reason == models.ReasonInternal
		switch {
		case !ok:
			t.Errorf("%s has no row", reason)
		case row.status < http.StatusBadRequest || row.errorCode == "":
			t.Errorf("%s: %+v", reason, row)
		case isInternal != (row.status == http.StatusInternalServerError):
			t.Errorf("%s has the status %d", reason, row.status)
		case isInternal != (row.errorCode == codeInternal):
			t.Errorf("%s has the error code %s", reason, row.errorCode)
		}

		code := problem.Of(&models.Error{Reason: reason}).Code
		isAboutTicket := code == problem.CodeUnauthenticated && reason != models.ReasonInvalidCredentials
		if isAboutTicket && row.status != http.StatusUnauthorized && row.status != http.StatusForbidden {
			t.Errorf("%s has the status %d, so no client asks for a new ticket", reason, row.status)
		}
	}
	if len(refusals) != len(all) {
		t.Errorf("the table has %d rows for %d reasons", len(refusals), len(all))
	}
}
