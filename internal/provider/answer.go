package provider

import "strings"

// Answer is a refusal of a token endpoint whose meaning is known. It is recognised by
// its code and by a part of its description, in any case. An empty field is not
// compared.
type Answer struct {
	Code    string
	Part    string // in lower case
	Status  int    // zero: any
	Meaning Meaning
}

// Meaning is the meaning of a refusal by a token endpoint.
type Meaning int

// These are the meanings. Package remedy has a remedy for each.
const (
	Unclear             Meaning = iota // the meaning is not known
	CredentialRefused                  // the secret or key is not the client's
	CredentialExpired                  // the secret or key has ended
	ClientUnknown                      // there is no client of that id
	ClientOrCredential                 // there is no client of that id, or the secret or key is not the client's
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
	EncryptionDemanded                 // the endpoint requires https
)

// matches reports whether a refusal is this answer.
func (a Answer) matches(status int, code, description string) bool {
	return (a.Status == 0 || a.Status == status) && (a.Code == "" || a.Code == code) &&
		strings.Contains(strings.ToLower(description), a.Part)
}

// Meaning returns the meaning of a refusal by the provider's token endpoint.
func (a Advice) Meaning(status int, code, description string) Meaning {
	for _, known := range a.Answers {
		if known.matches(status, code, description) {
			return known.Meaning
		}
	}
	return Unclear
}
