package conformance_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/audience/signals"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/internal/idp"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	"github.com/grpcaud/grpcaud/tokensource"
)

const (
	eventsFor  = "https://hr.example.com/signals"
	pushSecret = "Bearer of-events-0123456789"
)

// TestSharedSignals shows that what happens at Keycloak ends the streams of the session or
// the user that it is about, and no other, by poll and by push.
func TestSharedSignals(t *testing.T) {
	c := open(t, keycloak)
	c.transmit(t)
	c.employ(t, "bob")
	c.change(t, "backoffice-portal", map[string]string{"post.logout.redirect.uris": "+"}) // Keycloak 26.7.3 tells nothing of a logout that leads nowhere
	t.Run("poll", func(t *testing.T) {
		c.eventsEnd(t, func(t *testing.T, events *signals.Receiver) { c.poll(t, events) })
	})
	t.Run("push", func(t *testing.T) {
		c.eventsEnd(t, func(t *testing.T, events *signals.Receiver) { c.push(t, events) })
	})
}

// transmit switches shared signals on in the realm.
func (c *company) transmit(t *testing.T) {
	t.Helper()
	var realm map[string]any
	c.admin(t, http.MethodGet, "", nil, &realm)
	realm["attributes"].(map[string]any)["ssf.transmitterEnabled"] = "true"
	c.admin(t, http.MethodPut, "", realm, nil)
}

// receives registers a client that receives events, and makes its stream. It returns the
// tokens of the client, and the address of the stream.
func (c *company) receives(t *testing.T, client string, delivery map[string]string) (tokens *tokensource.Cache, address string) {
	t.Helper()
	c.admin(t, http.MethodPost, "/clients", map[string]any{
		"clientId": client, "secret": idp.Secret(client), "serviceAccountsEnabled": true, "standardFlowEnabled": false,
		"attributes": map[string]string{
			"ssf.enabled": "true", "ssf.defaultSubjects": "ALL", "ssf.streamAudience": eventsFor, "ssf.validPushUrls": delivery["endpoint_url"],
		},
		"protocolMappers": []any{map[string]any{
			"name": "audience", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper",
			"config": map[string]string{"included.custom.audience": client, "access.token.claim": "true"},
		}},
	}, nil)
	id, scopes := c.only(t, "/clients?clientId="+client), c.ids(t, "/client-scopes")
	for _, scope := range []string{"ssf.read", "ssf.manage"} {
		c.admin(t, http.MethodPut, "/clients/"+id+"/optional-client-scopes/"+scopes[scope], nil, nil)
	}
	tokens, err := tokensource.New(c.Issuer, tokensource.ClientCredentials(client, idp.Secret(client)),
		tokensource.Preset(c.preset), tokensource.AskWithoutAudience(), tokensource.InsecureHTTP(), tokensource.Logger(c.journal.logger()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tokens.Close() })
	return tokens, c.makeStream(t, c.authorization(tokens, client, "ssf.manage"), delivery)
}

// authorization returns what authorizes a client at the transmitter.
func (c *company) authorization(tokens *tokensource.Cache, client, scope string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		token, err := tokens.Token(ctx, tokensource.Request{Audience: client, Scope: scope})
		if err != nil {
			return "", err
		}
		return "Bearer " + token.Reveal(), nil
	}
}

