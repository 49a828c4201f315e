package explain

import (
	"errors"
	"net/http"
)

// OfflineTransport is the wire of who asks nobody.
type OfflineTransport struct{}

// RoundTrip implements [http.RoundTripper].
func (OfflineTransport) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errOffline
}

var errOffline = errors.New("no keys: nobody was asked (--offline)")
