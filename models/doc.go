// Package models holds the rows of the database, and the one error that clients see. It has no
// logic. Public rows are bound straight into the schema.
package models
