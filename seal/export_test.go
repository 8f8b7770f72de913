package seal

// Encode and Decode let the fuzz target reach the layout below the encryption, which no random text
// ever gets through.
func Encode(contents Contents) []byte { return contents.encode() }

// Decode is the reverse of Encode.
func Decode(in []byte) (Contents, error) { return decode(in) }
