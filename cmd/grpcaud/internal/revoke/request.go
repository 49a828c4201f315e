package revoke

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// Request says which tokens are to be revoked, as the flags of a command do. Each value
// that is set narrows them.
type Request struct {
	Issuer       string        // its name in the matrix; empty for the only one
	ID           string        // jti
	Session      string        // sid
	Subject      string        // sub
	Client       string        // its name in the matrix
	IssuedBefore string        // RFC 3339, or "now"; empty for tokens of any time
	Everybody    bool          // whether a time alone may name all tokens of the issuer
	For          time.Duration // how long; 0 for the longest lifetime of a token
}

// Target is which tokens are to be revoked, and whom that concerns.
type Target struct {
	Entry revocation.Entry
	Reach []Reach

	issuer string // its name in the matrix
	single *claims.Claims
}

// Named returns the target that flags name.
func (r Request) Named(m access.Matrix, now time.Time) (Target, error) {
	name, err := r.issuer(m)
	if err != nil {
		return Target{}, err
	}
	e := revocation.Entry{Issuer: m.Issuers[name].URL, ID: r.ID, Session: r.Session, Subject: r.Subject}
	if r.Client != "" {
		if e.Client, err = clientID(m, name, r.Client); err != nil {
			return Target{}, err
		}
	}
	if e.IssuedBefore, err = r.before(now); err != nil {
		return Target{}, err
	}
	switch {
	case e.ID+e.Session+e.Subject+e.Client != "":
	case e.IssuedBefore.IsZero():
		return Target{}, errors.New("nothing names the tokens: give --token-file, --jti, --session, --subject, --client or --issued-before")
	case !r.Everybody:
		return Target{}, fmt.Errorf("--issued-before alone is all tokens of issuer %q, of every user and client: add --everybody if that is meant", name)
	}
	if r.For < 0 {
		return Target{}, fmt.Errorf("--for %v: want more than 0", r.For)
	}
	from := now
	if e.IssuedBefore.After(now) {
		from = e.IssuedBefore
	}
	life := r.For
	if life == 0 {
		life = m.Issuers[name].LongestLifetime()
	}
	e.Expires = from.Add(life)
	return newTarget(m, name, e, nil), nil
}

// issuer returns the name of the issuer.
func (r Request) issuer(m access.Matrix) (string, error) {
	names := files.IssuerNames(m)
	switch {
	case r.Issuer != "":
		return r.Issuer, files.CheckName("issuer", r.Issuer, maps.Keys(m.Issuers))
	case len(names) == 1:
		return names[0], nil
	}
	return "", fmt.Errorf("the file has several issuers: name one with --issuer: %s", output.Few(names))
}

// clientID returns what tokens of an issuer call a client.
func clientID(m access.Matrix, issuer, name string) (string, error) {
	if err := files.CheckName("client", name, maps.Keys(m.Clients)); err != nil {
		return "", err
	}
	if c := m.Clients[name]; c.Issuer != issuer {
		return "", fmt.Errorf("the client %q gets its tokens from issuer %q, and not from %q: give --issuer %s", name, c.Issuer, issuer, c.Issuer)
	}
	return m.Clients[name].ID, nil
}

func (r Request) before(now time.Time) (time.Time, error) {
	switch r.IssuedBefore {
	case "":
		return time.Time{}, nil
	case "now":
		return now, nil
	}
	t, err := time.Parse(time.RFC3339, r.IssuedBefore)
	if err != nil {
		return t, fmt.Errorf("--issued-before: %.64q is not a time: write it such as %s, or now", r.IssuedBefore, output.Stamp(now))
	}
	return t, nil
}

// Held returns the target that is one token. Its signature is not checked.
func (r Request) Held(m access.Matrix, token string, now time.Time) (Target, error) {
	payload, err := payloadOf(token)
	if err != nil {
		return Target{}, err
	}
	name, c, err := r.read(m, payload)
	if err != nil {
		return Target{}, err
	}
	switch {
	case !now.Before(c.Expiry().Add(revocation.Leeway)):
		return Target{}, fmt.Errorf("the token expired at %s: no server admits it", output.Stamp(c.Expiry()))
	case c.ID() == "":
		return Target{}, withoutID(c)
	}
	return newTarget(m, name, revocation.Entry{Issuer: c.Issuer(), ID: c.ID(), Expires: c.Expiry()}, c), nil
}

// payloadOf returns the payload of a token in compact form.
func payloadOf(token string) ([]byte, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, errors.New("the token is opaque, and does not say what names it: revoke it at its issuer (RFC 7009), and here with --session or --subject, or with --client and --issued-before now")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, errors.New("the token cannot be read: its second part is not base64url; is it complete?")
	}
	return payload, nil
}

// read reads a token by the preset of its issuer: the named one, or the one that it names.
func (r Request) read(m access.Matrix, payload []byte) (string, *claims.Claims, error) {
	names := files.IssuerNames(m)
	if r.Issuer != "" {
		if _, err := r.issuer(m); err != nil {
			return "", nil, err
		}
		names = []string{r.Issuer}
	}
	var unread error
	for _, name := range names {
		issuer := m.Issuers[name]
		c, err := issuer.TokenPreset().Claims(payload)
		if err == nil && slices.Contains(issuer.TokenPreset().Issuers(issuer.URL), c.Issuer()) {
			return name, c, nil
		}
		if err != nil {
			unread = fmt.Errorf("as a token of issuer %q: %w", name, err)
		}
	}
	return "", nil, errors.Join(fmt.Errorf("the token is of none of the issuers %s", output.Few(names)), unread)
}

// withoutID says what else can be revoked of a token without jti.
func withoutID(c *claims.Claims) error {
	var ways []string
	if c.Session() != "" {
		ways = append(ways, fmt.Sprintf("--session %q (its login)", c.Session()))
	}
	if c.Subject() != "" {
		ways = append(ways, fmt.Sprintf("--subject %q --issued-before now (its user, who can log in again)", c.Subject()))
	}
	if c.Client() != "" {
		ways = append(ways, "--client and --issued-before now (all tokens of its client so far)")
	}
	return fmt.Errorf("the token has no jti, so that nothing names it alone; instead of --token-file give %s", strings.Join(ways, ", or "))
}
