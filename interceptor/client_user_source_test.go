package interceptor_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestSourceOfAUserIsAskedAgainBeforeItsTokenEnds shows that a session outlives its
// tokens: the source is asked once for all calls, and again in the background.
func TestSourceOfAUserIsAskedAgainBeforeItsTokenEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFrontEnd(t)
		tokens := &session{token: func() (*oauth2.Token, error) { return p.login("alice"), nil }}
		ctx := p.forUser(t.Context(), t, tokens)
		for range 60 { // an hour
			var all sync.WaitGroup
			for range 5 {
				all.Go(func() {
					p.eachWay(ctx, func(how string, err error) {
						if err != nil {
							t.Errorf("%s: %v", how, err)
						}
					})
				})
			}
			all.Wait()
			time.Sleep(time.Minute)
		}
		if n := tokens.asked.Load(); n < 12 || n > 20 {
			t.Errorf("the source was asked %d times in an hour of tokens for 5 minutes", n)
		}
	})
}

// refreshing is a token endpoint that gives a user's next token for a refresh token, until
// the session has ended.
type refreshing struct {
	portal *frontEnd
	asked  atomic.Int64
	ended  atomic.Bool
}

// RoundTrip implements [http.RoundTripper].
func (r *refreshing) RoundTrip(*http.Request) (*http.Response, error) {
	r.asked.Add(1)
	answer := httptest.NewRecorder()
	answer.Header().Set("Content-Type", "application/json")
	if r.ended.Load() {
		answer.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(answer, `{"error":"invalid_grant"}`)
	} else {
		fmt.Fprintf(answer, `{"access_token":%q,"token_type":"Bearer","expires_in":300}`, r.portal.login("alice").AccessToken)
	}
	return answer.Result(), nil
}

// TestSessionOfOAuth2OutlivesItsTokens shows that the source of x/oauth2, which keeps a
// token until ten seconds before its end, serves a session without a gap; and that the user
// has to log in when the session has ended, and not before the last token has.
func TestSessionOfOAuth2OutlivesItsTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFrontEnd(t)
		endpoint := &refreshing{portal: p}
		background := context.WithValue(t.Context(), oauth2.HTTPClient, &http.Client{Transport: endpoint})
		first := p.login("alice")
		first.RefreshToken, first.Expiry = "r", time.Now().Add(5*time.Minute)
		config := oauth2.Config{ClientID: "customer-portal", Endpoint: oauth2.Endpoint{TokenURL: corp + "/token", AuthStyle: oauth2.AuthStyleInParams}}
		ctx := p.forUser(t.Context(), t, config.TokenSource(background, first))
		for range 600 { // an hour
			p.eachWay(ctx, func(how string, err error) {
				if err != nil {
					t.Fatalf("%s: %v", how, err)
				}
			})
			time.Sleep(6 * time.Second)
		}
		if n := endpoint.asked.Load(); n < 11 || n > 14 {
			t.Errorf("%d refreshes in an hour of tokens for 5 minutes", n)
		}
		endpoint.ended.Store(true)
		ended := time.Now()
		var last error
		for ; last == nil; time.Sleep(time.Second) {
			last = shapes["unary"](ctx, p.conns["Forward"])
		}
		if took := time.Since(ended); !p.client.LoginRequired(last) || took > 5*time.Minute {
			t.Errorf("%v after %v, want a login when the last token ends", last, took)
		}
	})
}

// TestSourceThatHangsHangsNoCall shows that a call waits for the source of a user's tokens
// no longer than its deadline, and that the source is asked once meanwhile.
func TestSourceThatHangsHangsNoCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFrontEnd(t)
		hang := make(chan struct{})
		tokens := &session{token: func() (*oauth2.Token, error) { <-hang; return nil, errors.New("late") }}
		signedIn, logout := context.WithCancel(t.Context())
		ctx := p.forUser(signedIn, t, tokens)
		for way, conn := range p.conns {
			for shape, call := range shapes {
				ctx, cancel := context.WithTimeout(ctx, time.Second)
				began := time.Now()
				err := call(ctx, conn)
				cancel()
				if status.Code(err) != codes.DeadlineExceeded || time.Since(began) > time.Second {
					t.Errorf("%s, %s: %v after %v", way, shape, err, time.Since(began))
				}
			}
		}
		began := time.Now()
		time.AfterFunc(time.Second, logout)
		err := shapes["unary"](context.WithoutCancel(ctx), p.conns["OnBehalfOf"])
		if status.Code(err) != codes.Canceled || time.Since(began) > time.Second {
			t.Errorf("a call that waits while the user logs out: %v after %v", err, time.Since(began))
		}
		if n := tokens.asked.Load(); n != 1 {
			t.Errorf("the source was asked %d times", n)
		}
		close(hang)
	})
}

// TestCallsForAUserEndWithTheContext shows that nothing is exchanged or forwarded for a
// user whose context has ended, also by a call that was detached from it.
func TestCallsForAUserEndWithTheContext(t *testing.T) {
	p := newFrontEnd(t)
	signedIn, logout := context.WithCancel(t.Context())
	ctx := p.forUser(signedIn, t, oauth2.StaticTokenSource(p.login("alice")))
	p.eachWay(ctx, func(how string, err error) {
		if err != nil {
			t.Errorf("%s: %v", how, err)
		}
	})
	asked := p.issuer.Requests(testutil.Token)
	logout()
	p.eachWay(context.WithoutCancel(ctx), func(how string, err error) {
		if status.Code(err) != codes.Canceled || !strings.Contains(fmt.Sprint(err), "the context that ForUser was given has ended") {
			t.Errorf("%s, after the logout: %v", how, err)
		}
		if p.client.LoginRequired(err) {
			t.Errorf("%s: a login is asked for", how)
		}
	})
	if n := p.issuer.Requests(testutil.Token); n != asked || len(p.served.callers) != 4 {
		t.Errorf("%d exchanges, %d calls after the logout", n-asked, len(p.served.callers)-4)
	}
}

