package docs_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/grpcaud/grpcaud/testutil"
)

// published is what a provider answers at its addresses: the metadata that it
// publishes, with the names of its page, the keys of a test, and tokens.
type published struct {
	Documents map[string]json.RawMessage // by address
	Keys      []string                   // the addresses of keys
	Tokens    []string                   // the token endpoints

	signer *testutil.Issuer
	token  string // the answer of the token endpoint

	mu    sync.Mutex // guards the fields below
	asked []string   // addresses
	forms []url.Values
}

// publishedBy returns what the provider of a page publishes.
func publishedBy(t *testing.T, page string) *published {
	t.Helper()
	data, err := os.ReadFile("testdata/published/" + strings.TrimSuffix(page, ".md") + ".json")
	if err != nil {
		t.Fatal(err)
	}
	p := &published{signer: testutil.NewIssuer("https://signer.example")}
	if err := json.Unmarshal(data, p); err != nil {
		t.Fatalf("%s: %v", page, err)
	}
	return p
}

// metadataServer is where machines of Google's ask for tokens.
const metadataServer = "http://metadata.google.internal/"

// RoundTrip answers for the hosts of the provider, and no others.
func (p *published) RoundTrip(r *http.Request) (*http.Response, error) {
	at := r.URL.String()
	if err := p.note(r, at); err != nil {
		return nil, err
	}
	document, known := p.Documents[at]
	switch {
	case known && r.Method == http.MethodGet:
		return answer(r, "application/json", string(document)), nil
	case slices.Contains(p.Keys, at) && r.Method == http.MethodGet:
		return answer(r, "application/json", string(p.keys())), nil
	case slices.Contains(p.Tokens, at) && r.Method == http.MethodPost:
		return answer(r, "application/json", fmt.Sprintf(`{"access_token":%q,"token_type":"Bearer","expires_in":300}`, p.token)), nil
	case strings.HasPrefix(at, metadataServer):
		return answer(r, "text/html", p.token), nil
	}
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: at, IsNotFound: true}}
}

// note remembers a request.
func (p *published) note(r *http.Request, at string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, at)
	if r.Method != http.MethodPost {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	form, err := url.ParseQuery(string(body))
	p.forms = append(p.forms, form)
	return err
}

// keys returns the key set of the test.
func (p *published) keys() []byte {
	response, err := (&http.Client{Transport: p.signer.Transport()}).Get(p.signer.URL() + string(testutil.JWKS))
	if err != nil {
		panic(err)
	}
	defer response.Body.Close()
	keys, err := io.ReadAll(response.Body)
	if err != nil {
		panic(err)
	}
	return keys
}

func answer(r *http.Request, contentType, body string) *http.Response {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}
}

// addresses returns the addresses that were asked so far, each once, and forgets them.
func (p *published) addresses() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	slices.Sort(p.asked)
	asked := slices.Compact(p.asked)
	p.asked = nil
	return asked
}
