package testutil_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/testutil"
)

func TestMintFillsInClaims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := float64(time.Now().Unix())
		got := part(t, corp().Mint(testutil.Claims{"aud": []string{"a", "b"}, "jti": "1"}), 1)
		want := map[string]any{
			"iss": issuerURL, "aud": []any{"a", "b"}, "jti": "1", "iat": now, "exp": now + 300,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("claims (-want +got):\n%s", diff)
		}
	})
}

func TestMintLeavesNilClaimsOut(t *testing.T) {
	claims := testutil.Claims{"iss": nil, "iat": nil, "exp": nil, "jti": nil, "aud": json.RawMessage("null")}
	if diff := cmp.Diff(map[string]any{"aud": nil}, part(t, corp().Mint(claims), 1)); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	if len(claims) != 5 {
		t.Errorf("Mint changed its argument: %v", claims)
	}
}

func TestMintLifetime(t *testing.T) {
	got := part(t, corp(testutil.Lifetime(time.Hour)).Mint(nil), 1)
	if life := got["exp"].(float64) - got["iat"].(float64); life != 3600 {
		t.Errorf("life = %v s, want 3600 s", life)
	}
}

func TestMintHeader(t *testing.T) {
	key := testutil.NewKey("ES384").As("k", "ES384")
	stranger := testutil.SignedBy(key)
	tests := []struct {
		name   string
		typ    []testutil.Option
		mint   []testutil.MintOption
		header string
	}{
		{"default", nil, nil, `{"alg":"ES384","kid":"k","typ":"at+jwt"}`},
		{"typ of the issuer", []testutil.Option{testutil.Typ("JWT")}, nil, `{"alg":"ES384","kid":"k","typ":"JWT"}`},
		{"no typ", []testutil.Option{testutil.Typ("")}, nil, `{"alg":"ES384","kid":"k"}`},
		{"typ of the token", nil, []testutil.MintOption{testutil.Header("typ", "dpop+jwt")}, `{"alg":"ES384","kid":"k","typ":"dpop+jwt"}`},
		{"no kid", nil, []testutil.MintOption{testutil.Header("kid", nil)}, `{"alg":"ES384","typ":"at+jwt"}`},
		{"other alg", nil, []testutil.MintOption{testutil.Header("alg", "none")}, `{"alg":"none","kid":"k","typ":"at+jwt"}`},
		{"numeric kid", nil, []testutil.MintOption{testutil.Header("kid", 1)}, `{"alg":"ES384","kid":1,"typ":"at+jwt"}`},
		{"raw", nil, []testutil.MintOption{testutil.RawHeader([]byte(`{"alg":"none","alg":"ES384"}`))}, `{"alg":"none","alg":"ES384"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			token := corp(tt.typ...).Mint(nil, append(tt.mint, stranger)...)
			got, _, _ := strings.Cut(token, ".")
			if want := base64url(tt.header); got != want {
				t.Errorf("header = %s, want %s", got, want)
			}
		})
	}
}

func TestMintRawPayload(t *testing.T) {
	for _, payload := range []string{"", "null", "\xef\xbb\xbf{}", `{"aud":"a","aud":"b"}`} {
		token := corp().Mint(testutil.Claims{"aud": "ignored"}, testutil.RawPayload([]byte(payload)))
		if got, want := strings.Split(token, ".")[1], base64url(payload); got != want {
			t.Errorf("payload = %q, want %q", got, want)
		}
	}
}

func TestMintPanicsOnBadJSON(t *testing.T) {
	mustPanic(t, func() { corp().Mint(testutil.Claims{"f": func() {}}) })
}
