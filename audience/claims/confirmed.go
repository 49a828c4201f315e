package claims

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/jsonvalue"
	"github.com/grpcaud/grpcaud/internal/provider"
	"github.com/grpcaud/grpcaud/internal/remedy"
	"github.com/grpcaud/grpcaud/internal/strictjson"
)

// Confirm reads the answer of an introspection request about the JWT of p (RFC 7662,
// section 2.2), which the issuer with that iss signed. The error is nil only if the token
// is active and the answer is about this token: each of its iss, sub, aud, exp, jti, sid,
// cnf, client_id and azp that the answer has must be that of the token, which says all
// else. The causes are those of [Preset.Introspected], and [audience.CauseTokenWithdrawn]
// for an answer about another token.
func (p Payload) Confirm(preset Preset, answer []byte, issuer string) error {
	members, err := preset.active(string(answer), issuer)
	if err != nil {
		return err
	}
	own, err := p.ClaimsOf(preset, issuer)
	if err != nil {
		return err
	}
	for _, name := range []string{"iss", "sub", "aud", "exp", "jti", "sid", "cnf", "client_id", "azp"} {
		got, ok := members[name]
		if want := p.expected(name, own); ok && !sameValue(name, got, want) {
			return &audience.Refusal{
				Cause: audience.CauseTokenWithdrawn, Got: name + " " + shortened(got), Want: name + " " + shortened(want),
				Hint: "the issuer was asked about this token, and its answer is about another one",
			}
		}
	}
	return preset.tokenType(members)
}

// expected returns what an answer about the token says under a name; the second result is
// nil if any value will do.
func (p Payload) expected(name string, own *Claims) any {
	value, ok := p.members[name]
	switch {
	case ok:
		return value
	case name == "iss":
		return own.Issuer()
	case (name == "client_id" || name == "azp") && own.Client() != "":
		return own.Client()
	case name == "cnf":
		return map[string]any{} // the token is bound to nothing
	default:
		return nil
	}
}

// sameValue compares a claim of an answer with that of the token. Nil wants nothing.
func sameValue(name string, got, want any) bool {
	switch name {
	case "aud":
		return want == nil || slices.Equal(valuesOf(got), valuesOf(want))
	case "exp":
		one, ok := jsonvalue.Date(got)
		other, _ := jsonvalue.Date(want)
		return ok && one.Unix() == other.Unix()
	default:
		return want == nil || reflect.DeepEqual(got, want)
	}
}

// valuesOf returns the values of aud, sorted and without duplicates.
func valuesOf(aud any) []string {
	if text, ok := aud.(string); ok {
		return []string{text}
	}
	values, ok := jsonvalue.Strings(aud)
	if !ok {
		return nil
	}
	slices.Sort(values)
	return slices.Compact(values)
}

func shortened(v any) string { return fmt.Sprintf("%.128q", fmt.Sprint(v)) }

// active decodes an answer about a token, and refuses it unless active is true.
func (p Preset) active(answer, issuer string) (map[string]any, error) {
	members, err := strictjson.Object(answer)
	if err != nil {
		return nil, &audience.Refusal{Cause: audience.CauseIntrospectionUnavailable, Err: err}
	}
	switch members["active"] {
	case true:
		return members, nil
	case false:
		return nil, &audience.Refusal{
			Cause: audience.CauseTokenInactive,
			Hint:  p.remedy(remedy.Situation{Cause: string(audience.CauseTokenInactive), Names: provider.Names{Issuer: issuer}}, nil),
		}
	default:
		return nil, &audience.Refusal{Cause: audience.CauseIntrospectionUnavailable, Err: errors.New("active is not a boolean")}
	}
}
