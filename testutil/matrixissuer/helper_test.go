package matrixissuer_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/testutil/matrixissuer"
)

// ask sends a form to the issuer corp, as a client, and returns status and body. The form
// introspect is for that endpoint, and grant=exchange for a token exchange.
func ask(ctx context.Context, t *testing.T, issuers *matrixissuer.Issuers, id, secret, form string) string {
	t.Helper()
	values, err := url.ParseQuery(form)
	if err != nil {
		t.Fatal(err)
	}
	values.Set("grant_type", "client_credentials")
	if values.Get("grant") == "exchange" {
		values.Set("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange")
	}
	values.Del("grant")
	at := issuers.Issuer("corp").URL() + "/token"
	if form == "introspect" {
		at = issuers.Issuer("corp").URL() + "/introspect"
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, at, strings.NewReader(values.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
	response, err := issuers.Transport().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.Status + " " + string(body)
}
