package verifier

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/internal/remedy"
	"github.com/grpcaud/grpcaud/internal/strictjson"
)

const (
	maxToken  = 16 << 10 // bytes of a token
	maxHeader = 4 << 10  // bytes of its decoded header
	maxKeyID  = 256      // bytes of a kid
)

// compact is a token in JWS compact serialisation (RFC 7515, section 7.1). It was read
// strictly and is not verified.
type compact struct {
	raw string
	alg string
	kid string // "" if there is none
	typ string // "" if there is none

	payload claims.Payload // not verified
	logout  bool           // it is to be a logout token
}

// parse reads the form, the header and the issuer of a token.
func parse(raw string) (*compact, error) {
	header, payload, err := decode(raw)
	if err != nil {
		return nil, err
	}
	c := &compact{raw: raw}
	if err := c.readHeader(header); err != nil {
		return nil, malformed(fmt.Errorf("header: %w", err))
	}
	if c.payload, err = claims.Decode(payload); err != nil {
		return nil, err
	}
	return c, nil
}

func malformed(err error) error {
	return &audience.Refusal{Cause: audience.CauseTokenMalformed, Err: err}
}

// base64url is the canonical encoding of RFC 7515, section 2: without padding, and
// with zero in the unused bits of the last character.
var base64url = base64.RawURLEncoding.Strict()

// decode accepts three parts of canonical base64url, so that a token has exactly one
// encoding (RFC 8725, section 3.14 of its revision). Of the signature it checks only
// the encoding.
func decode(raw string) (header, payload string, err error) {
	first, rest, _ := strings.Cut(raw, ".")
	second, third, _ := strings.Cut(rest, ".")
	if strings.Count(raw, ".") != 2 || first == "" || second == "" || third == "" {
		return "", "", misshapen(raw)
	}
	if base64url.DecodedLen(len(first)) > maxHeader {
		return "", "", malformed(fmt.Errorf("header of more than %d bytes", maxHeader))
	}
	var buffer [4 << 10]byte // on the stack, and large enough for most tokens
	part := func(encoded string) []byte {
		to := buffer[:]
		if n := base64url.DecodedLen(len(encoded)); n > len(to) {
			to = make([]byte, n)
		}
		n, wrong := base64url.Decode(to, []byte(encoded))
		if wrong != nil {
			err = malformed(errors.New("not canonical base64url"))
		}
		return to[:n]
	}
	header = string(part(first))
	payload = string(part(second))
	part(third)
	if strings.ContainsAny(raw, "\r\n") { // base64 ignores these
		err = malformed(errors.New("not canonical base64url"))
	}
	return header, payload, err
}

// misshapen says what a token that does not have three parts may be.
func misshapen(raw string) error {
	return &audience.Refusal{
		Cause: audience.CauseTokenMalformed, Want: "three parts of base64url, divided by dots",
		Hint: remedy.Shape(raw),
	}
}

// refused are header members that ask a verifier to do what this one does not. crit
// lists extensions that must be understood; since none are, it is refused even if its
// list is empty (RFC 7515, section 4.1.11). Another encoding of the payload is not
// allowed in a JWT (RFC 7797, section 7). Keys come from the issuer, and never from
// the token or from an address in it (RFC 8725, section 3.10). A certificate in the
// token, in x5c or x5t, is ignored.
var refused = []string{"crit", "b64", "jwk", "jku", "x5u"}

// readHeader reads the members that a verifier needs (RFC 7515, section 4.1).
func (c *compact) readHeader(data string) error {
	header, err := strictjson.Object(data)
	if err != nil {
		return err
	}
	for _, name := range refused {
		if _, ok := header[name]; ok {
			return fmt.Errorf("%s is not accepted", name)
		}
	}
	var errAlg, errKid, errTyp error
	c.alg, errAlg = text(header, "alg")
	c.kid, errKid = text(header, "kid")
	c.typ, errTyp = text(header, "typ")
	switch err := errors.Join(errAlg, errKid, errTyp); {
	case err != nil:
		return err
	case c.alg == "":
		return errors.New("no alg")
	case len(c.kid) > maxKeyID:
		return fmt.Errorf("kid of more than %d bytes", maxKeyID)
	}
	return nil
}

// text returns a member that is a string; empty if there is none.
func text(header map[string]any, name string) (string, error) {
	v, ok := header[name]
	if !ok {
		return "", nil
	}
	s, _ := v.(string)
	if s == "" {
		return "", fmt.Errorf("%s is not a string, or empty", name)
	}
	return s, nil
}
