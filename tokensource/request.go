package tokensource

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
)

// Request says which token is wanted. Audience is required.
type Request struct {
	// Audience is whom the token must be addressed to: the literal value in aud
	// (RFC 7519, section 4.1.3).
	Audience string
	// Also lists further audiences that the same token must be addressed to. A
	// token for several lets each of them call the others: leave it empty unless
	// that is meant.
	Also []string
	// Scope is a list of scopes separated by spaces, in any order (RFC 6749,
	// section 3.3). Empty means what the issuer gives this client by default.
	Scope string
	// Subject is the token to exchange (RFC 8693, or see [SubjectGrant]). The zero
	// Token means that the client asks for itself. An answer that is Subject or
	// Actor itself is refused: what was not exchanged is not passed on.
	Subject Token
	// SubjectIssuer is who issued Subject: its iss, exactly. It is required beside a
	// Subject, since a token is shown to its own issuer only: a source of another
	// issuer refuses the request ([ErrRefused]) before anything is sent, and so does
	// every source if it is empty.
	SubjectIssuer string
	// Actor is who acts for Subject (RFC 8693, section 2.1, actor_token): the
	// client's own token. It is only allowed beside a Subject; the zero Token
	// leaves it out.
	Actor Token
}

// key is what tokens are kept by. It holds every part of a request that changes
// the answer, but not the text of a token.
type key struct {
	audience, also, scope string
	subject, actor        [sha256.Size]byte
	issuer                string // of the subject
}

func (r Request) key() key {
	k := key{audience: r.Audience, scope: canonical(r.Scope), issuer: r.SubjectIssuer}
	if !r.Subject.IsZero() {
		k.subject = r.Subject.sum()
	}
	if !r.Actor.IsZero() {
		k.actor = r.Actor.sum()
	}
	if len(r.Also) > 0 {
		k.also = fmt.Sprintf("%q", slices.Sorted(slices.Values(r.Also)))
	}
	return k
}

// canonical returns the scopes in order, each once, with a space between two. It
// allocates nothing for scopes that are so already.
func canonical(scope string) string {
	if !strings.ContainsAny(scope, " \t\r\n") {
		return scope
	}
	last := ""
	for one := range strings.SplitSeq(scope, " ") {
		if one <= last || strings.ContainsAny(one, "\t\r\n") {
			return strings.Join(slices.Compact(slices.Sorted(strings.FieldsSeq(scope))), " ")
		}
		last = one
	}
	return scope
}

// audiences lists all audiences that the token must be addressed to.
func (r Request) audiences() []string { return append([]string{r.Audience}, r.Also...) }

// check refuses what must not reach the wire to issuer.
func (r Request) check(issuer string) error {
	switch {
	case r.Audience == "", slices.Contains(r.Also, ""):
		return fmt.Errorf("%w: empty audience", ErrRefused)
	case len(slices.Compact(slices.Sorted(slices.Values(r.audiences())))) <= len(r.Also):
		return fmt.Errorf("%w: an audience is given twice: %q", ErrRefused, r.audiences())
	case !r.Subject.IsZero() && r.Subject.Reveal() == "":
		return fmt.Errorf("%w: empty subject token", ErrRefused)
	case !r.Actor.IsZero() && r.Actor.Reveal() == "":
		return fmt.Errorf("%w: empty actor token", ErrRefused)
	case r.Subject.IsZero() && !r.Actor.IsZero():
		return fmt.Errorf("%w: an actor without a subject", ErrRefused)
	case !r.Subject.IsZero() && r.SubjectIssuer == "":
		return fmt.Errorf("%w: the request does not say who issued the subject token, and a token is shown to its own issuer only", ErrRefused)
	case r.SubjectIssuer != "" && r.SubjectIssuer != issuer:
		return fmt.Errorf("%w: the subject token is of %s, and is shown to no other issuer; this source asks %q", ErrRefused, quote(r.SubjectIssuer), issuer)
	}
	return nil
}

// fresh refuses tokens that have expired: nobody can turn them into others.
func (r Request) fresh() error {
	switch {
	case !r.Subject.IsZero() && !r.Subject.Valid():
		return fmt.Errorf("%w: subject token has expired at %v", ErrRefused, r.Subject.Expiry())
	case !r.Actor.IsZero() && !r.Actor.Valid():
		return fmt.Errorf("%w: actor token has expired at %v", ErrRefused, r.Actor.Expiry())
	}
	return nil
}
