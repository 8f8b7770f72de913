package program_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// authority writes the certificate of an authority, a certificate that it signed for a server on
// 127.0.0.1, and the server's key.
func authority(t testing.TB) (ca, certificate, key string) {
	t.Helper()
	folder := t.TempDir()
	write := func(name, kind string, content []byte) string {
		path := filepath.Join(folder, name)
		must(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600))
		return path
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	root := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "authority"},
		IsCA:                  true,
		BasicConstraintsValid: true,
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		KeyUsage:              x509.KeyUsageCertSign,
	}

	signed, err := x509.CreateCertificate(rand.Reader, root, root, &private.PublicKey, private)
	must(t, err)
	ca = write("ca.pem", "CERTIFICATE", signed)

	server := &x509.Certificate{
		SerialNumber: big.NewInt(2),
		Subject:      pkix.Name{CommonName: "database"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:    root.NotBefore,
		NotAfter:     root.NotAfter,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}

	signed, err = x509.CreateCertificate(rand.Reader, server, root, &private.PublicKey, private)
	must(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	must(t, err)

	return ca, write("server.pem", "CERTIFICATE", signed), write("key.pem", "PRIVATE KEY", secret)
}

// If waiting cannot help, the program stops at the start. It says what is wrong and which setting
// to change, not that the database does not answer.
func TestDatabaseRefuses(t *testing.T) {
	t.Parallel()

	ca, certificate, key := authority(t)
	m, ok := startMysqld(t, "--ssl-cert="+certificate, "--ssl-key="+key, "--ssl-ca="+ca)
	if !ok {
		return
	}

	m.exec(`CREATE DATABASE foreign_shop`)
	s := newSite(t, m.url)
	_, place, _ := strings.Cut(m.url, "@")
	otherCA, _, _ := authority(t)

	for _, c := range []struct{ url, ca, says string }{
		{"shop:hunter5b7f2c@" + place, "", "the user or the password is wrong"},
		{"nobody@" + place, "", "the user or the password is wrong"},
		{strings.TrimSuffix(m.url, "shop") + "foreign_shop", "", "may not use the database"},
		{m.url + "?no_such_setting=hunter5b7f2c", "", "no_such_setting"},
		{m.url + "?sql_mode='hunter5b7f2c'", "", "has a value that the server does not accept"},
		{m.url + "?tls=true", "", "the certificate of the server is not trusted"},
		{m.url, otherCA, "the certificate of the server is not trusted"},
	} {
		variables := append(s.variables(), "AUTHTICKETS_DATABASE="+c.url, "AUTHTICKETS_DATABASE_AUTHORITY="+c.ca)
		for _, command := range [][]string{{"serve", "--listen=127.0.0.1:0"}, {"migrate"}, {"application", "list"}} {
			code, stdout, stderr := run(t, s.folder, variables, command...)
			const setting = "--database (AUTHTICKETS_DATABASE)"
			if code != 1 || !strings.Contains(stderr, c.says) || !strings.Contains(stderr, setting) {
				t.Errorf("%s, %s: exit code %d: %s", c.says, command, code, stderr)
			}
			if strings.Contains(stdout+stderr, "hunter5b7f2c") || strings.Contains(stderr, "does not answer") {
				t.Errorf("%s, %s: %s", c.says, command, stderr)
			}
		}
	}

	// If the authority is set, the connection is encrypted.
	server := s.start("--database-authority=" + ca)
	server.expectStatus("/readyz", http.StatusOK)
	m.exec(`ALTER USER shop@'127.0.0.1' REQUIRE SSL`)
	server = s.start("--database-authority="+ca, "--database-lifetime=1ms")
	token := server.anonymous().RefreshToken

	// A running server continues, and postpones what it cannot do.
	m.exec(`ALTER USER shop@'127.0.0.1' IDENTIFIED BY 'another'`)
	eventually(t, "the server is refused", func() bool {
		return server.ask(refreshOperation(token)).Code() == "TRY_AGAIN"
	})
	m.exec(`ALTER USER shop@'127.0.0.1' IDENTIFIED BY ''`)
	server.refresh(token)
}
