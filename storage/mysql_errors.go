package storage

import (
	"crypto/tls"
	"crypto/x509"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/go-sql-driver/mysql"
)

// failure trusts an error that the server sent. A network error means that the connection broke.
func (d mysqlDialect) failure(err error) failure {
	if fromServer, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return failureOf(fromServer.Number)
	}

	_, network := errors.AsType[*net.OpError](err)
	if network || errors.Is(err, driver.ErrBadConn) || errors.Is(err, mysql.ErrInvalidConn) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return broken
	}
	return permanent
}

// failureOf says what an error number of the server means.
func failureOf(number uint16) failure {
	switch number {
	case 1213, // deadlock; on Galera also a failed certification
		1205, // lock wait timeout
		1020, // row changed since it was read, with MariaDB's snapshot isolation
		1180, // error during commit: Galera's certification at commit
		1047, // Galera node not ready
		1040, // too many connections
		1203, // too many connections of this user
		1053, // server shutdown in progress
		1290, // read-only after a fail-over
		1836: // read-only after a fail-over
		return undone

	case 1927, // connection was killed
		2006, // server has gone away, as proxies send it
		2013: // lost connection during the query, as proxies send it
		return broken

	case 3, // error writing a file
		1016, // cannot open a file
		1021, // disk full
		1026, // error writing a file
		1030, // an error of the storage engine
		1037, // out of memory
		1038, // out of memory for sorting
		1041, // out of memory
		1114, // the table is full
		1135, // cannot create a thread
		1226: // the user has used up a resource
		return exhausted

	case 1146: // the table does not exist
		return noTable

	default:
		return permanent
	}
}

// refusal turns an error of connecting into ErrRefused if waiting does not help.
func refusal(err error) error {
	if why := reasonOfRefusal(err); why != "" {
		return fmt.Errorf("%w: %s", ErrRefused, why)
	}
	return err
}

// reasonOfRefusal returns an empty text if connecting may succeed next time. It does not quote
// values of parameters, because they could be part of a password.
func reasonOfRefusal(err error) string {
	if fromServer, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return reasonOfServer(fromServer)
	}
	if untrusted, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "the certificate of the server is not trusted: " + untrusted.Err.Error()
	}
	if wrongHost, ok := errors.AsType[x509.HostnameError](err); ok {
		return "the certificate of the server is not trusted: " + wrongHost.Error()
	}

	switch {
	case errors.Is(err, mysql.ErrNoTLS):
		return "the URL requires TLS, but the server does not support it"
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
		return "the server accepts no connections from this host: " + err.Message
	case 1862, 1820, 3118, 4151:
		return "the user is locked, or its password has expired: " + err.Message
	case 1193:
		return "a parameter after the ? is unknown: " + err.Message
	case 1231, 1232, 1064, 1115, 1273, 1298:
		return fmt.Sprintf("a parameter after the ? has a value that the server does not accept (error %d)", err.Number)
	default:
		return ""
	}
}
