package httpguard_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
)

// endings are the ways in which a running request comes to be refused, and the cause.
var endings = map[string]struct {
	cause  audience.Cause
	reason audience.Reason
	status int
	within time.Duration // of the beginning
	end    func(*testing.T, *world, *revocation.List)
}{
	"its token ends": {audience.CauseExpiredMidstream, audience.ReasonTokenExpired, 401, 62 * time.Second, func(*testing.T, *world, *revocation.List) {}},
	"its token is revoked": {audience.CauseRevoked, audience.ReasonTokenRevoked, 401, 8 * time.Second, func(t *testing.T, _ *world, list *revocation.List) {
		if err := list.Revoke(revocation.Entry{Issuer: corp, ID: "t-1", Expires: time.Now().Add(time.Hour)}); err != nil {
			t.Error(err)
		}
	}},
	"a new policy": {audience.CauseClientNotAllowed, audience.ReasonClientNotAllowed, 403, 7 * time.Second, func(t *testing.T, w *world, _ *revocation.List) {
		next := company(t, inService(func(s *access.Service) { s.Allow[0].Clients = []string{"backoffice-portal"} }))
		if err := w.admit.Swap(next); err != nil {
			t.Error(err)
		}
	}},
}

// TestLongRequestsEndWithTheirTokens shows how a request ends that runs when it would no
// longer be admitted: the handler is told why by its context, what it reads and writes
// fails, and the peer does not take the response for complete; if nothing was written, it
// gets the refusal.
func TestLongRequestsEndWithTheirTokens(t *testing.T) {
	for name, row := range endings {
		for _, protocol := range protocols {
			for handler, wait := range waits {
				synctest.Test(t, func(t *testing.T) {
					list, report := revocation.NewList(8), make(chan error, 4)
					handle := func(w http.ResponseWriter, r *http.Request) {
						wait(w, r)
						_, read := r.Body.Read(make([]byte, 1))
						_, write := w.Write([]byte("more"))
						_, text := io.WriteString(w, "more")
						report <- context.Cause(r.Context())
						report <- read
						report <- write
						report <- text
					}
					w := newWorld(t, setup{handle: handle, server: []interceptor.ServerOption{interceptor.Revocations(list)}})
					ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
					defer cancel()
					body, send := io.Pipe()
					defer send.Close()
					defer context.AfterFunc(ctx, func() { send.CloseWithError(ctx.Err()) })()
					r, err := http.NewRequestWithContext(ctx, "POST", "https://"+host+watching, body)
					if err != nil {
						t.Fatal(err)
					}
					r.Header.Set("Authorization", "Bearer "+w.issuer.Mint(good(testutil.Claims{"jti": "t-1", "exp": time.Now().Add(30 * time.Second).Unix()})))
					go func() {
						time.Sleep(5 * time.Second)
						row.end(t, w, list)
					}()
					began := time.Now()
					got := do(t, w.client(t, protocol), r)
					if took := time.Since(began); took > row.within {
						t.Errorf("%s, %s, %s: took %v", name, protocol, handler, took)
					}
					for _, what := range []string{"cause", "read", "write", "write of a text"} {
						var err error
						select {
						case err = <-report:
						case <-ctx.Done():
						}
						if !errors.Is(err, row.cause) {
							t.Errorf("%s, %s, %s: %s is %v, want %v", name, protocol, handler, what, err, row.cause)
						}
					}
					switch begun := handler != "before it writes"; {
					case begun && (got.status != 200 || !strings.HasPrefix(got.body, "begun") || got.err == nil || strings.Contains(got.body, "more")):
						t.Errorf("%s, %s, %s: %d %q, %v, want the beginning and an error", name, protocol, handler, got.status, got.body, got.err)
					case !begun && (got.status != row.status || got.problem.Reason != row.reason || got.header.Get("X-Kept") != ""):
						t.Errorf("%s, %s, %s: %d %+v, want %d %s", name, protocol, handler, got.status, got.problem, row.status, row.reason)
					}
				})
			}
		}
	}
}

