package metadata_test

import (
	"net/http"
	"testing"

	"github.com/grpcaud/grpcaud/internal/metadata"
)

func FuzzEndpoint(f *testing.F) {
	f.Add([]byte(`{"issuer":"` + corp + `","jwks_uri":"` + corp + `/jwks"}`))
	f.Add([]byte(`{"issuer":"` + corp + `","jwks_uri":"https://idp.example.com:443/jwks"}`))
	f.Add([]byte(`{"issuer":"` + corp + `","jwks_uri":"https://idp.example.com\\@evil.example/jwks"}`))
	f.Add([]byte(`{"issuer":["` + corp + `"],"Issuer":"` + corp + `","jwks_uri":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		document, err := metadata.Parse(data, metadata.Issuer{URL: corp}, corp+"/.well-known/openid-configuration")
		if err != nil {
			return
		}
		address, err := document.Endpoint("jwks_uri")
		if err != nil {
			return
		}
		request, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil || request.URL.Scheme != "https" || request.URL.Host != "idp.example.com" || request.URL.User != nil {
			t.Errorf("endpoint = %q, want it on the host of the document", address)
		}
	})
}