// makeStream makes the stream of a client, and returns its address.
func (c *company) makeStream(t *testing.T, authorization func(context.Context) (string, error), delivery map[string]string) string {
	t.Helper()
	header, err := authorization(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(map[string]any{"delivery": delivery, "events_requested": []string{
		"https://schemas.openid.net/secevent/caep/event-type/session-revoked", "https://schemas.openid.net/secevent/caep/event-type/credential-change",
	}})
	if err != nil {
		t.Fatal(err)
	}
	q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.Issuer+"/ssf/transmitter/streams", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	q.Header = http.Header{"Authorization": {header}, "Content-Type": {"application/json"}}
	response, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	var made struct {
		Delivery struct {
			URL string `json:"endpoint_url"`
		}
	}
	if err := errors.Join(err, json.Unmarshal(text, &made)); err != nil || response.StatusCode != http.StatusCreated || made.Delivery.URL == "" {
		t.Fatalf("the stream: %s: %s (%v)", response.Status, text, err)
	}
	return made.Delivery.URL
}

// poll polls for events until t ends.
func (c *company) poll(t *testing.T, events *signals.Receiver) {
	t.Helper()
	tokens, address := c.receives(t, "signals-poll", map[string]string{"method": "urn:ietf:rfc:8936"})
	poller, err := events.NewPoller(address, c.authorization(tokens, "signals-poll", "ssf.read"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- poller.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		<-done
	})
}

// push lets Keycloak push events until t ends.
func (c *company) push(t *testing.T, events *signals.Receiver) {
	t.Helper()
	handler, err := events.Push(pushSecret)
	if err != nil {
		t.Fatal(err)
	}
	at := httptest.NewServer(handler)
	t.Cleanup(at.Close)
	c.receives(t, "signals-push", map[string]string{"method": "urn:ietf:rfc:8935", "endpoint_url": at.URL + "/signals", "authorization_header": pushSecret})
}

// eventsEnd opens streams of alice and bob, and has Keycloak end them one by one.
func (c *company) eventsEnd(t *testing.T, deliver func(*testing.T, *signals.Receiver)) {
	list, stored := revocation.NewList(100), make(chan revocation.Entry, 10)
	defer func(guards []interceptor.ServerOption) { c.guards = guards }(c.guards)
	c.guards = append(slices.Clip(c.guards), interceptor.Revocations(list))
	events, err := signals.NewReceiver(c.policy, "corp", eventsFor, signals.Interval(200*time.Millisecond), signals.Logger(c.journal.logger()),
		signals.RevokeWith(func(_ context.Context, e revocation.Entry) error {
			defer func() { stored <- e }()
			return list.Revoke(e)
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { events.Close() })
	deliver(t, events)

	conn := c.serve(t, "human-resource")
	first, second, bobs := c.begin(t, "alice", c.people), c.begin(t, "alice", c.people), c.begin(t, "bob", c.people)
	going := []grpc.BidiStreamingClient[hrv1.ReviewEmployeesRequest, hrv1.ReviewEmployeesResponse]{
		c.review(t, conn, first.AccessToken), c.review(t, conn, second.AccessToken), c.review(t, conn, bobs.AccessToken),
	}
	tokens := []string{first.AccessToken, second.AccessToken, bobs.AccessToken}
	users := map[string]string{"alice": c.alice, "bob": c.only(t, "/users?username=bob")}
	for _, step := range []struct {
		what string
		do   func()
		want revocation.Entry
	}{
		{"alice logs out of one session", func() {
			if err := first.End(t.Context(), url.Values{"post_logout_redirect_uri": {idp.Callback}}); err != nil {
				t.Fatal(err)
			}
		}, revocation.Entry{}},
		{"an administrator ends all sessions of alice", func() {
			c.admin(t, http.MethodPost, "/users/"+users["alice"]+"/logout", nil, nil)
		}, revocation.Entry{Subject: users["alice"]}},
		{"an administrator sets the password of bob", func() {
			c.admin(t, http.MethodPut, "/users/"+users["bob"]+"/reset-password", map[string]any{"type": "password", "value": idp.Password("bob")}, nil)
		}, revocation.Entry{Subject: users["bob"]}},
	} {
		step.do()
		var got revocation.Entry
		select {
		case got = <-stored:
		case <-time.After(time.Minute):
			t.Fatalf("%s: no event was taken; last cause %q", step.what, c.journal.cause())
		}
		began := time.Now()
		if got.Subject != step.want.Subject || (got.Session == "") != (got.Subject != "") {
			t.Errorf("%s: revoked %+v, want %+v", step.what, got, step.want)
		}
		if _, err := going[0].Recv(); reasonOf(err) != audience.ReasonTokenRevoked || time.Since(began) > time.Second+500*time.Millisecond {
			t.Errorf("%s: the stream: %v after %v, want TOKEN_REVOKED within a second", step.what, err, time.Since(began))
		}
		t.Logf("%s: the stream ended %v after its event", step.what, time.Since(began))
		if got := getEmployee.call(t, conn, bearing(tokens[0])); got != string(audience.ReasonTokenRevoked) {
			t.Errorf("%s: a call with the token: %s, want TOKEN_REVOKED", step.what, got)
		}
		going, tokens = going[1:], tokens[1:]
		for i, stream := range going {
			if err := exchange(stream); err != nil {
				t.Errorf("%s: another stream: %v", step.what, err)
			}
			if got := getEmployee.call(t, conn, bearing(tokens[i])); got != "admitted" {
				t.Errorf("%s: a call of another: %s, want admitted", step.what, got)
			}
		}
	}
}
