package tokensource

import (
	"context"
	"crypto"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

const (
	methodPrivateKey = "private_key_jwt"
	typeAssertion    = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	assertionLife    = 60 * time.Second
)

// PrivateKeyJWT authenticates the client by an assertion that it signs with its
// private key, which may live in a KMS or an HSM (private_key_jwt: RFC 7523,
// section 2.2, as updated by RFC 7523bis). Each request has a new assertion; it is
// addressed to the issuer's identifier and to nobody else, is typed
// "client-authentication+jwt" and lives for 60 s. [New] refuses an empty id, a key
// that is neither RSA, EC nor Ed25519, RSA keys of less than 2048 bits, and an
// algorithm that does not fit.
func PrivateKeyJWT(id string, key crypto.Signer, opts ...KeyOption) ClientAuth {
	signer, err := newSigner(key, newKeyOptions(opts))
	return &privateKey{id: id, signer: func() (jose.Signer, error) { return signer, err }}
}

// PrivateKeyFile is [PrivateKeyJWT] with the key in a file: a JWK, or PEM with
// PKCS #8, PKCS #1 or SEC 1, not encrypted. A key in it that [PrivateKeyJWT] would
// not take is [ErrRefused].
func PrivateKeyFile(id, path string, opts ...KeyOption) ClientAuth {
	return &privateKey{id: id, path: &path, signer: func() (jose.Signer, error) {
		return readSigner(path, newKeyOptions(opts))
	}}
}

func readSigner(path string, o keyOptions) (jose.Signer, error) {
	text, err := readFile("private key", path)
	if err != nil {
		return nil, err
	}
	key, ok := parseKey([]byte(text), &o)
	if !ok {
		return nil, fmt.Errorf("%w: private key: %s holds none that can be read, want PEM (PKCS #8, PKCS #1, SEC 1) or a JWK, not encrypted", ErrUnavailable, path)
	}
	signer, err := newSigner(key, o)
	if err != nil {
		return nil, fmt.Errorf("%w: private key in %s: %w", ErrRefused, path, err)
	}
	return signer, nil
}

type privateKey struct {
	id     string
	path   *string                     // nil: the key is at hand
	signer func() (jose.Signer, error) // a function, so that the key cannot be printed
}

func (p *privateKey) check() error {
	if p.path != nil {
		return required("client id", p.id, "path of the private key", *p.path)
	}
	if _, err := p.signer(); err != nil {
		return fmt.Errorf("tokensource: %w", err)
	}
	return required("client id", p.id)
}

func (p *privateKey) methods() []string { return []string{methodPrivateKey} }

func (p *privateKey) authenticate(_ context.Context, config *clientcredentials.Config, issuer string) error {
	signer, err := p.signer()
	if err != nil {
		return err
	}
	text, err := assertion(signer, p.id, issuer)
	if err != nil {
		return fmt.Errorf("%w: sign the client assertion: %w", ErrUnavailable, err)
	}
	assert(config, p.id, text)
	return nil
}

// assertion returns a new assertion of client for issuer (RFC 7523, section 3).
func assertion(signer jose.Signer, client, issuer string) (string, error) {
	payload, err := assertionClaims(client, issuer)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// assertionClaims returns what an assertion says, with a jti of its own.
func assertionClaims(client, issuer string) ([]byte, error) {
	now := time.Now()
	return json.Marshal(map[string]any{
		"iss": client, "sub": client, "aud": issuer,
		"iat": now.Unix(), "exp": now.Add(assertionLife).Unix(), "jti": rand.Text(),
	})
}

// assert puts a client assertion into a request (RFC 7521, section 4.2).
func assert(config *clientcredentials.Config, client, text string) {
	config.ClientID, config.AuthStyle = client, oauth2.AuthStyleInParams
	config.EndpointParams.Set("client_assertion_type", typeAssertion)
	config.EndpointParams.Set("client_assertion", text)
}

// ClientAssertionFile authenticates the client by an assertion that something else
// keeps fresh in a file, such as a projected token of Kubernetes that the issuer
// trusts (RFC 7523, section 2.2). One that is not a JWT, or has expired, is
// [ErrUnavailable] and is not sent.
func ClientAssertionFile(id, path string) ClientAuth { return &assertionFile{id, path} }

type assertionFile struct{ id, path string }

func (a *assertionFile) check() error {
	return required("client id", a.id, "path of the client assertion", a.path)
}

func (a *assertionFile) methods() []string { return []string{methodPrivateKey} }

func (a *assertionFile) authenticate(_ context.Context, config *clientcredentials.Config, _ string) error {
	text, err := readAssertion(a.path)
	if err != nil {
		return err
	}
	assert(config, a.id, text)
	return nil
}

// readAssertion returns the assertion in a file, if it may be of use.
func readAssertion(path string) (string, error) {
	text, err := readFile("assertion", path)
	if err != nil {
		return "", err
	}
	claims, isJWT := peek(text)
	switch {
	case !isJWT:
		return "", fmt.Errorf("%w: assertion: %s holds no JWT", ErrUnavailable, path)
	case !claims.expiry.IsZero() && !time.Now().Before(claims.expiry):
		return "", fmt.Errorf("%w: assertion: the one in %s has expired at %v", ErrUnavailable, path, claims.expiry)
	}
	return text, nil
}
