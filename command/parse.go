package command

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"
)

const (
	variablePrefix = "AUTHTICKETS"
	configVariable = variablePrefix + "_CONFIG"
)

// ErrHelp is returned by Parse when help was asked for, and has been given.
var ErrHelp = errors.New("help was given")

// Parse reads arguments, variables and the settings file into program, a pointer to a struct with kong's tags. A setting is taken from the first
// of these that has it: flag, variable, file, default. The error lists all faults of all settings. Run of the result carries the command out.
func Parse(env *Environment, program any, arguments []string, bindings ...any) (*kong.Context, error) {
	var faults []error
	helped := false
	parser, err := kong.New(program,
		kong.Name("authtickets"), kong.Description("Issues, refreshes and ends authentication tickets for a storefront's shoppers, over GraphQL."),
		kong.PostBuild(nameVariables), kong.Configuration(settingsFile(env.Getenv, &faults)),
		kong.Writers(env.Stdout, env.Stderr), kong.Exit(func(int) { helped = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}),
		kong.Bind(append(bindings, env)...),
		tolerant[time.Duration](&faults), tolerant[int](&faults), tolerant[int64](&faults), tolerantBool(&faults),
	)
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	given := func(argument string) bool { return strings.HasPrefix(argument, "--config") }
	if file := env.Getenv(configVariable); file != "" && !slices.ContainsFunc(arguments, given) {
		arguments = append([]string{"--config=" + file}, arguments...)
	}
	parsed, err := parser.Parse(arguments)
	if helped {
		return nil, ErrHelp
	}
	if err != nil {
		faults = append(faults, err)
	}
	return parsed, errors.Join(faults...)
}

// isSetting reports whether a flag is a setting, of the program or of the server. The flags of the other commands say what to do this once, which
// neither a variable nor a file shall.
func isSetting(owner *kong.Node) bool {
	return owner.Type == kong.ApplicationNode || owner.Name == "serve"
}

// nameVariables gives each setting the variable of its name.
func nameVariables(parser *kong.Kong) error {
	return kong.Visit(parser.Model, func(visited kong.Visitable, next kong.Next) error {
		if node := nodeOf(visited); node != nil && isSetting(node) {
			for _, flag := range node.Flags {
				if flag.Name != "help" {
					flag.Envs = []string{variablePrefix + "_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))}
					flag.Tag.Envs = flag.Envs
				}
			}
		}
		return next(nil)
	})
}

func nodeOf(visited kong.Visitable) *kong.Node {
	switch node := visited.(type) {
	case *kong.Application:
		return node.Node
	case *kong.Node:
		return node
	default:
		return nil
	}
}

// tolerant makes kong go on after a value it cannot read, so that one run tells all faults.
func tolerant[T any](faults *[]error) kong.Option {
	of := reflect.TypeFor[T]()
	return kong.TypeMapper(of, collector{kong.NewRegistry().RegisterDefaults().ForType(of), faults})
}

func tolerantBool(faults *[]error) kong.Option {
	of := reflect.TypeFor[bool]()
	return kong.TypeMapper(of, boolCollector{collector{kong.NewRegistry().RegisterDefaults().ForType(of), faults}})
}

type collector struct {
	kong.Mapper

	faults *[]error
}

// Decode implements kong.Mapper.
func (c collector) Decode(ctx *kong.DecodeContext, target reflect.Value) error {
	if token := ctx.Scan.Peek(); token.Value == "" && !token.IsEOL() { // an empty variable is one that is not set
		ctx.Scan.Pop()
	} else if err := c.Mapper.Decode(ctx, target); err != nil {
		*c.faults = append(*c.faults, fmt.Errorf("--%s: %w", ctx.Value.Name, err))
	} else {
		return nil
	}
	// With its default, the setting causes no further faults.
	return c.Mapper.Decode(&kong.DecodeContext{Value: ctx.Value, Scan: kong.Scan(ctx.Value.Default)}, target)
}

type boolCollector struct{ collector }

// IsBool implements kong.BoolMapper: the flag needs no value.
func (boolCollector) IsBool() bool { return true }

// settingsFile reads a YAML file of settings.
func settingsFile(getenv func(string) string, faults *[]error) kong.ConfigurationLoader {
	return func(in io.Reader) (kong.Resolver, error) {
		values := map[string]any{}
		if err := yaml.NewDecoder(in).Decode(&values); err != nil && !errors.Is(err, io.EOF) {
			return nil, errors.New("the settings file is not a YAML mapping") // the cause quotes lines, which can hold secrets
		}
		return fileSettings{values, getenv, faults}, nil
	}
}

type fileSettings struct {
	values map[string]any
	getenv func(string) string
	faults *[]error
}

// Validate implements kong.Resolver: a key that is no setting is a fault, most often a misspelt one.
func (f fileSettings) Validate(app *kong.Application) error {
	known := map[string]bool{}
	_ = kong.Visit(app, func(visited kong.Visitable, next kong.Next) error {
		if node := nodeOf(visited); node != nil && isSetting(node) {
			for _, flag := range node.Flags {
				known[flag.Name] = true
			}
		}
		return next(nil)
	})
	var unknown []string
	for _, key := range slices.Sorted(maps.Keys(f.values)) {
		if !known[key] || key == "config" || key == "help" {
			unknown = append(unknown, key)
		}
	}
	if len(unknown) > 0 {
		*f.faults = append(*f.faults, fmt.Errorf("--config: the file has keys that are no settings: %s", strings.Join(unknown, ", ")))
	}
	return nil
}

// Resolve implements kong.Resolver.
func (f fileSettings) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	value, ok := f.values[flag.Name]
	inVariable := func(name string) bool { return f.getenv(name) != "" }
	if !ok || slices.ContainsFunc(flag.Envs, inVariable) {
		return nil, nil //nolint:nilnil // kong's word for "not set here"
	}
	if list, ok := value.([]any); ok {
		texts := make([]string, len(list))
		for i, item := range list {
			texts[i] = fmt.Sprint(item)
		}
		return strings.Join(texts, ","), nil
	}
	return fmt.Sprint(value), nil
}
