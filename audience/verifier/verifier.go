package verifier

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"github.com/grpcaud/grpcaud/audience"
)

// Verifier tells genuine tokens from others. It is safe for concurrent use.
type Verifier struct {
	issuers map[string]*issuer // by iss
}

// issuer is one issuer with its keys: issuers share nothing, so that none can
// vouch for another's tokens, nor hold up another's.
type issuer struct {
	url    string
	preset audience.Preset
	keys   *keySet
}

// New returns a verifier of tokens of these issuers, at least one; a
// [audience.Guard] hands them out checked. It does no network I/O: keys are
// fetched when the first token needs them. Close it when it is no longer used.
func New(issuers []audience.Issuer, opts ...Option) (*Verifier, error) {
	o := options{cooldown: 30 * time.Second}
	for _, opt := range opts {
		opt.apply(&o)
	}
	switch {
	case len(issuers) == 0:
		return nil, errors.New("verifier: no issuers")
	case o.cooldown <= 0:
		return nil, fmt.Errorf("verifier: cooldown of %v, want more than 0", o.cooldown)
	}
	if o.transport == nil {
		o.transport = defaultTransport()
	}
	v := &Verifier{issuers: map[string]*issuer{}}
	for _, i := range issuers {
		preset, ok := audience.PresetNamed(i.Preset)
		if !ok || i.URL == "" || v.issuers[i.URL] != nil {
			return nil, fmt.Errorf("verifier: issuer %q with preset %q: want a url of its own and a known preset", i.URL, i.Preset)
		}
		v.issuers[i.URL] = &issuer{url: i.URL, preset: preset, keys: newKeySet(newFetcher(i, o.transport).fetch, o.cooldown)}
	}
	return v, nil
}

// Close ends all background work. Tokens whose keys are at hand can still be
// verified.
func (v *Verifier) Close() {
	for _, i := range v.issuers {
		i.keys.close()
	}
}

// Verify returns the claims of a genuine token. Its error is a
// [audience.Refusal], or ctx's error if that ended first. A Refusal with
// [audience.CauseKeysUnavailable] says that nothing could be found out.
func (v *Verifier) Verify(ctx context.Context, raw string) (*audience.Claims, error) {
	token, err := parse(raw)
	if err != nil {
		return nil, err
	}
	i, ok := v.issuers[token.issuer]
	if !ok {
		return nil, &audience.Refusal{Cause: audience.CauseIssuerUnknown, Got: fmt.Sprintf("iss %.128q", token.issuer), Want: v.known()}
	}
	if !slices.Contains(algorithms, token.alg) {
		return nil, &audience.Refusal{Cause: audience.CauseAlgorithmNotAllowed, Got: fmt.Sprintf("alg %.32q", token.alg)}
	}
	if err := i.preset.CheckType(token.typ); err != nil {
		return nil, err
	}
	payload, err := i.verify(ctx, token)
	if err != nil {
		return nil, err
	}
	return i.preset.Claims(payload)
}

func (v *Verifier) known() string {
	var urls []string
	for url := range v.issuers {
		urls = append(urls, fmt.Sprintf("%q", url))
	}
	slices.Sort(urls)
	return fmt.Sprint(urls)
}

// verify returns the payload of a token that i signed. A signature that no key
// at hand made may be that of a key which is new under an old name: the issuer
// is asked again, as often as the allowance lets strangers cause.
func (i *issuer) verify(ctx context.Context, token *compact) ([]byte, error) {
	keys, err := i.keysFor(ctx, token)
	if err != nil {
		return nil, err
	}
	payload, err := i.check(ctx, token, keys)
	if !errors.Is(err, audience.CauseSignatureInvalid) {
		return payload, err
	}
	newer, noNews := i.keys.next(ctx, false)
	if noNews != nil || newer == nil {
		return nil, err
	}
	return i.check(ctx, token, newer)
}

// keysFor returns keys among which the one that token names is, or none can
// be: a kid is unknown only if a set lacks it that was fetched after the token
// arrived.
func (i *issuer) keysFor(ctx context.Context, token *compact) (*snapshot, error) {
	keys := i.keys.load()
	if keys.has(token.kid) {
		return keys, nil
	}
	arrived := i.keys.begun.Load()
	for {
		keys, err := i.keys.next(ctx, true)
		switch {
		case err != nil:
			return nil, err
		case keys.has(token.kid):
			return keys, nil
		case keys != nil && keys.number > arrived:
			return nil, &audience.Refusal{
				Cause: audience.CauseKeyUnknown, Got: fmt.Sprintf("kid %.64q", token.kid),
				Hint: "the issuer has no such key: it dropped it, or another issuer of the same name signed the token",
			}
		}
	}
}

// check has go-oidc verify a token against keys, and keeps the outcome that it
// would flatten into text.
func (i *issuer) check(ctx context.Context, token *compact, keys *snapshot) ([]byte, error) {
	call := &call{token: token, keys: keys}
	verifier := oidc.NewVerifier(i.url, call, &oidc.Config{
		SupportedSigningAlgs: algorithms,
		SkipClientIDCheck:    true, // aud is judged by the rule of the method
		SkipExpiryCheck:      true, // and so is exp, with one leeway for all
	})
	_, err := verifier.Verify(ctx, token.raw)
	switch {
	case call.payload == nil:
		return nil, &audience.Refusal{Cause: audience.CauseSignatureInvalid, Got: fmt.Sprintf("kid %.64q, alg %s", token.kid, token.alg)}
	case err != nil:
		return nil, &audience.Refusal{Cause: audience.CauseClaimsMalformed, Err: err}
	}
	return call.payload, nil
}

// call is the [oidc.KeySet] of one verification: a snapshot of the issuer's
// keys, and the payload if one of them signed it.
type call struct {
	token   *compact
	keys    *snapshot
	payload []byte
}

// VerifySignature implements [oidc.KeySet].
func (c *call) VerifySignature(_ context.Context, raw string) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(c.token.alg)})
	if err != nil {
		return nil, err
	}
	for _, k := range c.keys.find(c.token.kid, c.token.alg) {
		if payload, err := k.verify(jws, c.token.alg); err == nil {
			c.payload = payload
			return payload, nil
		}
	}
	return nil, audience.CauseSignatureInvalid
}
