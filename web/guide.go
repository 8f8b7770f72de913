package web

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/gqlhttp"
)

// guide serves what the playground's page needs and cannot query with GraphQL.
type guide struct {
	isDemo             bool
	reuseWindowSeconds float64
	outline            gqlhttp.Outline
	applications       *applications.Directory
}

// guideAnswer is the JSON of a guide.
type guideAnswer struct {
	IsDemo             bool     `json:"isDemo"`
	ReuseWindowSeconds float64  `json:"reuseWindowSeconds"`
	Applications       []string `json:"applications"`
	gqlhttp.Outline
}

func newGuide(settings Settings) *guide {
	return &guide{
		isDemo:             settings.Demo,
		reuseWindowSeconds: settings.Office.Policy.ReuseWindow.Seconds(),
		outline:            settings.Outline(),
		applications:       settings.Office.Applications,
	}
}

// answer returns the answer at the moment. It lists the applications only for a demo, which other
// machines cannot reach. They can change while the server runs.
func (g *guide) answer() guideAnswer {
	answer := guideAnswer{g.isDemo, g.reuseWindowSeconds, []string{}, g.outline}
	if !g.isDemo {
		return answer
	}

	for application := range g.applications.All() {
		answer.Applications = append(answer.Applications, application.ID)
	}
	slices.Sort(answer.Applications)
	return answer
}

// ServeHTTP implements http.Handler.
func (g *guide) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	content, err := json.Marshal(g.answer())
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	plainAsset("application/json; charset=utf-8", content).ServeHTTP(w, r)
}
