package clientauth

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"

	"github.com/grpcaud/grpcaud/internal/secretfile"
	"github.com/grpcaud/grpcaud/tokensource"
	"github.com/grpcaud/grpcaud/tokensource/internal/authmethod"
	"github.com/grpcaud/grpcaud/tokensource/internal/jwt"
)

const (
	assertionType     = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	assertionLifetime = 60 * time.Second
)

// newAssertion returns a new assertion of client for audience (RFC 7523, section 3).
func newAssertion(signer jose.Signer, client, audience string) (string, error) {
	payload, err := assertionClaims(client, audience)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// assertionClaims returns the payload of a new assertion, with a jti of its own.
func assertionClaims(client, audience string) ([]byte, error) {
	now := time.Now()
	return json.Marshal(map[string]any{
		"iss": client, "sub": client, "aud": audience,
		"iat": now.Unix(), "exp": now.Add(assertionLifetime).Unix(), "jti": rand.Text(),
	})
}

// setAssertion adds a client assertion to a request (RFC 7521, section 4.2).
func setAssertion(r *authmethod.Request, client, text string) {
	r.Config.ClientID, r.Config.AuthStyle = client, oauth2.AuthStyleInParams
	r.Config.EndpointParams.Set("client_assertion_type", assertionType)
	r.Config.EndpointParams.Set("client_assertion", text)
}

// AssertionFile authenticates the client by an assertion that another process keeps
// fresh in a file, such as a projected service account token of Kubernetes that the
// issuer trusts (RFC 7523, section 2.2). A file without a JWT, or with an expired
// one, is [tokensource.ErrUnavailable], and nothing of it is sent.
func AssertionFile(id, path string) tokensource.ClientAuth { return &assertionFile{id, path} }

// assertionFile implements [authmethod.Method].
type assertionFile struct{ id, path string }

func (a *assertionFile) Check() error {
	return required("client id", a.id, "path of the client assertion", a.path)
}

func (a *assertionFile) Names() []string { return []string{methodPrivateKey} }

func (a *assertionFile) Authenticate(_ context.Context, r *authmethod.Request) error {
	text, err := readAssertion(a.path)
	if err != nil {
		return err
	}
	setAssertion(r, a.id, text)
	return nil
}

// readAssertion returns the assertion in a file, if a server could accept it.
func readAssertion(path string) (string, error) {
	text, err := secretfile.Read(path)
	if err != nil {
		return "", fmt.Errorf("%w: assertion: %w", tokensource.ErrUnavailable, err)
	}
	claims, isJWT := jwt.Read(text)
	switch {
	case !isJWT:
		return "", fmt.Errorf("%w: assertion: %s holds no JWT", tokensource.ErrUnavailable, path)
	case claims.InvalidExpiry:
		return "", fmt.Errorf("%w: assertion: exp of the one in %s is no date", tokensource.ErrUnavailable, path)
	case !claims.Expiry.IsZero() && !time.Now().Before(claims.Expiry):
		return "", fmt.Errorf("%w: assertion: the one in %s has expired at %v", tokensource.ErrUnavailable, path, claims.Expiry)
	}
	return text, nil
}
