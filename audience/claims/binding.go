package claims

import (
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"slices"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/quote"
	"github.com/grpcaud/grpcaud/internal/remedy"
)

// binding returns the thumbprint of the certificate that a token is bound to
// (x5t#S256 in the cnf claim; RFC 8705, section 3.1), or "" if the token is not
// bound. A cnf with any other content is refused, because nothing here can check
// it, and to ignore it would be wrong (RFC 9449, section 7.2).
func (p Preset) binding(r *reader) (string, error) {
	cnf, ok := r.members["cnf"]
	if !ok {
		return "", nil
	}
	members, _ := cnf.(map[string]any)
	thumbprint, _ := members["x5t#S256"].(string)
	if len(members) == 1 && validThumbprint(thumbprint) {
		return thumbprint, nil
	}
	refusal := &audience.Refusal{Cause: audience.CauseBindingUnsupported, Got: "cnf with " + confirmations(members), Want: "a SHA-256 as x5t#S256, and nothing else"}
	refusal.Hint = p.remedy(remedy.Situation{Cause: string(refusal.Cause)}, r.members)
	return "", refusal
}

// confirmations lists the members of cnf by name, without their values, which tell an
// operator nothing.
func confirmations(cnf map[string]any) string {
	if len(cnf) == 0 {
		return "no member"
	}
	return quote.List(slices.Sorted(maps.Keys(cnf))...)
}

// validThumbprint reports whether s is a SHA-256 in canonical base64url without
// padding.
func validThumbprint(s string) bool {
	const size = 43
	if len(s) != size {
		return false
	}
	var digest [sha256.Size + 1]byte
	n, err := base64.RawURLEncoding.Strict().Decode(digest[:], []byte(s))
	return err == nil && n == sha256.Size
}
