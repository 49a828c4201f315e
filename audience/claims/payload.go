package claims

import (
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/jsonvalue"
	"github.com/grpcaud/grpcaud/internal/strictjson"
)

// Payload is the payload of a token, decoded strictly and not verified. What its
// methods return may choose among configured issuers, and may lead to a refusal, but
// must not admit anything. It is immutable, and safe for concurrent use. The zero value
// is an empty payload.
type Payload struct {
	text    string
	members map[string]any
}

// Decode decodes a payload. What is no JSON object, has a name twice, or is not valid
// UTF-8 is refused with [audience.CauseClaimsMalformed].
func Decode(payload string) (Payload, error) {
	members, err := strictjson.Object(payload)
	if err != nil {
		return Payload{}, &audience.Refusal{Cause: audience.CauseClaimsMalformed, Err: err}
	}
	return Payload{payload, members}, nil
}

// Equals reports whether the payload was decoded from these very bytes.
func (p Payload) Equals(payload []byte) bool { return p.text == string(payload) }

// Issuer returns the iss claim, empty if there is none.
func (p Payload) Issuer() string {
	iss, _ := p.members["iss"].(string)
	return iss
}

// Expiry returns the exp claim, the zero time if there is none that can be read.
func (p Payload) Expiry() time.Time { return p.date("exp") }

// IssuedAt returns the iat claim, the zero time if there is none that can be read.
func (p Payload) IssuedAt() time.Time { return p.date("iat") }

func (p Payload) date(name string) time.Time {
	date, _ := jsonvalue.Date(p.members[name])
	return date
}

// Claims reads the claims as [Preset.Claims] does, without decoding the payload again.
// The signature must have been verified for a payload that p [Payload.Equals].
func (p Payload) Claims(preset Preset) (*Claims, error) { return preset.read(p.members, p.text) }
