package tokensource

import (
	"fmt"
	"mime"
	"net/http"
)

const maxBody = 1<<20 - 1 // one less than where x/oauth2 stops without a word

// strict is a transport that ends in an error where the answer is longer than
// 1 MiB, and where the token endpoint gives a token in anything but JSON (RFC
// 6749, section 5.1): x/oauth2 would read a form, or plain text.
type strict struct{ http.RoundTripper }

func (t strict) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if r.Method == http.MethodPost && resp.StatusCode/100 == 2 && kind != "application/json" {
		resp.Body.Close()
		return nil, fmt.Errorf("content type: got %s, want application/json", quote(kind))
	}
	resp.Body = http.MaxBytesReader(nil, resp.Body, maxBody)
	return resp, nil
}
