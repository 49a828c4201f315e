package interceptor_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/interceptor"
)

func TestCredentialsOf(t *testing.T) {
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
		got, err := interceptor.CredentialsOf(value)
		var refusal *audience.Refusal
		if got != want.token || errors.As(err, &refusal) != (want.cause != "") || refusal != nil && refusal.Cause != want.cause {
			t.Errorf("bearer(%q) = %q, %v, want %q, %q", value, got, err, want.token, string(want.cause))
		}
	}
}

// TestAuthorizationInAnyCase holds that values are found, counted and hidden under
// a name that an interceptor further out wrote in another case.
func TestAuthorizationInAnyCase(t *testing.T) {
	issuer := newIssuer()
	server := serverOf(t, issuer, company(t))
	value := "Bearer " + issuer.Mint(good(nil))
	for _, row := range []struct {
		md   metadata.MD
		want audience.Reason
	}{
		{metadata.MD{"Authorization": {value}}, ""},
		{metadata.MD{"Authorization": {value, value}}, audience.ReasonCredentialsMalformed},
		{metadata.MD{"authorization": {value, value}}, audience.ReasonCredentialsMalformed},
		{metadata.MD{"authorization": {}}, audience.ReasonCredentialsMissing},
		{metadata.MD{}, audience.ReasonCredentialsMissing},
		{nil, audience.ReasonCredentialsMissing},
	} {
		ctx := metadata.NewIncomingContext(arrived(t.Context()), row.md)
		_, err := unaryOf(server)(ctx, nil, &grpc.UnaryServerInfo{FullMethod: getOrder}, func(ctx context.Context, _ any) (any, error) {
			if left, _ := metadata.FromIncomingContext(ctx); len(left) > 0 {
				t.Errorf("the handler sees %v", left)
			}
			return nil, nil
		})
		if got := verdictOf(err).Reason; got != row.want {
			t.Errorf("%d values: %q, want %q", len(row.md), got, row.want)
		}
	}
}

// FuzzCredentialsOf holds that what is read as a token can be written back as
// the value that it came from, but for the scheme's case and its spaces.
func FuzzCredentialsOf(f *testing.F) {
	for _, seed := range []string{"Bearer abc", "bearer  a.b.c", "Bearer a, Bearer b", "Bearer ==", "Basic x", "Bearer \x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		token, err := interceptor.CredentialsOf(value)
		if err != nil {
			return
		}
		head, ok := strings.CutSuffix(value, token)
		if !ok || token == "" || !strings.EqualFold(strings.TrimRight(head, " "), "bearer") || head == strings.TrimRight(head, " ") {
			t.Errorf("bearer(%q) = %q", value, token)
		}
	})
}
