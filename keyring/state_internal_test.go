package keyring

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/models"
)

// The states of keysets at minute 0. usedFrom has the minute from which each is used. Tokens live
// for an hour.
func TestEntries(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		usedFrom []int
		want     string
	}{
		"none":                           {nil, ""},
		"one":                            {[]int{-5}, "in use"},
		"one, by a clock that is behind": {[]int{5}, "in use"},
		"now":                            {[]int{-5, 0}, "old until 70, in use"},
		"soon":                           {[]int{-5, 1}, "in use, next"},
		"several":                        {[]int{-90, -30, -5, 1, 2}, "old until 40, old until 65, in use, next, next"},
		"a later one is used earlier":    {[]int{-5, 600, 1}, "in use, next, next"},
		"a later one was used earlier":   {[]int{-50, 600, -1}, "old until 69, old until 69, in use"},
		"the one before came too late":   {[]int{-50, -10, -20}, "old until 50, old until 50, in use"},
	} {
		var rows []models.Keyset
		for i, minutes := range c.usedFrom {
			usedFrom := noon.Add(time.Duration(minutes) * time.Minute)
			rows = append(rows, models.Keyset{Purpose: models.SealKeys, Number: i + 1, UsedFrom: usedFrom})
		}

		var got []string
		for _, entry := range entriesOf(rows, time.Hour, noon) {
			text := string(entry.State)
			if entry.RetiresAt != nil {
				text += fmt.Sprintf(" until %.0f", entry.RetiresAt.Sub(noon).Minutes())
			}
			got = append(got, text)
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %s", name, strings.Join(got, ", "))
		}
	}
}
