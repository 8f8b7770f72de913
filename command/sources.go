package command

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"
)

const configVariable = variablePrefix + "_CONFIG"

// sources provides the settings that no flag sets, from variables and a YAML file. An empty value
// there counts as not set.
type sources struct {
	getenv func(string) string
	faults *[]error
	file   map[string]any
}

// Resolve implements kong.Resolver.
func (s *sources) Resolve(ctx *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if s.file == nil {
		s.file = map[string]any{}
		s.read(ctx)
	}
	if len(flag.Envs) == 0 {
		return nil, nil //nolint:nilnil // this is how kong says "not set here"
	}

	text := s.getenv(flag.Envs[0])
	if text == "" {
		text = textOf(s.file[flag.Name])
	}
	if text == "" {
		return nil, nil //nolint:nilnil // as above
	}

	return text, nil
}

// read reads the file that the flag or the variable names.
func (s *sources) read(ctx *kong.Context) {
	name := s.getenv(configVariable)
	for _, path := range ctx.Path {
		if path.Flag != nil && path.Flag.Name == "config" {
			name = ctx.Value(path).String()
		}
	}

	if name == "" {
		return
	}

	text, err := os.ReadFile(kong.ExpandPath(name))
	if err != nil {
		*s.faults = append(*s.faults, fmt.Errorf("--config: %w", err))
		return
	}

	var values map[string]any
	if err := yaml.Unmarshal(text, &values); err != nil {
		*s.faults = append(
			*s.faults, errors.New("--config: the settings file is not a YAML mapping"),
		) // the cause would quote lines, which can contain secrets
		return
	}

	maps.Copy(s.file, values)
}

// textOf returns a value of the file in the form of a flag's value. It may be empty.
func textOf(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case []any:
		texts := make([]string, len(value))
		for i, item := range value {
			texts[i] = textOf(item)
		}

		return strings.Join(slices.DeleteFunc(texts, func(text string) bool { return text == "" }), ",")
	default:
		return fmt.Sprint(value)
	}
}

// Validate implements kong.Resolver. A key of the file that is not a setting is a fault. Usually it
// is misspelt.
func (s *sources) Validate(app *kong.Application) error {
	unknown := maps.Clone(s.file)
	for _, flag := range settingsOf(app) {
		if flag.Name != "config" {
			delete(unknown, flag.Name)
		}
	}

	if len(unknown) > 0 {
		*s.faults = append(
			*s.faults,
			fmt.Errorf(
				"--config: the file has keys that are not settings: %s",
				strings.Join(slices.Sorted(maps.Keys(unknown)), ", "),
			),
		)
	}

	return nil
}
