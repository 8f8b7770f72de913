package storage

// WithDefaults lets a test compare the defaults with the program's.
func (s Settings) WithDefaults() Settings { return s.withDefaults() }
