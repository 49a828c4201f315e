package access

import "time"

// Presentation is how a token was presented: when, and with which proof that the
// caller is the one it was issued to. The zero value is a token that came without
// proof at the zero time, at which no token is valid.
type Presentation struct {
	// Time is when the call is judged.
	Time time.Time

	// Certificate is the thumbprint of the certificate that the caller proved to
	// hold when the connection was made: its SHA-256 in unpadded base64url, as
	// x5t#S256 has it (RFC 8705, section 3.1). Empty means none.
	Certificate string
}
