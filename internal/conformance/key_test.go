package conformance_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"testing"

	"github.com/grpcaud/grpcaud/testutil"
)

// publish publishes the key, a second good key, so that a token must name its key, and
// some keys that must not verify any token.
func (f *fence) publish(t *testing.T) {
	t.Helper()
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	f.others = map[string]*testutil.Key{
		"a key for encryption": testutil.NewKey("ES256"), "a key to sign with": testutil.NewKey("ES256"), "a key of 1024 bits": testutil.KeyOf("RS256", short),
		"a published secret": testutil.KeyOf("HS256", []byte("a secret of thirty-two bytes, all")), "a key without kid": testutil.NewKey("ES256"),
	}
	change := map[string]map[string]any{
		"a key for encryption": {"use": "enc"}, "a key to sign with": {"key_ops": []string{"sign"}}, "a key without kid": {"kid": nil},
	}
	keys := []any{f.key.JWK(), testutil.NewKey("ES256").JWK()}
	for name, key := range f.others {
		jwk := key.JWK()
		for member, value := range change[name] {
			if jwk[member] = value; value == nil {
				delete(jwk, member)
			}
		}
		keys = append(keys, jwk)
	}
	set, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		t.Fatal(err)
	}
	f.issuer.SetJWKS(set)
}

// misnamed returns tokens that are good except for the key that signed them, or for its
// name.
func (f *fence) misnamed() []presented {
	all := []presented{{"no kid, of several keys", []string{"Bearer " + f.token(nil, testutil.Header("kid", nil))}, false}}
	for name, key := range f.others {
		all = append(all, presented{name, []string{"Bearer " + f.token(nil, testutil.SignedBy(key))}, false})
	}
	return all
}
