package admission

import (
	"errors"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience"
)

// tokenIn reads an authorization value as a request's, and refuses a token by its
// form alone.
func tokenIn(value string) (string, error) {
	token, err := bearer([]string{value})
	if err == nil {
		err = refineTokenError(nil, token)
	}
	if err != nil {
		return "", err
	}
	return token, nil
}

func TestBearerToken(t *testing.T) {
	for value, want := range map[string]struct {
		token string
		cause audience.Cause
	}{
		"Bearer abc":      {"abc", ""},
		"bEARER abc":      {"abc", ""},
		"Bearer   a.b-c=": {"a.b-c=", ""},
		"Bearer ~a+b/c_":  {"~a+b/c_", ""},
		"Bearer\tabc":     {"", audience.CauseSchemeUnsupported},
		" Bearer abc":     {"", audience.CauseSchemeUnsupported},
		"Bearerabc":       {"", audience.CauseSchemeUnsupported},
		"DPoP abc":        {"", audience.CauseSchemeUnsupported},
		"Bearer abc ":     {"", audience.CauseCredentialsMalformed},
		"Bearer a c":      {"", audience.CauseCredentialsMalformed},
		"Bearer a,c":      {"", audience.CauseCredentialsMalformed},
		"Bearer a=c":      {"", audience.CauseCredentialsMalformed},
		"Bearer é":        {"", audience.CauseCredentialsMalformed},
		"Bearer a\x00c":   {"", audience.CauseCredentialsMalformed},
	} {
		got, err := tokenIn(value)
		var refusal *audience.Refusal
		if got != want.token || errors.As(err, &refusal) != (want.cause != "") || refusal != nil && refusal.Cause != want.cause {
			t.Errorf("bearer(%q) = %q, %v, want %q, %q", value, got, err, want.token, string(want.cause))
		}
	}
}

// FuzzBearer shows that what is read as a token can be written back as
// the value that it came from, but for the scheme's case and its spaces.
func FuzzBearer(f *testing.F) {
	for _, seed := range []string{"Bearer abc", "bearer  a.b.c", "Bearer a, Bearer b", "Bearer ==", "Basic x", "Bearer \x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		token, err := tokenIn(value)
		if err != nil {
			return
		}
		head, ok := strings.CutSuffix(value, token)
		if !ok || token == "" || !strings.EqualFold(strings.TrimRight(head, " "), "bearer") || head == strings.TrimRight(head, " ") {
			t.Errorf("bearer(%q) = %q", value, token)
		}
	})
}
