package signals_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/audience/signals"
	"github.com/grpcaud/grpcaud/testutil"
)

const (
	corp   = "https://idp.example.com/realms/corp"
	aud    = "https://orders.example.com/signals"
	secret = "Bearer 0123456789abcdef"
	caep   = "https://schemas.openid.net/secevent/caep/event-type/"
	risc   = "https://schemas.openid.net/secevent/risc/event-type/"
	ssf    = "https://schemas.openid.net/secevent/ssf/event-type/"
)

// company is a matrix with one portal and one service.
func company(t testing.TB, changes ...func(*access.Issuer)) *access.Policy {
	t.Helper()
	issuer := access.Issuer{URL: corp}
	for _, change := range changes {
		change(&issuer)
	}
	policy, err := access.New(access.Matrix{
		Issuers: map[string]access.Issuer{"corp": issuer},
		Services: map[string]access.Service{"order-status": {
			GRPC:  []string{"acme.orders.v1.OrderStatus"},
			Allow: []access.Allow{{Clients: []string{"customer-portal"}, Methods: []string{"*"}, NoScopes: true}},
		}},
		Clients: map[string]access.Client{"customer-portal": {ID: "6f1c"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

// store keeps revocations, and can be away.
type store struct {
	mu   sync.Mutex // guards what follows
	all  []revocation.Entry
	list *revocation.List
	err  error
}

func (s *store) revoke(_ context.Context, e revocation.Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	s.all = append(s.all, e)
	return s.list.Revoke(e)
}

func (s *store) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// entries returns what was revoked.
func (s *store) entries() []revocation.Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all
}

// office is a receiver, with its issuer, what it revokes and what it logs.
type office struct {
	issuer   *testutil.Issuer
	receiver *signals.Receiver
	push     http.Handler
	store    store
	log      lines
}

func newOffice(t testing.TB, policy *access.Policy, opts ...signals.Option) *office {
	t.Helper()
	o := &office{issuer: testutil.NewIssuer(corp), store: store{list: revocation.NewList(1000)}}
	var err error
	o.receiver, err = signals.NewReceiver(policy, "corp", aud, append([]signals.Option{
		signals.RevokeWith(o.store.revoke), signals.Transport(o.issuer.Transport()), signals.Logger(slog.New(slog.NewTextHandler(&o.log, nil))),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.receiver.Close(); err != nil {
			t.Error(err)
		}
	})
	if o.push, err = o.receiver.Push(secret); err != nil {
		t.Fatal(err)
	}
	return o
}

// lines is a buffer for log lines.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *lines) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Reset()
}

// alice is a subject, as sub_id has it.
func alice() map[string]any { return map[string]any{"format": "iss_sub", "iss": corp, "sub": "alice"} }

// session is a session of alice, as sub_id has it.
func session(id any) map[string]any {
	return map[string]any{"format": "complex", "user": alice(), "session": map[string]any{"format": "opaque", "id": id}}
}

// happened is the claim events with one event.
func happened(uri string) map[string]any {
	return map[string]any{uri: map[string]any{"event_timestamp": time.Now().Unix()}}
}

// statement returns the claims of a good event, with changes; nil leaves one out.
func statement(changes map[string]any) testutil.Claims {
	c := testutil.Claims{"aud": aud, "exp": nil, "sub_id": alice(), "events": happened(caep + "session-revoked")}
	for name, value := range changes {
		c[name] = value
	}
	return c
}

// changed returns the claims of a good event, of which one is another.
func changed(name string, value any) testutil.Claims {
	return statement(map[string]any{name: value})
}

// event returns a security event token with these claims.
func (o *office) event(c testutil.Claims, opts ...testutil.MintOption) string {
	return o.issuer.Mint(c, append([]testutil.MintOption{testutil.Header("typ", "secevent+jwt")}, opts...)...)
}

// answer is what a receiver answered to a push.
type answer struct {
	status int
	header http.Header
	err    string
}

// send pushes an event.
func (o *office) send(t testing.TB, token string) answer {
	t.Helper()
	return o.post(t, token, http.Header{"Authorization": {secret}, "Content-Type": {"application/secevent+jwt"}})
}

// post sends a body to the address for events. The answer must be whole: not to be stored,
// and a refusal in JSON.
func (o *office) post(t testing.TB, body string, header http.Header) answer {
	t.Helper()
	q := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/signals", strings.NewReader(body))
	q.Header = header
	return serve(t, o.push, q)
}

func serve(t testing.TB, h http.Handler, q *http.Request) answer {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, q)
	got := answer{status: w.Code, header: w.Header()}
	if w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("Cache-Control = %q, want no-store", w.Header().Get("Cache-Control"))
	}
	if w.Code == http.StatusAccepted {
		if w.Body.Len() > 0 {
			t.Errorf("202 with body %q", w.Body)
		}
		return got
	}
	var refusal map[string]string
	if err := json.Unmarshal(w.Body.Bytes(), &refusal); err != nil || len(refusal) != 2 || refusal["err"] == "" || refusal["description"] == "" || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("refusal = %q (%v)", w.Body, err)
	}
	got.err = refusal["err"]
	return got
}

// in returns the time in d as the claims of tokens have it.
func in(d time.Duration) int64 { return time.Now().Add(d).Unix() }

// issued returns the claims of an access token that is issued now, with changes.
func issued(t testing.TB, changes testutil.Claims) *claims.Claims {
	t.Helper()
	members := testutil.Claims{
		"iss": corp, "sub": "alice", "sid": "s-1", "aud": "order-status", "client_id": "6f1c", "jti": "1",
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
	}
	for name, value := range changes {
		if members[name] = value; value == nil {
			delete(members, name)
		}
	}
	payload, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	preset, _ := claims.LookupPreset(claims.DefaultPreset)
	c, err := preset.Claims(payload)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
