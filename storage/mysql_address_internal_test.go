package storage

import (
	"crypto/x509"
	"errors"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/secret"
)

// If a password is written without encoding, no part of it is read as a host, a port or a name.
func TestReadAddress(t *testing.T) {
	t.Parallel()
	for _, password := range []string{
		"hunter#5b7f2c", "hunter/5b7f2c", "hunter?5b7f2c", "hunter@5b7f2c/x", "hunter@5b7f2c#x",
		"hunter@5b7f2c/x#y", "hunter@5b7f2c/x?y", "hunter@5b7f2c?x", "12345#5b7f2c", "12345/5b7f2c",
		"12345?5b7f2c", "/hunter", "?hunter", "#hunter", "hunter%zz", "hunter 5b7f2c", "hunter[5b7f2c",
		"hunter\\5b7f2c",
	} {
		for _, end := range []string{"@db.example:3306/shop", "@db.example/shop", "@db.example/shop?tls=true"} {
			config, err := readAddress(secret.New("mysql://user:" + password + end))
			if err == nil {
				t.Errorf("%s%s was read: %s %s", password, end, config.Addr, config.DBName)
			}
		}
	}

	for _, text := range []string{
		"user:hunter@5b7f2c/shop", "user:pw@tcp(hun ter:3306)/shop", "user:pw@tcp(db@hunter:3306)/shop",
		"hunter", "mysql://user:123456/shop", "mysql://user:hunter@db.example",
		"user:pw@tcp(db.example:hunter)/shop", "user:pw@tcp(db.example)/a/b",
	} {
		if config, err := readAddress(secret.New(text)); err == nil {
			t.Errorf("%s was read: %s %s", text, config.Addr, config.DBName)
		}
	}

	for text, want := range map[string]string{
		"mysql://user:p%40%2F%23%3F@db.example/shop":             "user p@/#? tcp db.example:3306 shop",
		"mysql://user:pa@ss@db.example:1/shop":                   "user pa@ss tcp db.example:1 shop",
		"mysql://[2001:db8::1]/shop?charset=utf8mb4&x='a/b'":     "  tcp [2001:db8::1]:3306 shop",
		"user:p@/#?:s@tcp(db-1.example:3307)/shop?timeout=1s":    "user p@/#?:s tcp db-1.example:3307 shop",
		"user:pw@unix(/run/mysqld/mysqld.sock)/shop":             "user pw unix /run/mysqld/mysqld.sock shop",
		"user:pw@tcp(db.example)/shop":                           "user pw tcp db.example:3306 shop",
		"mysql://user@10.0.0.1:3306/shop_2?tls=skip-verify":      "user  tcp 10.0.0.1:3306 shop_2",
		"mysql://user:pw@db.internal_net.example:3306/my%20shop": "user pw tcp db.internal_net.example:3306 my shop",
	} {
		config, err := readAddress(secret.New(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}

		parts := []string{config.User, config.Passwd, config.Net, config.Addr, config.DBName}
		if got := strings.Join(parts, " "); got != want {
			t.Errorf("%s: want %q, got %q", text, want, got)
		}
	}
}

func TestMySQLAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"mysql://shop:p%40ss@db.example/tickets":             "shop:p@ss@tcp(db.example:3306)/tickets",
		"mysql://shop:pass@db.example:3307/tickets?tls=true": "shop:pass@tcp(db.example:3307)/tickets",
		"mysql://shop@[2001:db8::1]/tickets":                 "shop@tcp([2001:db8::1]:3306)/tickets",
		"shop:pass@tcp(db.example:3306)/tickets":             "shop:pass@tcp(db.example:3306)/tickets",
		"shop:pass@unix(/run/mysqld/mysqld.sock)/tickets":    "shop:pass@unix(/run/mysqld/mysqld.sock)/tickets",
	} {
		config, err := Settings{URL: secret.New(address)}.mysqlConfig()
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}

		got := config.FormatDSN()
		if !strings.HasPrefix(got, want+"?") || !config.ClientFoundRows || !config.RejectReadOnly {
			t.Errorf("%s: %s", address, got)
		}
	}

	for _, address := range []string{
		"", "x", "mysql://", "mysql://shop:hunter2@db.example", "mysql://shop:hunter2@%zz/x",
		"postgres://shop:hunter2@db/x", "shop:hunter2@tcp(db)/",
	} {
		_, err := readAddress(secret.New(address))
		if !errors.Is(err, ErrURL) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// With authorities, nothing in the URL lets the driver connect without checked encryption.
func TestAuthoritiesRequireEncryption(t *testing.T) {
	t.Parallel()
	for _, parameters := range []string{
		"", "?tls=preferred", "?tls=skip-verify", "?tls=false", "?allowFallbackToPlaintext=true",
		"?tls=true&allowFallbackToPlaintext=true",
	} {
		authorities := x509.NewCertPool()
		settings := Settings{URL: secret.New("mysql://user:pw@db.example/shop" + parameters), Authorities: authorities}
		config, err := settings.mysqlConfig()
		if err != nil {
			t.Errorf("%s: %v", parameters, err)
			continue
		}

		isChecked := config.TLS != nil && config.TLS.RootCAs == authorities && !config.TLS.InsecureSkipVerify
		if !isChecked || config.AllowFallbackToPlaintext {
			t.Errorf("%s: encryption is not required, or not checked", parameters)
		}
	}
}
