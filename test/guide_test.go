package test_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/web"
)

// Only a demo, which nobody else can reach, lists its applications, including newer ones.
func TestPlaygroundListsApplicationsInADemoOnly(t *testing.T) {
	t.Parallel()

	o := open(t, sqlite(t))
	o.application("till", false, applications.Change{})
	for _, test := range []struct {
		isDemo bool
		want   []string
	}{{false, nil}, {true, []string{"storefront", "till"}}} {
		served := o.with(func(s *web.Settings) { s.Playground, s.Demo = true, test.isDemo })
		recorder := httptest.NewRecorder()
		target := "/playground/guide.json"
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, http.NoBody)
		served.handler.ServeHTTP(recorder, request)

		var guide struct {
			IsDemo       bool
			Applications []string
		}

		must(t, json.Unmarshal(recorder.Body.Bytes(), &guide))
		if guide.IsDemo != test.isDemo || !slices.Equal(guide.Applications, test.want) {
			t.Errorf("isDemo %v: %s", test.isDemo, recorder.Body)
		}
	}
}
