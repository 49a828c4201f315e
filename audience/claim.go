package audience

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/grpcaud/grpcaud/internal/jsonvalue"
)

// The errors of [Claim].
var (
	ErrClaimMissing = errors.New("audience: claim missing")
	ErrClaimType    = errors.New("audience: claim of another type")
)

// ClaimValue lists the Go types that a claim can be read as.
type ClaimValue interface {
	string | bool | int64 | float64 | time.Time | []string | map[string]any
}

// Claim returns a further claim of the token that the caller came with:
//
//	department, err := audience.Claim[string](caller, "department")
//
// The claim must have exactly the type of T: a string that is not empty, a
// boolean, a whole number, a number, a NumericDate (RFC 7519, section 2), an
// array of strings that are not empty, or an object. If the token does not have
// the claim, the error is [ErrClaimMissing]; if the claim has another type, the
// error is [ErrClaimType]. Without an error, the value always comes from the
// token and is never a default. The handler may change slices and maps. A test
// makes its caller with [NewCaller]. Claim is safe for concurrent use.
func Claim[T ClaimValue](caller Caller, name string) (T, error) {
	var value, zero T
	if caller.claims == nil {
		return zero, fmt.Errorf("%w: %.64q", ErrClaimMissing, name)
	}
	v, ok := caller.claims.Claim(name)
	switch {
	case !ok:
		return zero, fmt.Errorf("%w: %.64q", ErrClaimMissing, name)
	case !decode(v, &value):
		return zero, fmt.Errorf("%w: %.64q, want %T", ErrClaimType, name, zero)
	}
	return value, nil
}

// decode reads v as the type that into points to. If it returns false, the value
// that into points to is undefined.
func decode(v, into any) (ok bool) {
	var err error
	switch into := into.(type) {
	case *string:
		*into, _ = v.(string)
		return *into != ""
	case *bool:
		*into, ok = v.(bool)
	case *int64:
		number, _ := v.(json.Number)
		*into, err = number.Int64()
		return err == nil
	case *float64:
		number, _ := v.(json.Number)
		*into, err = number.Float64()
		return err == nil
	case *time.Time:
		*into, ok = jsonvalue.Date(v)
	case *[]string:
		*into, ok = jsonvalue.Strings(v)
	case *map[string]any:
		if *into, ok = v.(map[string]any); ok {
			*into = jsonvalue.Clone(*into).(map[string]any)
		}
	}
	return ok
}
