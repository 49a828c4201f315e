package testutil

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Issuer is an authorization server for tests: an [http.Handler] that serves
// its endpoints below the path of its URL, whatever the host asked for. Make
// it with [NewIssuer]. It is safe for concurrent use and owns no goroutine.
type Issuer struct {
	url, origin, path string
	options           options

	mu       sync.Mutex // guards everything below
	keys     []*Key     // the signing key first
	jwks     []byte     // published instead of keys, unless nil
	down     bool
	clients  map[string]Client
	opaque   map[string]Claims // by token
	revoked  map[string]bool   // by token
	seen     map[string]bool   // ids of assertions
	trusted  []*Issuer         // whose tokens are assertions here
	faults   map[Endpoint]http.Handler
	requests map[Endpoint]int
}

// NewIssuer returns an issuer whose tokens carry issuer, to the byte, as iss.
// It may have a path, such as "https://idp.example.com/realms/corp". Its first
// key is an ES256 key; [Issuer.Rotate] brings others. NewIssuer panics if the
// URL is not http or https with a host, or has a query, a fragment or a user
// (RFC 8414, section 2).
func NewIssuer(issuer string, opts ...Option) *Issuer {
	u, err := url.Parse(issuer)
	if err != nil {
		panic(fmt.Sprintf("testutil: issuer: %v", err))
	}
	if (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || strings.ContainsAny(issuer, "?#") {
		panic(fmt.Sprintf("testutil: issuer: got %q, want scheme://host/path", issuer))
	}
	i := &Issuer{
		url:      issuer,
		origin:   u.Scheme + "://" + u.Host,
		path:     strings.TrimSuffix(u.Path, "/"),
		options:  options{typ: "at+jwt", lifetime: 5 * time.Minute, maxAge: 5 * time.Minute},
		keys:     []*Key{NewKey("ES256")},
		clients:  map[string]Client{},
		opaque:   map[string]Claims{},
		revoked:  map[string]bool{},
		seen:     map[string]bool{},
		faults:   map[Endpoint]http.Handler{},
		requests: map[Endpoint]int{},
	}
	for _, o := range opts {
		o.apply(&i.options)
	}
	return i
}

// URL returns the iss of the issuer's tokens.
func (i *Issuer) URL() string { return i.url }

// ServeHTTP answers a request for any endpoint. While the issuer is down it
// aborts the request, which closes the connection it came on.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := i.arrive(r.URL.Path)
	if h == nil {
		panic(http.ErrAbortHandler)
	}
	h.ServeHTTP(w, r)
}

// arrive counts a request for path and returns who answers it: nobody, nil,
// while the issuer is down.
func (i *Issuer) arrive(path string) http.Handler {
	endpoint, known := i.endpoint(path)
	i.mu.Lock()
	defer i.mu.Unlock()
	if known {
		i.requests[endpoint]++
	}
	switch fault := i.faults[endpoint]; {
	case i.down:
		return nil
	case fault != nil:
		return fault
	}
	return i.own(endpoint)
}

// own returns what serves endpoint where there is no fault.
func (i *Issuer) own(endpoint Endpoint) http.Handler {
	switch endpoint {
	case Discovery:
		return http.HandlerFunc(i.serveDiscovery)
	case JWKS:
		return http.HandlerFunc(i.serveJWKS)
	case Token:
		return i.form(i.grant)
	case Introspection:
		return i.form(i.introspect)
	}
	return http.NotFoundHandler()
}

// Requests returns how many requests have arrived at endpoint so far: those
// that a fault answered and those refused while the issuer was down count too.
func (i *Issuer) Requests(endpoint Endpoint) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.requests[endpoint]
}

// Down makes the issuer unreachable until [Issuer.Up]: [Issuer.Transport]
// refuses to connect, and connections to a listener are closed unanswered.
func (i *Issuer) Down() { i.setDown(true) }

// Up ends what [Issuer.Down] began. An issuer is up from the start.
func (i *Issuer) Up() { i.setDown(false) }

func (i *Issuer) setDown(down bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.down = down
}

// Fault makes h answer for endpoint in the issuer's place; nil ends it.
// [Status], [Body], [Hang], [Drip] and [Redirect] are the usual ones, and
// [Issuer.Alter] makes others.
func (i *Issuer) Fault(endpoint Endpoint, h http.Handler) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.faults[endpoint] = h
}

// Rotate makes a new key for alg (see [NewKey]) the signing key, as
// [Issuer.Use] does, and returns it.
func (i *Issuer) Rotate(alg string) *Key {
	k := NewKey(alg)
	i.Use(k)
	return k
}

// Use makes k the signing key and publishes it first. The keys before it stay
// published until [Issuer.Retire].
func (i *Issuer) Use(k *Key) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = slices.Insert(i.keys, 0, k)
}

// Retire publishes the signing key only; tokens by the others are no longer
// the issuer's.
func (i *Issuer) Retire() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = i.keys[:1:1]
}

// published returns the keys in their order, the signing key first.
func (i *Issuer) published() []*Key {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.keys)
}
