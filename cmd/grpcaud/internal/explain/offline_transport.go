package explain

import (
	"errors"
	"net/http"
)

// OfflineTransport fails each request.
type OfflineTransport struct{}

// RoundTrip implements [http.RoundTripper].
func (OfflineTransport) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errOffline
}

var errOffline = errors.New("the issuer was not asked (--offline)")
