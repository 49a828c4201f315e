package presented

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"

	"github.com/grpcaud/grpcaud/testutil"
)

// An Issuer issues good tokens, and publishes keys that must not verify any token besides
// its own.
type Issuer struct {
	*testutil.Issuer
	Key    *testutil.Key
	others map[string]*testutil.Key // published too, by what is odd about them
}

// NewIssuer returns an issuer of this URL whose tokens are like those of Keycloak.
func NewIssuer(url string) *Issuer {
	i := &Issuer{testutil.NewIssuer(url, testutil.Typ("JWT"), testutil.EveryToken(testutil.Claims{"typ": "Bearer"}), testutil.AudienceScope("{audience}")), testutil.NewKey("ES256"), nil}
	i.Use(i.Key)
	i.publish()
	return i
}

// publish publishes the key, a second good key, so that a token must name its key, and
// the others.
func (i *Issuer) publish() {
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		panic(err) // there are random numbers
	}
	i.others = map[string]*testutil.Key{
		"a key for encryption": testutil.NewKey("ES256"), "a key to sign with": testutil.NewKey("ES256"), "a key of 1024 bits": testutil.KeyOf("RS256", short),
		"a published secret": testutil.KeyOf("HS256", []byte("a secret of thirty-two bytes, all")), "a key without kid": testutil.NewKey("ES256"),
	}
	change := map[string]map[string]any{
		"a key for encryption": {"use": "enc"}, "a key to sign with": {"key_ops": []string{"sign"}}, "a key without kid": {"kid": nil},
	}
	keys := []any{i.Key.JWK(), testutil.NewKey("ES256").JWK()}
	for name, key := range i.others {
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
		panic(err) // it is JSON
	}
	i.SetJWKS(set)
}

// misnamed returns tokens that are good except for the key that signed them, or for its
// name.
func (i *Issuer) misnamed() []Row {
	all := []Row{{"no kid, of several keys", []string{"Bearer " + i.Token(nil, testutil.Header("kid", nil))}, false}}
	for name, key := range i.others {
		all = append(all, Row{name, []string{"Bearer " + i.Token(nil, testutil.SignedBy(key))}, false})
	}
	return all
}
