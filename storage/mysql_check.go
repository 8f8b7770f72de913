package storage

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// leastPacket is large enough for the largest statement, a batch of an import, in bytes.
const leastPacket = 16 << 20

// checkServer checks the settings that a connection cannot change for itself. It also checks that a
// connection keeps what it has set.
func (d mysqlDialect) checkServer(ctx context.Context, s *Store) error {
	global, err := s.variables(ctx, `SHOW GLOBAL VARIABLES`)
	if err != nil {
		return err
	}

	session, err := s.variables(ctx, `SHOW SESSION VARIABLES`)
	if err != nil {
		return err
	}

	faults := append(global.faults(), session.lost()...)
	if len(faults) > 0 {
		return fmt.Errorf("%w:\n%w", ErrServer, errors.Join(faults...))
	}
	if durable := global["innodb_flush_log_at_trx_commit"]; durable != "1" && global["wsrep_on"] != "ON" {
		s.settings.Log.WarnContext(ctx, "the database server can lose the last commits when it crashes",
			"setting", "innodb_flush_log_at_trx_commit", "value", durable)
	}

	return nil
}

// variables maps the names of a server's variables, in lower case, to their values.
type variables map[string]string

func (s *Store) variables(ctx context.Context, query string) (variables, error) {
	var rows []struct {
		Name  string `gorm:"column:Variable_name"`
		Value string `gorm:"column:Value"`
	}

	err := s.retry(ctx, func() error { return s.write.WithContext(ctx).Raw(query).Find(&rows).Error })
	if err != nil {
		return nil, fmt.Errorf("read the settings of the database server: %w", err)
	}

	named := make(variables, len(rows))
	for _, row := range rows {
		named[strings.ToLower(row.Name)] = row.Value
	}

	return named, nil
}

// faults returns an error for each wrong setting that a connection cannot change for itself.
func (v variables) faults() []error {
	var faults []error
	require := func(isRight bool, name, why string) {
		if !isRight {
			faults = append(faults, fmt.Errorf("%s is %q: %s", name, v[name], why))
		}
	}

	require(isSupported(v["version"]), "version", "it must be MySQL 8.0 or MariaDB 10.6, or later")
	for _, name := range []string{"read_only", "super_read_only", "innodb_read_only"} {
		require(v.isOff(name), name, "it must be OFF, on the server that takes writes")
	}

	packet, err := strconv.Atoi(v["max_allowed_packet"])
	require(err == nil && packet >= leastPacket,
		"max_allowed_packet", fmt.Sprintf("it must be at least %d", leastPacket))

	if provider := v["wsrep_provider"]; provider == "" || provider == "none" {
		return faults
	}

	require(!v.isOff("wsrep_on"), "wsrep_on", "it must be ON, or nothing reaches the other nodes")
	for _, option := range []string{"pc.ignore_sb", "pc.ignore_quorum"} {
		if isOn(v["wsrep_provider_options"], option) {
			faults = append(faults, fmt.Errorf("wsrep_provider_options has %s: both halves of a cluster "+
				"that has come apart would take writes", option))
		}
	}

	return faults
}

// lost returns an error for each setting that prepared has set and the connection no longer has.
// Something between us and the server, such as a proxy, does not keep it.
func (v variables) lost() []error {
	var faults []error
	isolation := v["tx_isolation"] + v["transaction_isolation"] // a server has one of them, or both

	for name, kept := range map[string]bool{
		"autocommit":            v["autocommit"] == "ON",
		"sql_mode":              strings.Contains(v["sql_mode"], "STRICT_ALL_TABLES"),
		"character_set_client":  v["character_set_client"] == "utf8mb4",
		"time_zone":             v["time_zone"] == "+00:00",
		"unique_checks":         v["unique_checks"] == "ON",
		"transaction_isolation": strings.HasPrefix(isolation, "REPEATABLE-READ"),
	} {
		if !kept {
			faults = append(faults, fmt.Errorf("%s is %q: a connection does not keep what it sets, "+
				"most often because of a proxy", name, v[name]))
		}
	}

	return faults
}

func (v variables) isOff(name string) bool {
	value := strings.ToUpper(v[name])
	return value == "" || value == "OFF" || value == "0"
}

// isOn reports whether a list of Galera options turns on the one with this name.
func isOn(options, name string) bool {
	for option := range strings.SplitSeq(options, ";") {
		key, value, _ := strings.Cut(option, "=")
		value = strings.ToLower(strings.TrimSpace(value))
		if strings.TrimSpace(key) == name && (value == "true" || value == "yes" || value == "on" || value == "1") {
			return true
		}
	}
	return false
}

// versionNumbers finds the first two numbers of a version. MariaDB may put 5.5.5- in front, for old
// replicas.
var versionNumbers = regexp.MustCompile(`^(?:5\.5\.5-)?(\d+)\.(\d+)`)

func isSupported(version string) bool {
	found := versionNumbers.FindStringSubmatch(version)
	if found == nil {
		return false
	}

	major, _ := strconv.Atoi(found[1])
	minor, _ := strconv.Atoi(found[2])
	if strings.Contains(version, "MariaDB") {
		return major > 10 || major == 10 && minor >= 6
	}
	return major >= 8
}
