package tokensource

import (
	"crypto/sha256"
	"fmt"
	"net/url"
)

// Request says which token is wanted. Audience is required.
type Request struct {
	// Audience is whom the token must be addressed to: the literal value in aud
	// (RFC 7519, section 4.1.3).
	Audience string
	// Scope is a list of scopes separated by spaces (RFC 6749, section 3.3).
	// Empty means what the issuer gives this client by default.
	Scope string
	// Subject is the token to exchange (RFC 8693). The zero Token means that
	// the client asks for itself.
	Subject Token
	// SubjectIssuer is who issued Subject, if that is known. A source shows a
	// token to no other issuer than its own; empty leaves that to the caller.
	SubjectIssuer string
}

// key is what tokens are kept by. It holds every part of a request that changes
// the answer, but not the subject's text.
type key struct {
	audience, scope string
	subject         [sha256.Size]byte
	issuer          string // of the subject
}

func (r Request) key() key {
	k := key{audience: r.Audience, scope: r.Scope, issuer: r.SubjectIssuer}
	if !r.Subject.IsZero() {
		k.subject = r.Subject.sum()
	}
	return k
}

// check refuses what must not reach the wire to issuer.
func (r Request) check(issuer string) error {
	switch {
	case r.Audience == "":
		return fmt.Errorf("%w: empty audience", ErrRefused)
	case !r.Subject.IsZero() && r.Subject.Reveal() == "":
		return fmt.Errorf("%w: empty subject token", ErrRefused)
	case r.SubjectIssuer != "" && r.SubjectIssuer != issuer:
		return fmt.Errorf("%w: the subject token is of %s, and is shown to no other issuer; this source asks %q", ErrRefused, quote(r.SubjectIssuer), issuer)
	}
	return nil
}

// form returns the parameters of the token request, without those that
// authenticate the client.
func (r Request) form() url.Values {
	form := url.Values{"audience": {r.Audience}}
	if r.Scope != "" {
		form.Set("scope", r.Scope)
	}
	if !r.Subject.IsZero() {
		exchange(form, r.Subject)
	}
	return form
}
