package clientauth

import (
	"context"
	"crypto"
	"fmt"

	"github.com/go-jose/go-jose/v4"

	"github.com/grpcaud/grpcaud/internal/secretfile"
	"github.com/grpcaud/grpcaud/tokensource"
	"github.com/grpcaud/grpcaud/tokensource/internal/authmethod"
)

const methodPrivateKey = "private_key_jwt"

// PrivateKeyJWT authenticates the client by an assertion that it signs with its
// private key, which may live in a KMS or an HSM (private_key_jwt: RFC 7523,
// section 2.2, as updated by RFC 7523bis). Each request has a new assertion, with one
// audience ([Audience]), which is valid for 60 s. [tokensource.New] refuses an empty
// id, a key that is neither RSA, EC nor Ed25519, an RSA key of less than 2048 bits, and
// an algorithm that does not fit the key.
func PrivateKeyJWT(id string, key crypto.Signer, opts ...KeyOption) tokensource.ClientAuth {
	return &privateKey{id: id, options: newKeyOptions(opts), signer: func(o keyOptions, kind jose.ContentType) (jose.Signer, error) {
		return newSigner(key, o, kind)
	}}
}

// PrivateKeyText is [PrivateKeyFile] with the text of the file, for example from an
// environment variable. [tokensource.New] refuses a text without a key.
func PrivateKeyText(id, text string, opts ...KeyOption) tokensource.ClientAuth {
	return &privateKey{id: id, options: newKeyOptions(opts), signer: func(o keyOptions, kind jose.ContentType) (jose.Signer, error) {
		key, ok := parseKey([]byte(text), &o)
		if !ok {
			return nil, fmt.Errorf("private key: the text holds no key that can be read, want %s", wantKey)
		}
		return newSigner(key, o, kind)
	}}
}

const wantKey = "PEM (PKCS #8, PKCS #1, SEC 1) or a JWK, not encrypted"

// PrivateKeyFile is [PrivateKeyJWT] with the key in a file: a JWK, or PEM with
// PKCS #8, PKCS #1 or SEC 1, not encrypted. If the file also has the certificate of the
// key, the assertion names it in x5t#S256 (RFC 7515, section 4.1.8), as Entra ID
// requires. If the file holds a key that [PrivateKeyJWT] refuses, requests fail with
// [tokensource.ErrRefused].
func PrivateKeyFile(id, path string, opts ...KeyOption) tokensource.ClientAuth {
	return &privateKey{id: id, path: &path, options: newKeyOptions(opts), signer: func(o keyOptions, kind jose.ContentType) (jose.Signer, error) {
		return readSigner(path, o, kind)
	}}
}

func readSigner(path string, o keyOptions, kind jose.ContentType) (jose.Signer, error) {
	text, err := secretfile.Read(path)
	if err != nil {
		return nil, fmt.Errorf("%w: private key: %w", tokensource.ErrUnavailable, err)
	}
	key, ok := parseKey([]byte(text), &o)
	if !ok {
		return nil, fmt.Errorf("%w: private key: %s holds no key that can be read, want %s", tokensource.ErrUnavailable, path, wantKey)
	}
	signer, err := newSigner(key, o, kind)
	if err != nil {
		return nil, fmt.Errorf("%w: private key in %s: %w", tokensource.ErrRefused, path, err)
	}
	return signer, nil
}

// privateKey implements [authmethod.Method].
type privateKey struct {
	id      string
	path    *string // nil: the key is not in a file
	options keyOptions
	signer  func(keyOptions, jose.ContentType) (jose.Signer, error) // a function, so that the key cannot be printed
}

func (p *privateKey) Check() error {
	if err := p.options.checkAudience(); err != nil {
		return fmt.Errorf("clientauth: %w", err)
	}
	if p.path != nil {
		return required("client id", p.id, "path of the private key", *p.path)
	}
	if _, err := p.signer(p.options, typeForIssuer); err != nil {
		return fmt.Errorf("clientauth: %w", err)
	}
	return required("client id", p.id)
}

func (p *privateKey) Names() []string { return []string{methodPrivateKey} }

func (p *privateKey) Authenticate(_ context.Context, r *authmethod.Request) error {
	audience, kind := p.options.audienceFor(r)
	signer, err := p.signer(p.options, kind)
	if err != nil {
		return err
	}
	text, err := newAssertion(signer, p.id, audience)
	if err != nil {
		return fmt.Errorf("%w: sign the client assertion: %w", tokensource.ErrUnavailable, err)
	}
	setAssertion(r, p.id, text)
	return nil
}
