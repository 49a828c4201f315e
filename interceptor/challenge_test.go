package interceptor_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
)

func TestChallengeString(t *testing.T) {
	for want, c := range map[string]interceptor.BearerChallenge{
		`Bearer realm=""`:                            {},
		`Bearer realm="grpcaud"`:                     {Realm: "grpcaud"},
		`Bearer realm="a \"b\" \\c", error="x"`:      {Realm: `a "b" \c`, Error: "x"},
		`Bearer realm="?? ?"`:                        {Realm: "\r\n é"},
		`Bearer realm="r", error_description="a, b"`: {Realm: "r", Description: "a, b"},
		`Bearer realm="r", scope="a b"`:              {Realm: "r", Wanted: audience.Challenge{Scopes: []string{"a", "b"}}},
		`Bearer realm="r", acr_values="gold mfa", max_age="90"`: {
			Realm: "r", Wanted: audience.Challenge{ACR: []string{"gold", "mfa"}, MaxAge: 90*time.Second + 999*time.Millisecond},
		},
		`Bearer realm="r", max_age="1"`: {Realm: "r", Wanted: audience.Challenge{MaxAge: time.Millisecond}},
	} {
		if got := c.String(); got != want {
			t.Errorf("challenge = %s, want %s", got, want)
		}
	}
}

func TestParseChallenge(t *testing.T) {
	for value, want := range map[string]interceptor.BearerChallenge{
		`Bearer`:                           {},
		`bearer realm=r`:                   {Realm: "r"},
		`BEARER   realm = "a \"b\" \\\c" `: {Realm: `a "b" \c`},
		`Bearer , REALM="r" ,, Error=x,`:   {Realm: "r", Error: "x"},
		`Bearer realm="r", resource_metadata="https://evil.example"`: {Realm: "r"},
		`Bearer error_description="a, b=\"c\"", scope="a  b "`:       {Description: `a, b="c"`, Wanted: audience.Challenge{Scopes: []string{"a", "b"}}},
		`Bearer acr_values="gold", max_age="600"`:                    {Wanted: audience.Challenge{ACR: []string{"gold"}, MaxAge: 10 * time.Minute}},
		`Bearer max_age=0`: {},
	} {
		got, err := interceptor.ParseChallenge(value)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", value, err, diff)
		}
	}
	for _, value := range []string{
		"", " Bearer", "Basic realm=r", "Bearerrealm=r", "Bearer\trealm=r", "Bearer abc=", "Bearer abc", "Bearer realm", "Bearer =r", "Bearer realm=",
		`Bearer realm="r`, `Bearer realm="r\`, `Bearer realm="r"x`, "Bearer realm=a error=b", "Bearer realm=a;error=b", "Bearer realm=a, Realm=b",
		`Bearer realm=r, Basic realm=s`, "Bearer realm=\"\n\"", "Bearer realm=\"é\"", "Bearer max_age=-1", "Bearer max_age=1.5", "Bearer max_age=99999999999",
		"Bearer realm=" + strings.Repeat("r", 8<<10),
	} {
		if got, err := interceptor.ParseChallenge(value); err == nil {
			t.Errorf("ParseChallenge(%q) = %+v, want an error", value, got)
		}
	}
}

// FuzzChallenge shows that what is read can be written back, that it reads the
// same again, and that what is written fits gRPC's metadata.
func FuzzChallenge(f *testing.F) {
	for _, seed := range []string{
		`Bearer realm="grpcaud", error="invalid_token", error_description="token expired"`, `bearer a="\"", scope=" a b"`,
		`Bearer acr_values="x y", max_age="1", max_age="2"`, `Bearer realm="\`, `Basic realm="x"`, "Bearer \x00", `Bearer scope=","`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		same(t, interceptor.BearerChallenge{Realm: printable(value), Description: printable(value)})
		written := interceptor.BearerChallenge{Realm: value, Error: value, Wanted: audience.Challenge{Scopes: []string{value}}}.String()
		if printable(written) != written {
			t.Errorf("challenge = %q, want printable ASCII", written)
		}
		if read, err := interceptor.ParseChallenge(value); err == nil {
			same(t, read)
		}
	})
}

// same fails the test unless c reads the same after it was written.
func same(t *testing.T, c interceptor.BearerChallenge) {
	t.Helper()
	if len(c.String()) > 8<<10 {
		return
	}
	got, err := interceptor.ParseChallenge(c.String())
	if diff := cmp.Diff(c, got); err != nil || diff != "" {
		t.Errorf("%s: %v (-want +got):\n%s", c, err, diff)
	}
}

func printable(text string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return -1
		}
		return c
	}, text)
}

// TestRefusedCallGetsItsChallenge shows which challenge a refused call is answered with, in
// both shapes: the peer learns what it may ask its issuer for, and no more.
func TestRefusedCallGetsItsChallenge(t *testing.T) {
	issuer := newIssuer()
	conn := serveOrders(t, guarded(t, issuer, access.Enforce))
	for name, row := range map[string]struct {
		claims testutil.Claims
		want   interceptor.BearerChallenge
	}{
		"wrong audience": {testutil.Claims{"aud": "x"}, interceptor.BearerChallenge{Error: "invalid_token", Description: audience.ReasonAudienceMismatch.Phrase()}},
		"wrong client":   {testutil.Claims{"client_id": "x"}, interceptor.BearerChallenge{}},
		"missing scope": {testutil.Claims{"scope": "x"}, interceptor.BearerChallenge{
			Error: "insufficient_scope", Description: audience.ReasonScopeInsufficient.Phrase(), Wanted: audience.Challenge{Scopes: []string{"orders.read"}},
		}},
	} {
		row.want.Realm = interceptor.Domain
		for shape, do := range shapes {
			var trailer metadata.MD
			_ = do(bearing(t.Context(), "Bearer "+issuer.Mint(good(row.claims))), conn, grpc.Trailer(&trailer))
			challenges := trailer.Get("www-authenticate")
			if len(challenges) != 1 {
				t.Fatalf("%s, %s: challenges %q, want one", name, shape, challenges)
			}
			got, err := interceptor.ParseChallenge(challenges[0])
			if diff := cmp.Diff(row.want, got); err != nil || diff != "" {
				t.Errorf("%s, %s: %v (-want +got):\n%s", name, shape, err, diff)
			}
		}
	}
}

// TestChallengeOfEachRefusal shows what is made of the data on a refusal.
func TestChallengeOfEachRefusal(t *testing.T) {
	wanted := audience.Challenge{ACR: []string{"urn:mfa"}, MaxAge: 5 * time.Minute}
	for name, row := range map[string]struct {
		cause audience.Cause
		want  []string
	}{
		"step-up":    {audience.CauseStepUp, []string{`Bearer realm="grpcaud", error="insufficient_user_authentication", error_description="` + audience.ReasonStepUpRequired.Phrase() + `", acr_values="urn:mfa", max_age="300"`}},
		"no token":   {audience.CauseCredentialsMissing, []string{`Bearer realm="grpcaud"`}},
		"malformed":  {audience.CauseCredentialsRepeated, []string{`Bearer realm="grpcaud", error="invalid_request", error_description="` + audience.ReasonCredentialsMalformed.Phrase() + `", acr_values="urn:mfa", max_age="300"`}},
		"not mended": {audience.CauseClientNotAllowed, []string{`Bearer realm="grpcaud"`}},
		"outage":     {audience.CauseKeysUnavailable, nil},
	} {
		got := interceptor.ChallengeOf(&audience.Refusal{Cause: row.cause, Challenge: wanted}).Get("www-authenticate")
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
