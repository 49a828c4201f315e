package verifier

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/strictjson"
)

const (
	maxToken  = 16 << 10 // bytes of a token
	maxHeader = 4 << 10  // bytes of its decoded header
	maxKeyID  = 256      // bytes of a kid
)

// compact is a token in JWS compact serialisation (RFC 7515, section 7.1),
// read before anything of it is believed.
type compact struct {
	raw    string
	alg    string
	kid    string // "" if there is none
	typ    string // "" if there is none
	issuer string // unverified: good for choosing among configured issuers only
}

// base64url is the one canonical spelling of RFC 7515, section 2: without
// padding, and with the unused bits of the last letter zero.
var base64url = base64.RawURLEncoding.Strict()

// parse reads the form, the header and the issuer of a token.
func parse(raw string) (*compact, error) {
	if len(raw) > maxToken {
		return nil, &audience.Refusal{Cause: audience.CauseTokenTooLarge, Got: fmt.Sprintf("%d bytes", len(raw)), Want: fmt.Sprintf("at most %d", maxToken)}
	}
	if err := checkForm(raw); err != nil {
		return nil, err
	}
	first, rest, _ := strings.Cut(raw, ".")
	second, _, _ := strings.Cut(rest, ".")
	c := &compact{raw: raw}
	if err := c.readHeader(first); err != nil {
		return nil, err
	}
	payload, err := decodeObject(second)
	if err != nil {
		return nil, &audience.Refusal{Cause: audience.CauseClaimsMalformed, Err: err}
	}
	c.issuer, _ = payload["iss"].(string)
	return c, nil
}

// checkForm admits three parts of the base64url alphabet and nothing else, so
// that a token has exactly one spelling (RFC 8725, section 3.14 of its
// revision).
func checkForm(raw string) error {
	dots := strings.Count(raw, ".")
	if dots == 2 && !strings.ContainsFunc(raw, notCompact) && raw[0] != '.' && !strings.Contains(raw, "..") && raw[len(raw)-1] != '.' {
		return nil
	}
	r := &audience.Refusal{Cause: audience.CauseTokenMalformed, Want: "three parts of base64url, divided by dots"}
	switch {
	case strings.HasPrefix(strings.TrimSpace(raw), "{"):
		r.Hint = "this is the JSON serialisation of a JWS; only the compact one is accepted"
	case dots == 4:
		r.Hint = "five parts are an encrypted token (JWE); let the issuer send signed ones to this service"
	case dots == 0:
		r.Hint = "this may be an opaque token; let the issuer send JWTs for this audience"
	case strings.HasSuffix(raw, "."):
		r.Hint = "the signature is missing"
	}
	return r
}

func notCompact(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.'
}

// readHeader reads the members that a verifier acts upon, and refuses those
// that would have it act otherwise: extensions (crit), other payload encodings
// (b64), and keys that come with the token (RFC 7515, section 4.1).
func (c *compact) readHeader(part string) error {
	malformed := func(err error) error {
		return &audience.Refusal{Cause: audience.CauseTokenMalformed, Err: fmt.Errorf("header: %w", err)}
	}
	if base64url.DecodedLen(len(part)) > maxHeader {
		return malformed(fmt.Errorf("more than %d bytes", maxHeader))
	}
	header, err := decodeObject(part)
	if err != nil {
		return malformed(err)
	}
	for _, name := range []string{"crit", "b64", "jwk", "jku", "x5u"} {
		if _, ok := header[name]; ok {
			return malformed(fmt.Errorf("%s is not accepted", name))
		}
	}
	for name, field := range map[string]*string{"alg": &c.alg, "kid": &c.kid, "typ": &c.typ} {
		v, ok := header[name]
		if !ok {
			continue
		}
		if *field, ok = v.(string); !ok || *field == "" {
			return malformed(fmt.Errorf("%s is not a string, or empty", name))
		}
	}
	switch {
	case c.alg == "":
		return malformed(errors.New("no alg"))
	case len(c.kid) > maxKeyID:
		return malformed(fmt.Errorf("kid of more than %d bytes", maxKeyID))
	}
	return nil
}

func decodeObject(part string) (map[string]any, error) {
	data, err := base64url.DecodeString(part)
	if err != nil {
		return nil, errors.New("not canonical base64url")
	}
	return strictjson.Object(data)
}
