package tickets

import "time"

// Shifted returns the same office with every clock ahead by a duration: those of the server, of the
// database, and of Accounts. If only one were ahead, the clocks would not agree, and the office
// would put off what cannot be undone. Both offices share what they have read and counted.
func (o *Office) Shifted(ahead time.Duration) *Office {
	shifted := *o
	shifted.Now = func() time.Time { return o.Now().Add(ahead) }
	shifted.Elapsed = func() time.Duration { return o.Elapsed() + ahead }
	shifted.Store = o.Store.WithClock(shifted.Now)

	book := *o.Accounts
	book.Store, book.Now = shifted.Store, shifted.Now
	shifted.Accounts = &book

	shifted.clocks = newClocks(&shifted)
	watch := *o.guard
	watch.store, watch.clocks = shifted.Store, shifted.clocks
	shifted.guard = &watch
	return &shifted
}
