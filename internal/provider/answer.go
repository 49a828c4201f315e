package provider

import "strings"

// Answer is a refusal of a token endpoint whose meaning is known. It is recognised by its
// code and by a part of its description, in any case; what is empty is not compared.
type Answer struct {
	Code    string
	Part    string // in lower case
	Status  int    // zero: any
	Meaning Meaning
}

// Meaning is what a refusal of a token endpoint says.
type Meaning int

// The meanings, each with its remedy in package remedy.
const (
	Unclear             Meaning = iota // it is not known
	CredentialRefused                  // the secret or key is not the client's
	CredentialExpired                  // the secret or key has ended
	ClientUnknown                      // there is no client of that id
	ClientOrCredential                 // there is none, or the secret or key is not its own
	MethodRefused                      // the client is registered for another way to authenticate
	GrantRefused                       // the client may not use the grant
	ExchangeRefused                    // the client may not exchange tokens
	SubjectNotForClient                // the token to exchange is not addressed to the client
	SubjectEnded                       // the token to exchange has ended, or is not accepted
	ScopeRefused                       // a scope is unknown, or the client may not have it
	AudienceUnknown                    // there is no such audience
	AudienceRefused                    // the client may not have the audience
	ConsentMissing                     // nobody has consented to the client's access
	IssuerUnknown                      // the address names no realm or tenant that exists
	EncryptionDemanded                 // the endpoint wants https
)

// matches reports whether an answer is a.
func (a Answer) matches(status int, code, description string) bool {
	return (a.Status == 0 || a.Status == status) && (a.Code == "" || a.Code == code) &&
		strings.Contains(strings.ToLower(description), a.Part)
}

// Meaning returns what a refusal of the provider's token endpoint says.
func (a Advice) Meaning(status int, code, description string) Meaning {
	for _, known := range a.Answers {
		if known.matches(status, code, description) {
			return known.Meaning
		}
	}
	return Unclear
}
