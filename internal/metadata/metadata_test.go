package metadata_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/internal/metadata"
	"github.com/grpcaud/grpcaud/internal/webclient"
)

const corp = "https://idp.example.com/realms/corp"

func TestLocations(t *testing.T) {
	const openid, oauth = "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"
	for issuer, want := range map[string][]string{
		"https://i.example":      {"https://i.example" + openid, "https://i.example" + oauth},
		"https://i.example/":     {"https://i.example" + openid, "https://i.example" + oauth},
		"https://i.example//":    {"https://i.example" + openid, "https://i.example" + oauth},
		"https://i.example/a/b":  {"https://i.example/a/b" + openid, "https://i.example" + oauth + "/a/b"},
		"https://i.example/a/":   {"https://i.example/a" + openid, "https://i.example" + oauth + "/a"},
		"http://127.0.0.1:8080":  {"http://127.0.0.1:8080" + openid, "http://127.0.0.1:8080" + oauth},
		"http://[::1]:8080/corp": {"http://[::1]:8080/corp" + openid, "http://[::1]:8080" + oauth + "/corp"},
	} {
		if got := (metadata.Issuer{URL: issuer}).Locations(); !slices.Equal(got, want) {
			t.Errorf("Locations(%q) = %q, want %q", issuer, got, want)
		}
		if got := (metadata.Issuer{URL: issuer, Discovery: "https://inside.example/meta"}).Locations(); !slices.Equal(got, []string{"https://inside.example/meta"}) {
			t.Errorf("Locations(%q) with a discovery address = %q, want it alone", issuer, got)
		}
	}
}

// answers returns a client that is answered by f, and the addresses that it asked.
func answers(f func(r *http.Request) (int, io.Reader)) (*http.Client, *[]string) {
	asked := &[]string{}
	return webclient.New(roundTripper(func(r *http.Request) (*http.Response, error) {
		*asked = append(*asked, r.URL.String())
		status, body := f(r)
		header := http.Header{"Retry-After": {"7"}, "Location": {"https://evil.example/"}}
		return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(body), Request: r}, nil
	}), time.Minute), asked
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestReadFallsBackToRFC8414(t *testing.T) {
	client, asked := answers(func(r *http.Request) (int, io.Reader) {
		if strings.HasSuffix(r.URL.Path, "/openid-configuration") {
			return 404, strings.NewReader("")
		}
		return 200, strings.NewReader(`{"issuer":"` + corp + `","token_endpoint":"` + corp + `/token"}`)
	})
	d, err := metadata.Read(t.Context(), client, metadata.Issuer{URL: corp})
	if err != nil {
		t.Fatal(err)
	}
	if at, err := d.Endpoint("token_endpoint"); err != nil || at != corp+"/token" {
		t.Errorf("token_endpoint: got %q, %v", at, err)
	}
	if !slices.Equal(*asked, (metadata.Issuer{URL: corp}).Locations()) {
		t.Errorf("asked %q, want %q", *asked, metadata.Issuer{URL: corp}.Locations())
	}
}

func TestReadRefusals(t *testing.T) {
	good := `{"issuer":"` + corp + `"}`
	for name, row := range map[string]struct {
		status   int
		body     string
		requests int
		want     string
	}{
		"no document anywhere": {404, "", 2, "answered 404"},
		"an outage":            {503, "", 1, "answered 503"},
		"a redirect":           {302, good, 1, "answered 302"},
		"more than 1 MiB":      {200, good + strings.Repeat(" ", 1<<20), 1, "more than 1048576 bytes"},
		"HTML":                 {200, "<html>", 1, "JSON"},
		"another issuer":       {200, `{"issuer":"https://evil.example"}`, 1, "issuer is"},
		"a slash more":         {200, `{"issuer":"` + corp + `/"}`, 1, "issuer is"},
		"two issuers":          {200, `{"issuer":"` + corp + `","issuer":"x"}`, 1, "issuer"},
		"no issuer":            {200, `{}`, 1, "issuer is"},
	} {
		client, asked := answers(func(*http.Request) (int, io.Reader) { return row.status, strings.NewReader(row.body) })
		_, err := metadata.Read(t.Context(), client, metadata.Issuer{URL: corp})
		if err == nil || !strings.Contains(err.Error(), row.want) || len(*asked) != row.requests {
			t.Errorf("%s: got %v after %d requests, want %q after %d", name, err, len(*asked), row.want, row.requests)
		}
		if answer, ok := errors.AsType[*metadata.StatusError](err); ok != (row.status != 200) || ok && (answer.Code != row.status || answer.Header.Get("Retry-After") != "7") {
			t.Errorf("%s: got %#v, want the status and its header", name, err)
		}
	}
}

