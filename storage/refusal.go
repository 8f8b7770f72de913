package storage

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/go-sql-driver/mysql"
)

// refusal makes an error of connecting ErrRefused if waiting does not help.
func refusal(err error) error {
	if why := reasonOfRefusal(err); why != "" {
		return fmt.Errorf("%w: %s", ErrRefused, why)
	}
	return err
}

// reasonOfRefusal is empty for an error that may be gone next time. It quotes no more of what the
// server says than the names in it: a value could be part of a password.
func reasonOfRefusal(err error) string {
	if fromMySQL, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return reasonOfServer(fromMySQL)
	}
	if untrusted, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "the certificate of the server is not trusted: " + untrusted.Err.Error()
	}
	if wrongHost, ok := errors.AsType[x509.HostnameError](err); ok {
		return "the certificate of the server is not trusted: " + wrongHost.Error()
	}

	switch {
	case errors.Is(err, mysql.ErrNoTLS):
		return "tls is wanted, and the server has none"
	case errors.Is(err, mysql.ErrCleartextPassword), errors.Is(err, mysql.ErrNativePassword),
		errors.Is(err, mysql.ErrOldPassword), errors.Is(err, mysql.ErrUnknownPlugin):
		return "the user signs in by a plugin that is not allowed: " + err.Error()
	}
	return ""
}

func reasonOfServer(err *mysql.MySQLError) string {
	switch err.Number {
	case 1045, 1698:
		return "the user or the password is wrong: " + err.Message
	case 1044:
		return "the user may not use the database: " + err.Message
	case 1049:
		return "the database does not exist: " + err.Message
	case 1130:
		return "the server lets nobody in from this host: " + err.Message
	case 1862, 1820, 3118, 4151:
		return "the user is locked, or its password has expired: " + err.Message
	case 1193:
		return "a parameter after the ? is unknown: " + err.Message
	case 1231, 1232, 1064, 1115, 1273, 1298:
		return fmt.Sprintf("a parameter after the ? has a value that the server does not take (error %d)", err.Number)
	default:
		return ""
	}
}
