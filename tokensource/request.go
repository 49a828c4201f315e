package tokensource

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
)

// Request says which token is wanted. Audience is required.
type Request struct {
	// Audience is the audience that the token must have: the literal value in aud
	// (RFC 7519, section 4.1.3).
	Audience string
	// Also lists further audiences that the same token must have. A token with
	// several audiences lets each of them call the others: leave it empty unless
	// that is intended.
	Also []string
	// Scope is a list of scopes separated by spaces, in any order (RFC 6749,
	// section 3.3). Empty means the issuer's default for this client.
	Scope string
	// Subject is the token to exchange (RFC 8693, or see [SubjectGrant]). With the
	// zero Token the client requests a token for itself. If the issuer returns
	// Subject or Actor unchanged, the request is refused: a token that was not
	// exchanged is not passed on.
	Subject Token
	// SubjectIssuer is the issuer of Subject: its iss, exactly. It is required with a
	// Subject, since a token is sent only to its own issuer. If it is empty, or if the
	// cache belongs to another issuer, the request is refused ([ErrRefused]) before
	// anything is sent.
	SubjectIssuer string
	// Actor is the token of the party that acts for Subject (RFC 8693, section 2.1,
	// actor_token): the client's own token. It is allowed only with a Subject. With
	// the zero Token the exchange has no actor.
	Actor Token
}

// key is the key of a cached token. It has every part of a request that changes the
// answer, but not the text of a token.
type key struct {
	audience, also, scope string
	subject, actor        [sha256.Size]byte
	issuer                string // of the subject
}

func (r Request) key() key {
	k := key{audience: r.Audience, scope: canonical(r.Scope), issuer: r.SubjectIssuer}
	if !r.Subject.IsZero() {
		k.subject = r.Subject.digest()
	}
	if !r.Actor.IsZero() {
		k.actor = r.Actor.digest()
	}
	if len(r.Also) > 0 {
		k.also = fmt.Sprintf("%q", slices.Sorted(slices.Values(r.Also)))
	}
	return k
}

// canonical returns the scopes in order, each once, separated by one space. It
// allocates nothing if the scopes are in that form already.
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

// audiences lists all audiences that the token must have.
func (r Request) audiences() []string { return append([]string{r.Audience}, r.Also...) }

// check refuses a request that must not be sent to issuer.
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
		return fmt.Errorf("%w: the subject token is of issuer %s, and is shown to no other issuer; this source requests tokens from %q", ErrRefused, quote(r.SubjectIssuer), issuer)
	}
	return nil
}

// checkExpiry refuses a subject and an actor that have expired: they cannot be
// exchanged.
func (r Request) checkExpiry() error {
	switch {
	case !r.Subject.IsZero() && !r.Subject.Valid():
		return fmt.Errorf("%w: subject token has expired at %v", ErrRefused, r.Subject.Expiry())
	case !r.Actor.IsZero() && !r.Actor.Valid():
		return fmt.Errorf("%w: actor token has expired at %v", ErrRefused, r.Actor.Expiry())
	}
	return nil
}

// checkOwn refuses a request that only an authorization server could serve; place
// names where the tokens come from.
func (r Request) checkOwn(place string) error {
	if err := r.check(r.SubjectIssuer); err != nil {
		return err
	}
	if !r.Subject.IsZero() {
		return fmt.Errorf("%w: %s exchanges no tokens", ErrRefused, place)
	}
	return nil
}
