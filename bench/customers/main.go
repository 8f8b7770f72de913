// Command customers prints customers as JSON Lines, to try and measure imports:
//
//	go run ./bench/customers -n 1000000 -seed 1 | gzip > customers.jsonl.gz
//	authtickets account import customers.jsonl.gz
//
// The same seed gives the same customers. A smaller -n gives the first of them. Every fourth
// customer has two attributes. Everyone's password is "correct horse battery staple". All share one
// bcrypt hash of cost 10, because hashing a million passwords would take longer than importing
// them.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"time"
)

func main() {
	number := flag.Int("n", 1000, "how many customers")
	seed := flag.Uint64("seed", 1, "which customers")
	flag.Parse()
	out := bufio.NewWriterSize(os.Stdout, 1<<16)
	err := write(out, *number, *seed)
	if err == nil {
		err = out.Flush()
	}

	if err != nil {
		fmt.Fprintln(os.Stderr, "customers:", err)
		os.Exit(1)
	}
}

// customer has the fields of the schema's CustomerAccount.
type customer struct {
	ExternalID            string      `json:"externalId"`
	UserName              string      `json:"userName"`
	EmailAddress          string      `json:"emailAddress"`
	FirstName             string      `json:"firstName"`
	LastName              string      `json:"lastName"`
	CompanyOrOrganization string      `json:"companyOrOrganization,omitempty"`
	AccountType           string      `json:"accountType"`
	CustomerSet           string      `json:"customerSet"`
	LocaleCode            string      `json:"localeCode"`
	CustomerSinceDate     time.Time   `json:"customerSinceDate"`
	AcceptsMarketing      bool        `json:"acceptsMarketing"`
	TaxExempt             bool        `json:"taxExempt"`
	IsActive              bool        `json:"isActive"`
	PasswordHash          string      `json:"passwordHash"`
	Attributes            []attribute `json:"attributes,omitempty"`
}

type attribute struct {
	AttributeDefinitionID int    `json:"attributeDefinitionId"`
	FullyQualifiedName    string `json:"fullyQualifiedName"`
	Values                []any  `json:"values"`
}

// hash is bcrypt of "correct horse battery staple".
const hash = "$2b$10$8.PHbu/AZoGebLq7JOFMAur/b3gyE2psLwRllh8CC7a2/6YtVbkHS"

func write(out io.Writer, number int, seed uint64) error {
	random := rand.New(rand.NewPCG(seed, 0))
	encoder := json.NewEncoder(out)
	for i := range number {
		if err := encoder.Encode(draw(random, i)); err != nil {
			return err
		}
	}

	return nil
}

func draw(random *rand.Rand, i int) customer {
	first, last := pick(random, firstNames()...), pick(random, lastNames()...)

	// Real names do not arrive in order. The random beginning makes the database's index work as
	// hard as real names would.
	word := pick(random, "ada", "bjorn", "chloe", "dang", "emeka", "fatima", "grace", "kenji")
	name := fmt.Sprintf("%s%s%d", word, letters(random, 5), i)

	c := customer{
		ExternalID:   fmt.Sprintf("C-%07d", i),
		UserName:     name,
		EmailAddress: name + "@example.com",
		FirstName:    first,
		LastName:     last,
		AccountType:  pick(random, "B2C", "B2C", "B2C", "B2B"),
		CustomerSet:  pick(random, "default", "wholesale"),
		LocaleCode:   pick(random, "en-US", "de-DE", "fr-FR", "ja-JP"),
		CustomerSinceDate: time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC).
			Add(time.Duration(random.IntN(15*365*24*3600)) * time.Second),
		AcceptsMarketing: random.IntN(2) == 0,
		TaxExempt:        random.IntN(50) == 0,
		IsActive:         random.IntN(100) != 0,
		PasswordHash:     hash,
	}
	if c.AccountType == "B2B" {
		c.CompanyOrOrganization = last + " & " + pick(random, "Sons", "Daughters", "Co.")
	}
	if i%4 == 0 {
		c.Attributes = []attribute{
			{12, "tenant~favourite-colour", []any{pick(random, "red", "green", "blue")}},
			{27, "tenant~shoe-sizes", []any{random.IntN(20) + 30, float64(random.IntN(20))/2 + 30}},
		}
	}

	return c
}

func firstNames() []string {
	return []string{
		"Ada", "Björn", "Chloé", "Đặng", "Emeka", "Fatima", "Grace", "Håkon", "Inês", "José", "Kenji",
		"Łucja", "María", "Νίκος", "Олена", "明",
	}
}

func lastNames() []string {
	return []string{
		"Lovelace", "Müller", "Nguyễn", "O'Brien", "García", "Okafor", "Smith", "Tanaka", "Ünal",
		"Wójcik", "山田", "Иваненко",
	}
}

func pick(random *rand.Rand, choices ...string) string { return choices[random.IntN(len(choices))] }

func letters(random *rand.Rand, number int) string {
	text := make([]byte, number)
	for i := range text {
		text[i] = byte('a' + random.IntN(26))
	}
	return string(text)
}
