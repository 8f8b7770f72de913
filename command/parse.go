package command

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"

	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
)

const (
	variablePrefix = "AUTHTICKETS"
	configVariable = variablePrefix + "_CONFIG"
)

// ErrHelp is returned by Parse when help was asked for, and has been given.
var ErrHelp = errors.New("help was given")

// Parse reads arguments, variables and the settings file into program, a pointer to a struct with
// kong's tags. A setting is taken from the first of these that has it: flag, variable, file,
// default. Run of the result carries the command out. The error lists everything that cannot be
// read. If there is a result as well, program holds what can be read, so that it can be checked.
func Parse(env *Environment, program any, arguments []string, bindings ...any) (*kong.Context, error) {
	var faults []error
	helped := false
	parser, err := kong.New(program,
		kong.Name("authtickets"), kong.Description("Issues, refreshes and ends authentication tickets for a storefront's shoppers, over GraphQL."),
		kong.Resolvers(&sources{getenv: env.Getenv, faults: &faults}),
		kong.Writers(env.Stdout, env.Stderr), kong.Exit(func(int) { helped = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}), kong.ValueFormatter(helpOf),
		kong.Bind(append(bindings, env)...),
		tolerant[time.Duration](&faults), tolerant[int](&faults), tolerant[int64](&faults), tolerantBool(&faults),
	)
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	nameVariables(parser.Model)
	misspelt := unknownVariables(env.Variables, parser.Model)
	parsed, err := parseOn(parser, arguments, &faults, -1)
	if helped {
		return nil, ErrHelp
	}
	if parsed != nil {
		faults = append(faults, passwordArguments(parsed)...)
	}
	return parsed, errors.Join(append([]error{err, misspelt}, faults...)...)
}

// parseOn parses arguments, and goes on behind a flag that does not exist or has no value, where kong stops. What stands at the index value is taken for the value of such a
// flag, if it is nothing else. There is no result where a command or an argument is wrong: nobody knows then what the rest is meant for.
func parseOn(parser *kong.Kong, arguments []string, faults *[]error, value int) (*kong.Context, error) {
	*faults = nil
	parsed, err := parser.Parse(arguments)
	failed, ok := errors.AsType[*kong.ParseError](err)
	if !ok {
		return parsed, err
	}
	if failed.Context.Error == nil { // the arguments can be read, and some are missing
		return failed.Context, err
	}
	read := failed.Context.Path[len(failed.Context.Path)-1]
	at := len(arguments) - len(read.Remainder())
	isFlag := strings.HasPrefix(arguments[at], "-")
	if !isFlag && at != value {
		return nil, err
	}
	parsed, others := parseOn(parser, slices.Concat(arguments[:at], arguments[at+1:]), faults, at)
	if !isFlag {
		return parsed, others
	}
	return parsed, errors.Join(err, others)
}

// passwordArguments returns a fault for each flag that holds a password: whoever lists the processes of the machine reads it.
func passwordArguments(parsed *kong.Context) (faults []error) {
	for _, path := range parsed.Path {
		if path.Flag == nil || path.Resolved {
			continue
		}
		if address, ok := reflect.TypeAssert[secret.Text](path.Flag.Target); ok && holdsPassword(address) {
			faults = append(faults, fmt.Errorf("--%[1]s: a password in a flag is seen by everybody who lists processes; put it into %[2]s, or into a file for --%[1]s-file",
				path.Flag.Name, path.Flag.Envs[0]))
		}
	}
	return faults
}

// holdsPassword reports whether a password is in the address of a database: what stands between the first colon and the last @.
func holdsPassword(address secret.Text) bool {
	text := strings.TrimPrefix(address.Reveal(), "mysql://")
	credentials := text[:max(0, strings.LastIndex(text, "@"))]
	_, password, _ := strings.Cut(credentials, ":")
	return password != "" && !storage.Embedded(address)
}

// isSetting reports whether a flag is a setting, of the program or of the server. The flags of the
// other commands say what to do once. Variables and the file cannot set them.
func isSetting(owner *kong.Node, flag *kong.Flag) bool {
	if flag.Name == "help" {
		return false
	}
	isAddress := owner.Name == "health" && flag.Name == "listen"
	return owner.Type == kong.ApplicationNode || owner.Name == "serve" || isAddress
}

// nameVariables gives each setting the variable of its name. kong reads none of them itself: it would take an empty one for a value.
func nameVariables(app *kong.Application) {
	for _, flag := range settingsOf(app) {
		flag.Envs = []string{variablePrefix + "_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))}
	}
}

func settingsOf(app *kong.Application) (settings []*kong.Flag) {
	for _, node := range append([]*kong.Node{app.Node}, app.Children...) {
		for _, flag := range node.Flags {
			if isSetting(node, flag) {
				settings = append(settings, flag)
			}
		}
	}
	return settings
}

// helpOf is the help of a flag, with its variable.
func helpOf(value *kong.Value) string {
	if value.Flag == nil || len(value.Flag.Envs) == 0 {
		return value.Help
	}
	return strings.TrimSuffix(value.Help, ".") + " ($" + value.Flag.Envs[0] + ")."
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
	err := c.Mapper.Decode(ctx, target)
	if err == nil {
		return nil
	}
	*c.faults = append(*c.faults, fmt.Errorf("--%s: %w", ctx.Value.Name, err))
	if !ctx.Value.HasDefault {
		return nil
	}
	// With its default, the setting causes no further faults.
	standard := kong.ScanFromTokens(kong.Token{Type: kong.FlagValueToken, Value: ctx.Value.Default})
	return c.Mapper.Decode(&kong.DecodeContext{Value: ctx.Value, Scan: standard}, target)
}

type boolCollector struct{ collector }

// IsBool implements kong.BoolMapper: the flag needs no value.
func (boolCollector) IsBool() bool { return true }

// sources are where settings come from that are not flags: variables, and a YAML file. What is empty there is not set.
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
		return nil, nil //nolint:nilnil // kong's word for "not set here"
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
		*s.faults = append(*s.faults, errors.New("--config: the settings file is not a YAML mapping")) // the cause quotes lines, which can hold secrets
		return
	}
	maps.Copy(s.file, values)
}

// textOf is a value of the file as a flag would have it; empty for none.
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

// Validate implements kong.Resolver: a key of the file that is no setting is a fault, most often a misspelt one.
func (s *sources) Validate(app *kong.Application) error {
	unknown := maps.Clone(s.file)
	for _, flag := range settingsOf(app) {
		if flag.Name != "config" {
			delete(unknown, flag.Name)
		}
	}
	if len(unknown) > 0 {
		*s.faults = append(*s.faults, fmt.Errorf("--config: the file has keys that are no settings: %s", strings.Join(slices.Sorted(maps.Keys(unknown)), ", ")))
	}
	return nil
}
