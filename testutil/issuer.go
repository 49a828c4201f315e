package testutil

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Issuer is an authorization server for tests: an [http.Handler] that serves its
// endpoints below the path of its URL, for every host of a request. Make it with
// [NewIssuer]. It is safe for concurrent use and owns no goroutine.
type Issuer struct {
	url, origin, path string
	options           options

	mu       sync.Mutex // guards the fields below
	keys     []*Key     // the signing key first
	jwks     []byte     // published instead of keys, unless nil
	down     bool
	clients  map[string]Client
	users    map[string]User     // who can log in, by name
	logins   map[string]login    // by code
	sessions map[string]*session // by the key in the cookie
	ended    map[string]bool     // sessions, by sid
	renewals map[string]*renewal // by refresh token, used ones too
	opaque   map[string]Claims   // by token
	revoked  map[string]bool     // by token
	seen     map[string]bool     // the ids of assertions
	trusted  []*Issuer           // whose tokens this issuer takes as assertions
	faults   map[Endpoint]http.Handler
	requests map[Endpoint]int
}

// NewIssuer returns an issuer whose tokens have issuer, byte for byte, as iss. The URL
// may have a path, such as "https://idp.example.com/realms/corp". The first signing key
// is an ES256 key; see [Issuer.Rotate] for others. NewIssuer panics if the URL is not
// http or https with a host, or has a query, a fragment or a user (RFC 8414, section 2);
// see [At] for issuers whose iss is only a name.
func NewIssuer(issuer string, opts ...Option) *Issuer {
	i := &Issuer{
		url:      issuer,
		options:  options{typ: "at+jwt", lifetime: 5 * time.Minute, maxAge: 5 * time.Minute},
		keys:     []*Key{NewKey("ES256")},
		clients:  map[string]Client{},
		logins:   map[string]login{},
		sessions: map[string]*session{},
		ended:    map[string]bool{},
		renewals: map[string]*renewal{},
		opaque:   map[string]Claims{},
		revoked:  map[string]bool{},
		seen:     map[string]bool{},
		faults:   map[Endpoint]http.Handler{},
		requests: map[Endpoint]int{},
	}
	for _, o := range opts {
		o.apply(&i.options)
	}
	i.origin, i.path = splitBase(cmp.Or(i.options.at, issuer))
	return i
}

// splitBase returns the origin and the path of the URL that endpoints are below.
func splitBase(base string) (origin, path string) {
	u, err := url.Parse(base)
	if err != nil {
		panic(fmt.Sprintf("testutil: issuer: %v", err))
	}
	if (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || strings.ContainsAny(base, "?#") {
		panic(fmt.Sprintf("testutil: issuer: got %q, want scheme://host/path", base))
	}
	return u.Scheme + "://" + u.Host, strings.TrimSuffix(u.Path, "/")
}

// URL returns the iss of the issuer's tokens.
func (i *Issuer) URL() string { return i.url }

// ServeHTTP responds to a request for any endpoint. While the issuer is down, it aborts
// the request, which closes the connection.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := i.arrive(r.URL.Path)
	if h == nil {
		panic(http.ErrAbortHandler)
	}
	h.ServeHTTP(w, r)
}

// arrive counts a request for path and returns its handler; nil while the issuer is
// down.
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

// own returns the handler of endpoint if there is no fault.
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
	case Authorization:
		return http.NewCrossOriginProtection().Handler(i.page(i.serveAuthorization))
	case EndSession:
		return i.page(i.serveEndSession)
	}
	return http.NotFoundHandler()
}

// Requests returns how many requests have arrived at endpoint so far, including those
// that a fault responded to and those that arrived while the issuer was down.
func (i *Issuer) Requests(endpoint Endpoint) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.requests[endpoint]
}

// Down makes the issuer unreachable until [Issuer.Up]: [Issuer.Transport]
// refuses to connect, and connections to a listener are closed without a response.
func (i *Issuer) Down() { i.setDown(true) }

// Up makes the issuer reachable again after [Issuer.Down]. A new issuer is up.
func (i *Issuer) Up() { i.setDown(false) }

func (i *Issuer) setDown(down bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.down = down
}

// Fault makes h respond at endpoint instead of the issuer; nil ends the fault. The usual
// handlers are [RespondStatus], [RespondBody], [RespondNever], [RespondSlowly] and
// [RespondRedirect]; [Issuer.Alter] and [Issuer.Truncate] change the issuer's own
// responses.
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

// Use makes k the signing key and publishes it first. Earlier keys stay published until
// [Issuer.Retire].
func (i *Issuer) Use(k *Key) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = slices.Insert(i.keys, 0, k)
}

// Retire withdraws all keys but the signing key; tokens that earlier keys signed are no
// longer the issuer's.
func (i *Issuer) Retire() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = i.keys[:1:1]
}

// published returns the keys in order, the signing key first.
func (i *Issuer) published() []*Key {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.keys)
}
