package interceptor_test

import (
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/interceptor"
)

// FuzzAdmission changes, inserts or removes one byte of a good authorization value,
// and lets the server judge a call with it. Only a value with the same meaning is
// admitted: the scheme in any case, and one or more spaces after it.
func FuzzAdmission(f *testing.F) {
	for _, at := range []uint16{0, 5, 6, 7, 40, 120, 200, 300, 400, 500, 560, 570} {
		f.Add(at, byte('A'), byte(change))
		f.Add(at, byte('.'), byte(change))
		f.Add(at, byte(' '), byte(insert))
		f.Add(at, byte('='), byte(insert))
		f.Add(at, byte(0), byte(remove))
	}
	f.Add(uint16(0), byte('b'), byte(change))
	f.Add(uint16(5), byte('R'), byte(change))
	f.Add(uint16(6), byte('\t'), byte(change))
	a := newTestbed(f, func(a *testbed) {
		silent(a)
		a.options = append(a.options, interceptor.VerifierOptions(verifier.Cooldown(time.Nanosecond))) // an unknown key is looked for at once
	})
	good := token(nil)(a)[0]
	f.Fuzz(func(t *testing.T, at uint16, b, how byte) {
		value := mutated(good, int(at), b, mutation(how))
		err := a.unary(arriving(value))
		if got, want := err == nil, meaning(value) == meaning(good); got != want {
			t.Errorf("%q admitted: %t, want %t: %v", value, got, want, err)
		}
		if err != nil && verdictOf(err).Reason == "" {
			t.Errorf("%q is refused without a reason: %v", value, err)
		}
	})
}

type mutation byte

const (
	change mutation = iota
	insert
	remove
	mutations
)

// mutated is text with one byte changed.
func mutated(text string, at int, b byte, how mutation) string {
	at %= len(text)
	switch how % mutations {
	case insert:
		return text[:at] + string([]byte{b}) + text[at:]
	case remove:
		return text[:at] + text[at+1:]
	default:
		return text[:at] + string([]byte{b}) + text[at+1:]
	}
}

// meaning is the one spelling of an authorization value.
func meaning(value string) string {
	scheme, rest, _ := strings.Cut(value, " ")
	return strings.ToLower(scheme) + " " + strings.TrimLeft(rest, " ")
}
