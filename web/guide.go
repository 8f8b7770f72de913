package web

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/authtickets/authtickets/applications"
)

// guide tells the playground's page what no GraphQL answer carries: introspection omits the
// directives of fields.
type guide struct {
	IsDemo             bool              `json:"isDemo"`
	ReuseWindowSeconds float64           `json:"reuseWindowSeconds"`
	Applications       []string          `json:"applications"`
	Fields             []guideField      `json:"fields"`
	Reasons            map[string]string `json:"reasons"`
	NextSteps          []guideStep       `json:"nextSteps"`
}

// guideField is a root field with the arguments of its @needs and @fails.
type guideField struct {
	Type         string   `json:"type"`
	Name         string   `json:"name"`
	Needs        string   `json:"needs,omitempty"`
	IsBackOffice bool     `json:"isBackOffice"`
	Fails        []string `json:"fails"`
}

// guideStep is a value of NextStep, in the order of the schema.
type guideStep struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// guide returns what the page may know. The schema is told only where introspection tells it, and
// the applications only by a demo, which nobody else can reach.
func (s Settings) guide() guide {
	told := guide{
		IsDemo:             s.Demo,
		ReuseWindowSeconds: s.Office.Policy.ReuseWindow.Seconds(),
		Applications:       []string{},
		Fields:             []guideField{},
		Reasons:            map[string]string{},
		NextSteps:          []guideStep{},
	}

	if s.Introspection {
		schema := s.Schema.Schema()
		told.Fields = append(guideFields(schema.Query), guideFields(schema.Mutation)...)
		for _, reason := range schema.Types["ErrorReason"].EnumValues {
			told.Reasons[reason.Name] = reason.Description
		}
		for _, step := range schema.Types["NextStep"].EnumValues {
			told.NextSteps = append(told.NextSteps, guideStep{step.Name, step.Description})
		}
	}

	if s.Demo {
		for application := range s.Office.Applications.All() {
			told.Applications = append(told.Applications, application.ID)
		}
		slices.Sort(told.Applications)
	}
	return told
}

// guideFields returns the fields of a root type that say how they fail.
func guideFields(root *ast.Definition) []guideField {
	var fields []guideField
	for _, definition := range root.Fields {
		fails := definition.Directives.ForName("fails")
		if fails == nil {
			continue
		}
		field := guideField{Type: root.Name, Name: definition.Name, Fails: []string{}}
		for _, reason := range fails.Arguments.ForName("with").Value.Children {
			field.Fails = append(field.Fails, reason.Value.Raw)
		}
		if needs := definition.Directives.ForName("needs"); needs != nil {
			field.Needs = needs.Arguments.ForName("behavior").Value.Raw
			field.IsBackOffice = field.Needs == applications.ManageAccounts ||
				field.Needs == applications.IntrospectTickets
		}
		fields = append(fields, field)
	}
	return fields
}

// serveGuide answers each time anew, because applications come and go while the server runs.
func (s Settings) serveGuide(w http.ResponseWriter, r *http.Request) {
	content, err := json.Marshal(s.guide())
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	plainAsset("application/json; charset=utf-8", content).ServeHTTP(w, r)
}
