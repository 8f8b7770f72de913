package storage

import (
	"crypto/tls"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/authtickets/authtickets/secret"
)

const mysqlScheme = "mysql://"

// mysqlConfig returns the driver's settings, including everything on which the statements of this
// package rely.
func (s Settings) mysqlConfig() (*mysql.Config, error) {
	config, err := readAddress(s.URL)
	if err != nil {
		return nil, err
	}

	config.ClientFoundRows = true // a conditional update counts the rows it matched
	config.ParseTime = true       // DATETIME is time.Time
	config.Loc = time.UTC
	config.RejectReadOnly = true    // leaves the old primary after a fail-over
	config.InterpolateParams = true // one round trip per statement, and no prepared statement to close
	config.Logger = &mysql.NopLogger{}

	if s.Authorities != nil {
		config.TLS = &tls.Config{RootCAs: s.Authorities, MinVersion: tls.VersionTLS12}
		config.AllowFallbackToPlaintext = false // whatever the URL says
	}

	return config, nil
}

// readAddress reads a URL or a DSN of the driver.
//
// If a password is written without encoding, a part of it can be read as a host or a name. Hosts
// are looked up and logged. So readAddress refuses everything that could be part of a password.
func readAddress(address secret.Text) (*mysql.Config, error) {
	text, isURL := strings.CutPrefix(address.Reveal(), mysqlScheme)
	var config *mysql.Config
	var err error
	if isURL {
		config, err = readMySQLURL(text)
	} else {
		config, err = mysql.ParseDSN(text)
	}

	if err != nil || config.DBName == "" || strings.Contains(config.DBName, "@") || !hasPlausibleHost(config) {
		return nil, ErrURL // the cause could quote the password
	}
	return config, nil
}

// readMySQLURL reads what follows mysql://. It refuses an @ after the host, and any #, because they
// most likely belong to a password.
func readMySQLURL(text string) (*mysql.Config, error) {
	u, err := url.Parse(mysqlScheme + text)
	if err != nil {
		return nil, err
	}
	if strings.Contains(text, "#") || strings.Contains(u.Path+u.RawQuery, "@") {
		return nil, ErrURL
	}
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), "3306")
	}

	// The driver reads the name and the parameters. It expects the name after the last /, so a / in
	// a parameter must be encoded.
	config, err := mysql.ParseDSN(u.EscapedPath() + "?" + strings.ReplaceAll(u.RawQuery, "/", "%2F"))
	if err != nil {
		return nil, err
	}

	config.User = u.User.Username()
	config.Passwd, _ = u.User.Password()
	config.Net, config.Addr = "tcp", u.Host
	return config, nil
}

// hosts matches names and addresses of servers.
var hosts = regexp.MustCompile(`^[A-Za-z0-9._:%-]+$`)

// hasPlausibleHost reports whether the network and the host could be real, and not part of a
// password.
func hasPlausibleHost(config *mysql.Config) bool {
	switch config.Net {
	case "unix":
		return strings.HasPrefix(config.Addr, "/") || strings.HasPrefix(config.Addr, "@")
	case "tcp":
		host, port, err := net.SplitHostPort(config.Addr)
		number, notANumber := strconv.Atoi(port)
		return err == nil && notANumber == nil && number > 0 && number < 1<<16 && hosts.MatchString(host)
	default:
		return false
	}
}
