package access

import "time"

// Presentation is how a token was presented: when, with which proof that the caller is
// the one it was issued to, and what its issuer answered about it. The zero value is a
// token that came without proof at the zero time, at which no token is valid.
type Presentation struct {
	// Time is when the call is judged.
	Time time.Time

	// Certificate is the thumbprint of the certificate that the caller proved to
	// hold when the connection was made: its SHA-256 in unpadded base64url, as
	// x5t#S256 has it (RFC 8705, section 3.1). Empty means none.
	Certificate string

	// Answer is the answer of the issuer about the token. Only an entry with Online
	// needs one: see [Rule.AsksIssuer].
	Answer Answer
}

// Answer is what an issuer that was asked says about a token (RFC 7662, section 2.2).
// The zero value means that it was not asked.
type Answer struct {
	// Active reports that the issuer calls the token active.
	Active bool

	// Age is how long before the call's arrival the question was sent; zero if it was
	// sent later.
	Age time.Duration
}
