package seal

// Encode lets the fuzz target reach the layout below the encryption. A random text never decrypts.
func Encode(contents Contents) []byte { return contents.encode() }

// Decode is the reverse of Encode.
func Decode(in []byte) (Contents, error) { return decode(in) }