// waits are what handlers do when they are ended.
var waits = map[string]func(http.ResponseWriter, *http.Request){
	"before it writes": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Kept", "1")
		<-r.Context().Done()
	},
	"after it has flushed": func(w http.ResponseWriter, r *http.Request) {
		begin(w)
		<-r.Context().Done()
	},
	"while it reads": func(w http.ResponseWriter, r *http.Request) {
		begin(w)
		if _, err := io.ReadAll(r.Body); context.Cause(r.Context()) != err {
			panic("what a handler waits for ends with another error than its context: " + err.Error())
		}
	},
	"while it writes": func(w http.ResponseWriter, _ *http.Request) {
		begin(w)
		for {
			if _, err := io.WriteString(w, "."); err != nil {
				return
			}
			time.Sleep(time.Second)
		}
	},
	"while it copies": func(w http.ResponseWriter, _ *http.Request) {
		begin(w)
		_, _ = io.Copy(w, &dots{})
	},
	"after it set deadlines of its own": func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		begin(w)
		_ = control.SetWriteDeadline(time.Now().Add(time.Hour))
		_ = control.SetReadDeadline(time.Now().Add(time.Hour))
		<-r.Context().Done()
		if control.SetWriteDeadline(time.Now().Add(time.Hour)) == nil || control.Flush() == nil {
			panic("an ended response can be used")
		}
	},
}

// begin begins a response, without waiting for the rest of the request.
func begin(w http.ResponseWriter) {
	_ = http.NewResponseController(w).EnableFullDuplex()
	_, _ = io.WriteString(w, "begun")
	_ = http.NewResponseController(w).Flush()
}

// dots is an endless text, a byte a second.
type dots struct{}

func (*dots) Read(p []byte) (int, error) {
	time.Sleep(time.Second)
	return copy(p, "."), nil
}

// TestBegunResponseIsCutOff shows that the peer does not take an ended response for
// complete although a handler around the guard hides how to set deadlines.
func TestBegunResponseIsCutOff(t *testing.T) {
	for _, protocol := range protocols {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, setup{
				handle: waits["after it has flushed"],
				around: func(next http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(bare{w, w.(http.Flusher)}, r) })
				},
			})
			token := "Bearer " + w.issuer.Mint(good(testutil.Claims{"exp": time.Now().Add(30 * time.Second).Unix()}))
			if got := ask(t, w.client(t, protocol), "GET", watching, "Authorization", token); got.body != "begun" || got.err == nil {
				t.Errorf("%s: %q, %v, want the beginning and an error", protocol, got.body, got.err)
			}
		})
	}
}

// bare is a writer of a handler that knows nothing of deadlines.
type bare struct {
	http.ResponseWriter
	http.Flusher
}

// TestSwapKeepsRequestsThatBothPoliciesAdmit shows that a change of the policy does not end
// what the new one admits, and counts from the next request on.
func TestSwapKeepsRequestsThatBothPoliciesAdmit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handle := func(w http.ResponseWriter, r *http.Request) {
			begin(w)
			select {
			case <-r.Context().Done():
			case <-time.After(time.Minute):
				_, _ = io.WriteString(w, ", done")
			}
		}
		w := newWorld(t, setup{handle: handle})
		c := w.client(t, "HTTP/2.0")
		token := "Bearer " + w.issuer.Mint(good(testutil.Claims{"exp": time.Now().Add(time.Hour).Unix()}))
		go func() {
			time.Sleep(time.Second)
			moved := company(t, inService(func(s *access.Service) {
				s.HTTP.Operations["WatchOrderStatus"] = []string{"GET /v2/orders/{id}/events"}
			}))
			if err := w.admit.Swap(moved); err != nil {
				t.Error(err)
			}
		}()
		if got := ask(t, c, "GET", watching, "Authorization", token); got.body != "begun, done" || got.err != nil {
			t.Errorf("%q, %v", got.body, got.err)
		}
		for path, want := range map[string]int{watching: 403, "/v2/orders/7/events": 200} {
			if got := ask(t, c, "GET", path, "Authorization", token); got.status != want {
				t.Errorf("%s after the change: %d, want %d", path, got.status, want)
			}
		}
	})
}

// TestPanicOfAHandlerIsItsOwn shows that a handler's panic ends the connection as without a
// guard, and leaves no lease.
func TestPanicOfAHandlerIsItsOwn(t *testing.T) {
	w := newWorld(t, setup{handle: func(http.ResponseWriter, *http.Request) { panic("oh") }})
	r, _ := http.NewRequestWithContext(t.Context(), "POST", "https://"+host+watching, nil)
	r.Header.Set("Authorization", "Bearer "+w.issuer.Mint(good(nil)))
	if resp, err := w.client(t, "HTTP/2.0").Do(r); err == nil {
		resp.Body.Close()
		t.Errorf("%s, want an error", resp.Status)
	}
	if n := leases(w.admit); n != 0 {
		t.Errorf("%d leases are left", n)
	}
}
