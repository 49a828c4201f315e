package claims

import (
	"maps"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/jsonvalue"
	"github.com/grpcaud/grpcaud/internal/spiffe"
	"github.com/grpcaud/grpcaud/internal/strictjson"
)

// Payload is the payload of a token, decoded strictly and not verified. Use what its
// methods return only to select one of the configured issuers or to refuse a call,
// never to admit one. A Payload is immutable, and safe for concurrent use. The zero
// value is an empty payload.
type Payload struct {
	text    string
	members map[string]any
}

// Decode decodes a payload. A text that is not a JSON object, has a name twice, or is
// not valid UTF-8 is refused with [audience.CauseClaimsMalformed].
func Decode(payload string) (Payload, error) {
	members, err := strictjson.Object(payload)
	if err != nil {
		return Payload{}, &audience.Refusal{Cause: audience.CauseClaimsMalformed, Err: err}
	}
	return Payload{payload, members}, nil
}

// Equals reports whether the payload was decoded from exactly these bytes.
func (p Payload) Equals(payload []byte) bool { return p.text == string(payload) }

// Issuer returns the iss claim, empty if there is none.
func (p Payload) Issuer() string {
	iss, _ := p.members["iss"].(string)
	return iss
}

// TrustDomain returns the trust domain of the SPIFFE ID in sub, if the payload has no iss
// at all: a JWT-SVID need not have one (SPIFFE, JWT-SVID, section 3). With any iss, even
// an empty one or one of another type, the result is empty.
func (p Payload) TrustDomain() string {
	if _, ok := p.members["iss"]; ok {
		return ""
	}
	subject, _ := p.members["sub"].(string)
	return spiffe.TrustDomain(subject)
}

// Expiry returns the exp claim, the zero time if it is missing or cannot be read.
func (p Payload) Expiry() time.Time { return p.date("exp") }

// IssuedAt returns the iat claim, the zero time if it is missing or cannot be read.
func (p Payload) IssuedAt() time.Time { return p.date("iat") }

func (p Payload) date(name string) time.Time {
	date, _ := jsonvalue.Date(p.members[name])
	return date
}

// CheckType is [Preset.CheckType] for the token of p. The hint of its refusal also uses
// the claims, which may show which provider wrote the token.
func (p Payload) CheckType(preset Preset, typ string) error { return preset.checkType(typ, p.members) }

// Claims reads the claims as [Preset.Claims] does, without decoding the payload again.
// The caller of Claims must have verified the signature of exactly these bytes: see
// [Payload.Equals].
func (p Payload) Claims(preset Preset) (*Claims, error) { return preset.read(p.members, p.text) }

// ClaimsOf is [Payload.Claims], and reads a payload without iss as if it had this one.
func (p Payload) ClaimsOf(preset Preset, issuer string) (*Claims, error) {
	if _, ok := p.members["iss"]; ok {
		return p.Claims(preset)
	}
	members := maps.Clone(p.members)
	members["iss"] = issuer
	return preset.read(members, p.text)
}
