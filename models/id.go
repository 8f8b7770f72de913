package models

import (
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
)

// ID is the id of a shopper or a session. It has 16 bytes, and is written as 32 hexadecimal digits.
type ID [16]byte

// ErrNotAnID is returned for text that is not 32 hexadecimal digits.
var ErrNotAnID = errors.New("an id has 32 hexadecimal digits")

// ParseID reads 32 hexadecimal digits, or returns ErrNotAnID.
func ParseID(text string) (ID, error) {
	var id ID
	if len(text) != hex.EncodedLen(len(id)) {
		return ID{}, ErrNotAnID
	}

	if _, err := hex.Decode(id[:], []byte(text)); err != nil {
		return ID{}, ErrNotAnID
	}
	return id, nil
}

// String returns the 32 hexadecimal digits, in lower case.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText implements encoding.TextMarshaler, so that logs and JSON show the digits.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// Value implements driver.Valuer. Without it, GORM would write one placeholder per byte.
func (id ID) Value() (driver.Value, error) { return id[:], nil }

// Scan implements sql.Scanner.
func (id *ID) Scan(column any) error {
	bytes, ok := column.([]byte)
	if !ok || len(bytes) != len(id) {
		return fmt.Errorf("a column of type %T is not an id", column)
	}

	copy(id[:], bytes)
	return nil
}
