package clientauth_test

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"testing"

	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
	"github.com/grpcaud/grpcaud/tokensource/clientauth"
)

// TestCertificateOfTheKeyIsNamed shows that the header has the thumbprint of the
// certificate beside the key, in any order, and of no other certificate.
func TestCertificateOfTheKeyIsNamed(t *testing.T) {
	ca := testutil.NewCA()
	own, other := ca.Certificate("portal"), ca.Certificate("other")
	der, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	key := encoded(t, "PRIVATE KEY", der, err)
	ofKey := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.Certificate[0]}))
	ofOther := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: other.Certificate[0]}))
	sum := sha256.Sum256(own.Certificate[0])
	thumbprint := base64.RawURLEncoding.EncodeToString(sum[:])
	for name, row := range map[string]struct {
		text string
		want any
	}{
		"key alone":                 {key, nil},
		"key, certificate":          {key + ofKey, thumbprint},
		"certificate, key":          {ofKey + key, thumbprint},
		"key, other, its own":       {key + ofOther + ofKey, thumbprint},
		"key, certificate of other": {key + ofOther, nil},
	} {
		w := &wire{}
		for _, auth := range []tokensource.ClientAuth{clientauth.PrivateKeyText(client, row.text), clientauth.PrivateKeyFile(client, file(t, row.text))} {
			if _, err := open(t, auth, w).Token(t.Context(), orders); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			_, form := w.last()
			if got := part(t, form.Get("client_assertion"), 0)["x5t#S256"]; got != row.want {
				t.Errorf("%s: x5t#S256 is %v, want %v", name, got, row.want)
			}
		}
	}
}

// FuzzPrivateKeyText shows that whatever text is taken for a key signs an assertion
// or is refused when the cache is made.
func FuzzPrivateKeyText(f *testing.F) {
	f.Add(private(testutil.NewKey("ES256"), nil))
	f.Add(private(testutil.NewKey("EdDSA"), map[string]any{"x5c": []string{"AAAA"}}))
	f.Add("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
	f.Fuzz(func(t *testing.T, text string) {
		w := &wire{}
		s, err := tokensource.New(issuer, clientauth.PrivateKeyText(client, text), tokensource.Transport(w), silent)
		if err != nil {
			return
		}
		defer s.Close()
		if _, err := s.Token(t.Context(), orders); err != nil {
			t.Errorf("a key that was accepted signs nothing: %v", err)
		}
	})
}
