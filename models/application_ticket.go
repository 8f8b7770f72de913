package models

import "time"

// EndedApplicationTicket is a ticket of an application that ended early. The row is kept until the
// ticket would have expired.
type EndedApplicationTicket struct {
	ID        ID `gorm:"primaryKey"`
	ExpiresAt time.Time
}
