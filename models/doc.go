// Package models holds the rows of the database, bound straight into the schema where they are public, and the one error that is shown.
// It has no logic.
package models
