package testutil

import (
	"bytes"
	"crypto/rand"
	"maps"
	"time"
)

// Claims is the payload of a token (RFC 7519, section 4).
type Claims map[string]any

// MintOption changes one token of [Issuer.Mint].
type MintOption interface{ apply(*draft) }

// draft is a token before it is signed.
type draft struct {
	key        *Key
	header     Claims
	rawHeader  []byte
	rawPayload []byte
}

type mintFunc func(*draft)

func (f mintFunc) apply(d *draft) { f(d) }

// Header sets a member of the JOSE header. By default there are alg, kid and
// typ; a nil value leaves the member out.
func Header(name string, value any) MintOption {
	return mintFunc(func(d *draft) { d.header[name] = value })
}

// RawHeader makes these bytes the header, whether they are JSON or not. The key still
// signs with its own algorithm.
func RawHeader(header []byte) MintOption {
	return mintFunc(func(d *draft) { d.rawHeader = bytes.Clone(header) })
}

// RawPayload makes these bytes the payload, whether they are JSON or not; the claims are
// ignored.
func RawPayload(payload []byte) MintOption {
	return mintFunc(func(d *draft) { d.rawPayload = bytes.Clone(payload) })
}

// SignedBy signs with k instead of the issuer's key: a stranger's key, or a retired one.
// Unless [Header] changes them, alg and kid are k's too.
func SignedBy(k *Key) MintOption {
	return mintFunc(func(d *draft) { d.key = k })
}

// Mint returns a token with these claims, signed with the current key, in compact form
// (RFC 7515, section 3.1). It checks nothing. It adds iss, iat, exp, jti and the claims
// of [EveryToken] unless claims has them; a nil value leaves a claim out, and a
// [json.RawMessage] writes what Go cannot, such as null. It panics on values that JSON
// cannot represent.
func (i *Issuer) Mint(claims Claims, opts ...MintOption) string {
	now := time.Now()
	payload := Claims{
		"iss": i.url,
		"iat": now.Unix(),
		"exp": now.Add(i.options.lifetime).Unix(),
		"jti": rand.Text(),
	}
	maps.Copy(payload, i.options.claims)
	maps.Copy(payload, claims)
	d := draft{key: i.published()[0], header: Claims{}}
	if i.options.typ != "" {
		d.header["typ"] = i.options.typ
	}
	for _, o := range opts {
		o.apply(&d)
	}
	return d.sign(payload)
}

func (d *draft) sign(payload Claims) string {
	header := Claims{"alg": d.key.alg, "kid": d.key.id}
	maps.Copy(header, d.header)
	input := base64url(raw(d.rawHeader, header)) + "." + base64url(raw(d.rawPayload, payload))
	return input + "." + base64url(d.key.Sign([]byte(input)))
}

// raw returns given, or else the JSON of the members that are not nil.
func raw(given []byte, members Claims) []byte {
	if given != nil {
		return given
	}
	maps.DeleteFunc(members, func(_ string, v any) bool { return v == nil })
	return encode(members)
}
