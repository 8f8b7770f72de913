package kibo

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/models"
)

// The tables of docs/kibo.md have each reason with its status and code, and each field of an
// account.
func TestGuide(t *testing.T) {
	t.Parallel()

	text, err := os.ReadFile("../docs/kibo.md")
	if err != nil {
		t.Fatal(err)
	}
	guide := string(text)

	documented := make(map[models.Reason]refusal)
	row := regexp.MustCompile("(?m)^\\| (\\d{3}) \\| `([A-Z_]+)` \\| (`[A-Z_]+`(?:, `[A-Z_]+`)*) \\|$")
	for _, match := range row.FindAllStringSubmatch(guide, -1) {
		for reason := range strings.SplitSeq(match[3], ", ") {
			var status int
			if _, err := fmt.Sscan(match[1], &status); err != nil {
				t.Fatal(err)
			}
			documented[models.Reason(strings.Trim(reason, "`"))] = refusal{status, match[2]}
		}
	}
	for reason, row := range refusals {
		if documented[reason] != row {
			t.Errorf("%s: documented as %v, answered with %v", reason, documented[reason], row)
		}
	}
	if len(documented) != len(refusals) {
		t.Errorf("%d reasons are documented, not %d", len(documented), len(refusals))
	}

	_, account, _ := strings.Cut(guide, "### A customer's account\n")
	account, _, _ = strings.Cut(account, "\n### ")
	var names []string
	for line := range strings.Lines(account) {
		cells := strings.Split(line, "|")
		if len(cells) > 2 && !strings.Contains(line, "missing: ") {
			for _, match := range regexp.MustCompile("`([A-Za-z]+)`").FindAllStringSubmatch(cells[1], -1) {
				names = append(names, match[1])
			}
		}
	}
	for _, field := range visibleFields {
		if !slices.Contains(names, field.Name()) {
			t.Errorf("no row for %s", field.Name())
		}
		if len(appendValue(nil, field.In(&models.CustomerAccount{}), everything)) == 0 {
			t.Errorf("nothing is written for %s", field.Name())
		}
	}
	if len(names) != len(visibleFields) {
		t.Errorf("%d fields are documented, not %d: %s", len(names), len(visibleFields), names)
	}
}
