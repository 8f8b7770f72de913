package command

import (
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"github.com/alecthomas/kong"

	"github.com/authtickets/authtickets/accounts"
)

// fieldFlags are flags for the fields of an account. They are made from the table of fields, so no
// struct declares them. A command that embeds fieldFlags has one for each field, unless it has its
// own flag, argument or prompt for the field.
type fieldFlags struct{ flags []*fieldFlag }

// fieldFlag is the flag for a field.
type fieldFlag struct {
	field *accounts.Field
	// value is nil when the flag is not given.
	value *string
}

type flagText struct{ name, placeholder, help string }

// flagTextOf returns the texts of the flag for a field. Most follow from the name of the field.
func flagTextOf(field *accounts.Field) flagText {
	switch field.Name() {
	case "emailAddress":
		return flagText{"email", "ADDRESS", "E-mail address. The customer can sign in with it too."}
	case "companyOrOrganization":
		return flagText{"company", "NAME", "Company or organization."}
	case "accountType":
		return flagText{"account-type", "TYPE", "Kind of account, e.g. B2C."}
	case "customerSinceDate":
		return flagText{"since", "INSTANT", "When the customer became one, in RFC 3339. " +
			"The default is when the account was created."}
	case "localeCode":
		return flagText{"locale", "CODE", "Language and region, e.g. en-US."}
	}

	words := wordsOf(field.Name())
	help := strings.ToUpper(words[:1]) + words[1:] + "."
	return flagText{strings.ReplaceAll(words, " ", "-"), "TEXT", help}
}

// wordsOf splits a field's name into words: "tax id" for taxId.
func wordsOf(name string) string {
	var words strings.Builder
	for _, letter := range name {
		if unicode.IsUpper(letter) {
			words.WriteByte(' ')
		}

		words.WriteRune(unicode.ToLower(letter))
	}

	return words.String()
}

// addFieldFlags adds the flags for fields to the commands that embed fieldFlags.
func addFieldFlags(parser *kong.Kong, faults *[]error) error {
	return kong.Visit(parser.Model, func(visited kong.Visitable, next kong.Next) error {
		command, ok := visited.(*kong.Command)
		if !ok || !command.Target.IsValid() {
			return next(nil)
		}

		if target, ok := reflect.TypeAssert[interface{ forFields() *fieldFlags }](command.Target.Addr()); ok {
			target.forFields().addTo(command, faults)
		}

		return next(nil)
	})
}

func (f *fieldFlags) forFields() *fieldFlags { return f }

func (f *fieldFlags) addTo(command *kong.Command, faults *[]error) {
	for _, field := range accounts.Fields() {
		switch field.Name() {
		case "userName", "externalId", "attributes", "password":
			continue // the commands have their own flags or prompts for these
		}

		if !field.IsEntered() {
			continue
		}

		flag := &fieldFlag{field: field}
		f.flags = append(f.flags, flag)
		command.Flags = append(command.Flags, flag.describe(faults))
	}
}

// describe returns the flag in the form that kong needs.
func (f *fieldFlag) describe(faults *[]error) *kong.Flag {
	text := flagTextOf(f.field)
	value := &kong.Value{
		Name:     text.name,
		Help:     text.help,
		OrigHelp: text.help,
		Tag:      &kong.Tag{},
		Mapper:   kong.MapperFunc(decodeText),
		Target:   reflect.ValueOf(&f.value).Elem(),
	}
	if f.field.IsBool() {
		value.Tag.Negatable = "_" // means --no-NAME to kong
		mapper := kong.NewRegistry().RegisterDefaults().ForType(reflect.TypeFor[bool]())
		value.Mapper = boolText{boolCollector{collector{mapper, faults}}}
	}

	value.Flag = &kong.Flag{Value: value, PlaceHolder: text.placeholder}
	return value.Flag
}

func decodeText(ctx *kong.DecodeContext, target reflect.Value) error {
	return ctx.Scan.PopValueInto("string", target.Interface())
}

// boolText reads a bool and stores it as text.
type boolText struct{ boolCollector }

// Decode implements kong.Mapper.
func (b boolText) Decode(ctx *kong.DecodeContext, target reflect.Value) error {
	var on bool
	if err := b.boolCollector.Decode(ctx, reflect.ValueOf(&on).Elem()); err != nil {
		return err
	}

	target.Elem().SetString(strconv.FormatBool(on))
	return nil
}

// set sets the fields of a record whose flags are given. An empty text clears a field.
func (f *fieldFlags) set(record *accounts.Record) error {
	for _, flag := range f.flags {
		if err := setGiven(record, flag.field.Name(), flag.value); err != nil {
			return err
		}
	}
	return nil
}