// silentBody sends nothing until its request ends.
type silentBody struct{ r *http.Request }

func (b silentBody) Read([]byte) (int, error) {
	<-b.r.Context().Done()
	return 0, b.r.Context().Err()
}

func TestReadHasATimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, _ := answers(func(r *http.Request) (int, io.Reader) { return 200, silentBody{r} })
		began := time.Now()
		_, err := metadata.Read(t.Context(), client, metadata.Issuer{URL: corp})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 5*time.Second {
			t.Errorf("got %v after %v, want a timeout after 5s", err, time.Since(began))
		}
	})
}

func TestEndpointIsOnTheHostOfTheDocument(t *testing.T) {
	for address, good := range map[string]bool{
		corp + "/token":                              true,
		corp + "/token?v=1":                          true,
		"https://idp.example.com/elsewhere":          true,
		"http://idp.example.com/realms/corp/token":   false,
		"https://idp.example.com:8443/token":         false,
		"https://login.example.com/token":            false,
		"https://idp.example.com.evil.example/token": false,
		"https://idp.example.com@evil.example/token": false,
		"https://user@idp.example.com/token":         false,
		"https://127.0.0.1/token":                    false,
		"file:///etc/passwd":                         false,
		"/token":                                     false,
		"":                                           false,
		"https://idp.example.com\\\\@evil.example/t": false,
	} {
		body := `{"issuer":"` + corp + `","token_endpoint":"` + address + `"}`
		d, err := metadata.Parse([]byte(body), metadata.Issuer{URL: corp}, corp+"/.well-known/openid-configuration")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := d.Endpoint("token_endpoint"); (err == nil) != good || good && got != address {
			t.Errorf("%q: got %q, %v, want good = %v", address, got, err, good)
		}
	}
}

// TestEndpointFollowsDiscovery shows that the host which counts is that of the
// document, where discovery names another than the issuer's.
func TestEndpointFollowsDiscovery(t *testing.T) {
	const inside = "https://inside.example:8443"
	for address, good := range map[string]bool{inside + "/token": true, corp + "/token": false} {
		d, err := metadata.Parse([]byte(`{"issuer":"`+corp+`","token_endpoint":"`+address+`"}`), metadata.Issuer{URL: corp}, inside+"/meta")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Endpoint("token_endpoint"); (err == nil) != good {
			t.Errorf("%q: got %v, want good = %v", address, err, good)
		}
	}
}

func TestMutualTLSEndpoint(t *testing.T) {
	plain := corp + "/token"
	for aliases, want := range map[string]string{ // empty: refused
		`{}`:        plain,
		`null`:      plain,
		`"nothing"`: plain,
		`{"token_endpoint":"https://mtls.idp.example.com/token"}`: "https://mtls.idp.example.com/token",
		`{"token_endpoint":"https://idp.example.com:8443/token"}`: "https://idp.example.com:8443/token",
		`{"token_endpoint":"https://mtls.example.com/token"}`:     "",
		`{"token_endpoint":"https://evilidp.example.com/token"}`:  "",
		`{"token_endpoint":"http://mtls.idp.example.com/token"}`:  "",
		`{"token_endpoint":"https://u@idp.example.com/token"}`:    "",
		`{"token_endpoint":7}`: "",
	} {
		body := `{"issuer":"` + corp + `","token_endpoint":"` + plain + `","mtls_endpoint_aliases":` + aliases + `}`
		d, err := metadata.Parse([]byte(body), metadata.Issuer{URL: corp}, corp+"/.well-known/openid-configuration")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := d.MutualTLSEndpoint("token_endpoint"); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: got %q, %v, want %q", aliases, got, err, want)
		}
	}
}

func TestStrings(t *testing.T) {
	for value, want := range map[string][]string{
		`["a","b"]`: {"a", "b"}, `["a",1]`: {"a"}, `[]`: nil, `"a"`: nil, `null`: nil,
	} {
		d, err := metadata.Parse([]byte(`{"issuer":"`+corp+`","methods":`+value+`}`), metadata.Issuer{URL: corp}, corp)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Strings("methods"); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", value, got, want)
		}
	}
}
