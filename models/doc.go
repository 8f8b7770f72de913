// Package models holds the rows of the database, and the one error that clients see. Public rows
// are bound straight into the schema. It has no logic.
package models
