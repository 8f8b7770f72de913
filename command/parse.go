package command

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
)

const variablePrefix = "AUTHTICKETS"

const description = "Issues, refreshes and ends authentication tickets for a storefront's shoppers, over GraphQL."

// ErrHelp means that help was requested and printed.
var ErrHelp = errors.New("help was given")

// Parse reads arguments, variables and the settings file into program, a pointer to a struct with
// kong's tags. A setting comes from the first of these that has it: flag, variable, file, default.
// To run the command, call Run of the result. The error lists everything that cannot be read. If
// there is also a result, program holds what could be read, so that it can be checked.
func Parse(env *Environment, program any, arguments []string, bindings ...any) (*kong.Context, error) {
	var faults []error
	helped := false
	parser, err := kong.New(
		program,
		kong.Name("authtickets"),
		kong.Description(description),
		kong.Resolvers(&sources{getenv: env.Getenv, faults: &faults}),
		kong.Writers(env.Stdout, env.Stderr),
		kong.Exit(func(int) { helped = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}),
		kong.ValueFormatter(helpOf),
		kong.Bind(append(bindings, env)...),
		kong.PostBuild(func(parser *kong.Kong) error { return addFieldFlags(parser, &faults) }),
		tolerant[time.Duration](&faults),
		tolerant[int](&faults),
		tolerant[int64](&faults),
		tolerantBool(&faults),
	)
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}

	nameVariables(parser.Model)
	misspelt := unknownVariables(env.Variables, parser.Model)
	parsed, err := parseAll(parser, arguments, &faults)
	if helped {
		return nil, ErrHelp
	}

	if parsed != nil {
		faults = append(faults, passwordArguments(parsed)...)
	}

	return parsed, errors.Join(append([]error{err, misspelt}, faults...)...)
}

// parseAll parses arguments and reports all faults at once. kong stops at the first flag that does
// not exist or has no value. So parseAll removes that flag, with the value that seems to belong to
// it, and parses again. It returns no result if a command or an argument is wrong, because then the
// meaning of the rest is unclear.
func parseAll(parser *kong.Kong, arguments []string, values *[]error) (*kong.Context, error) {
	var faults []error
	removed := -1 // where the last flag was removed

	for {
		*values = nil // each round reports the values again
		parsed, err := parser.Parse(arguments)
		failed, ok := errors.AsType[*kong.ParseError](err)
		if !ok {
			return parsed, errors.Join(append(faults, err)...)
		}

		if failed.Context.Error == nil { // the arguments are readable, but some are missing
			return failed.Context, errors.Join(append(faults, err)...)
		}

		stop := stoppedAt(failed.Context, arguments)
		isFlag := strings.HasPrefix(arguments[stop], "-")
		if !isFlag && stop != removed {
			return nil, errors.Join(append(faults, err)...)
		}

		if isFlag {
			faults = append(faults, err)
		}

		arguments = slices.Concat(arguments[:stop], arguments[stop+1:])
		removed = stop
	}
}

// stoppedAt returns the index of the argument that kong could not read.
func stoppedAt(read *kong.Context, arguments []string) int {
	last := read.Path[len(read.Path)-1]
	return len(arguments) - len(last.Remainder())
}

// passwordArguments returns a fault for each flag that contains a password, because everybody who
// lists the processes of the machine can read it.
func passwordArguments(parsed *kong.Context) (faults []error) {
	for _, path := range parsed.Path {
		if path.Flag == nil || path.Resolved {
			continue
		}
		if address, ok := reflect.TypeAssert[secret.Text](path.Flag.Target); ok && holdsPassword(address) {
			faults = append(faults, fmt.Errorf("--%[1]s: everybody who lists processes can see a password in a flag; "+
				"put it into %[2]s, or into a file for --%[1]s-file", path.Flag.Name, path.Flag.Envs[0]))
		}
	}
	return faults
}

// holdsPassword reports whether the address of a database contains a password: the text between the
// first colon and the last @.
func holdsPassword(address secret.Text) bool {
	text := strings.TrimPrefix(address.Reveal(), "mysql://")
	credentials := text[:max(0, strings.LastIndex(text, "@"))]
	_, password, _ := strings.Cut(credentials, ":")
	return password != "" && !storage.Embedded(address)
}

// isSetting reports whether a flag is a setting, of the program or of the server. Variables and the
// file can set only settings. The flags of other commands say what to do once.
func isSetting(owner *kong.Node, flag *kong.Flag) bool {
	if flag.Name == "help" {
		return false
	}
	isAddress := owner.Name == "health" && flag.Name == "listen"
	return owner.Type == kong.ApplicationNode || owner.Name == "serve" || isAddress
}

// nameVariables gives each setting a variable with its name. kong does not read them itself,
// because it would accept an empty one as a value.
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

// helpOf returns the help of a flag, with its variable.
func helpOf(value *kong.Value) string {
	if value.Flag == nil || len(value.Flag.Envs) == 0 {
		return value.Help
	}
	return strings.TrimSuffix(value.Help, ".") + " ($" + value.Flag.Envs[0] + ")."
}

// tolerant makes kong continue after a value that it cannot read, so that one run reports all
// faults.
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

	// With its default value, the setting causes no further faults.
	standard := kong.ScanFromTokens(kong.Token{Type: kong.FlagValueToken, Value: ctx.Value.Default})
	return c.Mapper.Decode(&kong.DecodeContext{Value: ctx.Value, Scan: standard}, target)
}

type boolCollector struct{ collector }

// IsBool implements kong.BoolMapper: the flag needs no value.
func (boolCollector) IsBool() bool { return true }
