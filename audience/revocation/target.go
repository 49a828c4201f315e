package revocation

import (
	"hash/maphash"
	"math/bits"

	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/internal/quote"
)

// target says which tokens an entry matches. It is the key of a [table].
type target struct {
	issuer string
	values [4]string // jti, sid, sub and client; an empty one matches any value
	dated  bool
}

// shape is the set of the fields that a target has beside the issuer: a bit for each of
// its values, and one for dated.
type shape uint8

const dated shape = 1 << 4

func (t target) shape() shape {
	var s shape
	for i, value := range t.values {
		if value != "" {
			s |= 1 << i
		}
	}
	if t.dated {
		s |= dated
	}
	return s
}

// hash returns the same for equal targets. Each value counts by its place.
func (t target) hash(seed maphash.Seed) uint64 {
	h := maphash.String(seed, t.issuer)
	for _, value := range t.values {
		if h = bits.RotateLeft64(h, 13); value != "" {
			h ^= maphash.String(seed, value)
		}
	}
	if t.dated {
		h++
	}
	return h
}

// targetOf returns the target of the entry of shape s that matches c. If c lacks one of
// the values, so does the target.
func targetOf(c *claims.Claims, s shape) target {
	t := target{issuer: c.Issuer(), dated: s&dated != 0}
	for i, value := range [...]string{c.ID(), c.Session(), c.Subject(), c.Client()} {
		if s&(1<<i) != 0 {
			t.values[i] = value
		}
	}
	return t
}

// String names the tokens for the operator.
func (t target) String() string {
	text := "a token of " + quote.List(t.issuer)
	for i, name := range [...]string{"jti", "sid", "sub", "client"} {
		if t.values[i] != "" {
			text += ", " + name + " " + quote.List(t.values[i])
		}
	}
	if t.dated {
		text += ", issued before the revocation"
	}
	return text
}
