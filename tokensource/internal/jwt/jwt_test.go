package jwt_test

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/tokensource/internal/jwt"
)

func TestRead(t *testing.T) {
	at := time.Unix(1_700_000_000, 0)
	for payload, want := range map[string]jwt.Claims{
		`{"aud":"a","iat":1700000000,"exp":1700000000}`: {Audience: []string{"a"}, IssuedAt: at, Expiry: at},
		`{"aud":["a","b"]}`:                             {Audience: []string{"a", "b"}},
		`{"aud":[]}`:                                    {Audience: []string{}},
		`{"aud":["a",1]}`:                               {},
		`{"aud":""}`:                                    {},
		`{"aud":null}`:                                  {},
		`{"Aud":"a"}`:                                   {},
		`{"exp":1.7e9}`:                                 {Expiry: at},
		`{"Exp":1}`:                                     {},
		`{"exp":0}`:                                     {InvalidExpiry: true},
		`{"exp":-1e300}`:                                {InvalidExpiry: true},
		`{"exp":1e300}`:                                 {InvalidExpiry: true},
		`{"exp":"soon"}`:                                {InvalidExpiry: true},
		`{"exp":null}`:                                  {InvalidExpiry: true},
		`{"iat":1e300}`:                                 {},
		`{"iat":"x"}`:                                   {},
	} {
		got, isJWT := jwt.Read("e30." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".c2ln")
		if diff := cmp.Diff(want, got); diff != "" || !isJWT {
			t.Errorf("%s: JWT %v, claims (-want +got):\n%s", payload, isJWT, diff)
		}
	}
}

func TestReadOfOtherTokens(t *testing.T) {
	encode := base64.RawURLEncoding.EncodeToString
	for _, token := range []string{
		"", "opaque", "a.b", "a.b.c", "a.b.c.d", "e30.!.x",
		"e30." + encode([]byte("null")) + ".x", "e30." + encode([]byte(`["a"]`)) + ".x", "e30." + encode([]byte(`{} {}`)) + ".x",
	} {
		if claims, isJWT := jwt.Read(token); isJWT {
			t.Errorf("Read(%q) = %+v, want no JWT", token, claims)
		}
	}
}
