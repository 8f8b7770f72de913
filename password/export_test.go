package password

// WithDefaults returns the settings with their defaults, for the test that compares those.
func (s Settings) WithDefaults() Settings { return s.withDefaults() }