// TestRunningCallsForAUserEndWithTheContext shows that calls and streams which run for a user
// end with the user's context, also if they were detached from it, and that those of the
// client itself go on.
func TestRunningCallsForAUserEndWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFrontEnd(t)
		p.served.inHandler = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		p.conns["Dial"] = connect(t, p.issuer, p.served, p.client.DialOptions("order-status")...)
		signedIn, logout := context.WithCancel(t.Context())
		ctx := context.WithoutCancel(p.forUser(signedIn, t, oauth2.StaticTokenSource(p.login("alice"))))
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		began := time.Now()
		var all sync.WaitGroup
		for way, conn := range p.conns {
			for shape, call := range shapes {
				all.Go(func() {
					want, after := codes.Canceled, time.Second
					if way == "Dial" {
						want, after = codes.DeadlineExceeded, time.Minute
					}
					if err := call(ctx, conn); status.Code(err) != want || time.Since(began) != after {
						t.Errorf("%s, %s: %v after %v, want %v after %v", way, shape, err, time.Since(began), want, after)
					}
				})
			}
		}
		time.Sleep(time.Second)
		logout()
		all.Wait()
		synctest.Wait() // for the handlers
		if n := len(p.served.callers); n != 6 {
			t.Errorf("%d calls, want 6", n)
		}
	})
}

// TestLogoutEndsTheWaitForTheSource shows that a call that waits for a source which does not
// answer ends with the user's context, also if it was detached from it.
func TestLogoutEndsTheWaitForTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFrontEnd(t)
		answer := make(chan struct{})
		tokens := &session{token: func() (*oauth2.Token, error) { <-answer; return p.login("alice"), nil }}
		signedIn, logout := context.WithCancel(t.Context())
		ctx := context.WithoutCancel(p.forUser(signedIn, t, tokens))
		began := time.Now()
		time.AfterFunc(time.Second, logout)
		var all sync.WaitGroup
		for range 2 { // the second finds the first waiting
			all.Go(func() {
				p.eachWay(ctx, func(how string, err error) {
					if status.Code(err) != codes.Canceled || time.Since(began) != time.Second {
						t.Errorf("%s: %v after %v, want CANCELED after a second", how, err, time.Since(began))
					}
				})
			})
		}
		all.Wait()
		close(answer)
		if n := p.issuer.Requests(testutil.Token); n != 0 || len(p.served.callers) != 0 {
			t.Errorf("%d token requests, %d calls", n, len(p.served.callers))
		}
	})
}

// TestStreamForAUserOutlivesItsToken shows that a stream which the server ends with the
// user's token goes on with the next one.
func TestStreamForAUserOutlivesItsToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFrontEnd(t)
		p.served.inHandler = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		tokens := &session{token: func() (*oauth2.Token, error) { return p.login("alice"), nil }}
		for way, conn := range p.conns {
			ctx, cancel := context.WithTimeout(p.forUser(t.Context(), t, tokens), 12*time.Minute)
			watch := func(ctx context.Context) (grpc.ServerStreamingClient[ordersv1.WatchOrderStatusResponse], error) {
				return ordersv1.NewOrderStatusClient(conn).WatchOrderStatus(ctx, &ordersv1.WatchOrderStatusRequest{})
			}
			var last error
			for _, last = range interceptor.ResumeStream(ctx, watch) {
			}
			cancel()
			synctest.Wait() // for the handlers
			p.served.mu.Lock()
			if n := len(p.served.callers); status.Code(last) != codes.DeadlineExceeded || n < 3 || n > 4 || p.served.callers[n-1].User != "alice" {
				t.Errorf("%s: %v after %d streams, want about three in twelve minutes", way, last, n)
			}
			p.served.callers = nil
			p.served.mu.Unlock()
		}
	})
}

// TestNextTokenOfAUserIsOfTheSameUser shows that a source which mixes up its users gives the
// calls of one user no token of another, and that the user's own tokens go on working.
func TestNextTokenOfAUserIsOfTheSameUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFrontEnd(t)
		var logged atomic.Value // who the source says has logged in
		logged.Store("alice")
		ctx := p.forUser(t.Context(), t, &session{token: func() (*oauth2.Token, error) { return p.login(logged.Load().(string)), nil }})
		for _, name := range []string{"alice", "bob", "alice"} {
			logged.Store(name)
			time.Sleep(6 * time.Minute) // after the end of the last token
			p.eachWay(ctx, func(how string, err error) {
				if refused := status.Code(err) == codes.Internal && strings.Contains(fmt.Sprint(err), "of another user"); refused != (name == "bob") || !refused && err != nil {
					t.Errorf("%s, a token of %s: %v", how, name, err)
				}
				if p.client.LoginRequired(err) {
					t.Errorf("%s, a token of %s: a login is required", how, name)
				}
			})
		}
		for _, caller := range p.served.callers {
			if caller.User != "alice" {
				t.Errorf("called for %s", caller.User)
			}
		}
		if n := len(p.served.callers); n != 8 {
			t.Errorf("%d calls, want the 8 for alice", n)
		}
	})
}
