package tokensource_test

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
)

func TestFormOfTokenRequests(t *testing.T) {
	subject := tokensource.NewToken("subject-token", time.Time{})
	own := url.Values{"grant_type": {"client_credentials"}, "audience": {"order-status"}}
	scoped := url.Values{"grant_type": {"client_credentials"}, "audience": {"order-status"}, "scope": {"orders.read orders.write"}}
	exchange := url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "audience": {"order-status"},
		"subject_token": {"subject-token"}, "subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"},
		"requested_token_type": {"urn:ietf:params:oauth:token-type:access_token"},
	}
	acting := maps.Clone(exchange)
	acting.Set("actor_token", "actor-token")
	acting.Set("actor_token_type", "urn:ietf:params:oauth:token-type:access_token")
	for _, row := range []struct {
		name    string
		request tokensource.Request
		want    url.Values
	}{
		{"client credentials", tokensource.Request{Audience: "order-status"}, own},
		{"scope", tokensource.Request{Audience: "order-status", Scope: "orders.read orders.write"}, scoped},
		{"exchange", tokensource.Request{Audience: "order-status", Subject: subject, SubjectIssuer: issuer}, exchange},
		{"actor", tokensource.Request{Audience: "order-status", Subject: subject, SubjectIssuer: issuer, Actor: tokensource.NewToken("actor-token", time.Time{})}, acting},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := &wire{}
			token, err := newSource(t, w).Token(t.Context(), row.request)
			if err != nil || token.Reveal() != "opaque-order-status" {
				t.Fatalf("got %q, %v", token.Reveal(), err)
			}
			r, form := w.last()
			if diff := cmp.Diff(row.want, form); diff != "" {
				t.Errorf("form (-want +got):\n%s", diff)
			}
			if id, pw, _ := r.BasicAuth(); id != client || pw != url.QueryEscape(secret) {
				t.Errorf("basic authentication: got %q, %q", id, pw)
			}
			if got := r.Header.Get("Content-Type"); got != "application/x-www-form-urlencoded" {
				t.Errorf("content type: got %q", got)
			}
		})
	}
}

// TestClientCredentialsAreFormEncodedInTheHeader refers to RFC 6749, section 2.3.1.
func TestClientCredentialsAreFormEncodedInTheHeader(t *testing.T) {
	w := &wire{}
	s, err := tokensource.New(issuer, tokensource.ClientCredentials("a:b", "p w&ä"), tokensource.Transport(w))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Token(t.Context(), tokensource.Request{Audience: "a"}); err != nil {
		t.Fatal(err)
	}
	r, _ := w.last()
	if id, pw, _ := r.BasicAuth(); id != "a%3Ab" || pw != "p+w%26%C3%A4" {
		t.Errorf("got %q, %q", id, pw)
	}
}

// TestNoExchangeWithoutAUsableSubject shows that neither a request is sent nor a token
// returned.
func TestNoExchangeWithoutAUsableSubject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		s := newSource(t, w)
		good := tokensource.NewToken("good", time.Time{})
		empty, expired := tokensource.NewToken("", time.Time{}), tokensource.NewToken("subject", time.Now().Add(-time.Second))
		for name, r := range map[string]tokensource.Request{
			"empty":                   {Subject: empty, SubjectIssuer: issuer},
			"expired":                 {Subject: expired, SubjectIssuer: issuer},
			"empty actor":             {Subject: good, SubjectIssuer: issuer, Actor: empty},
			"expired actor":           {Subject: good, SubjectIssuer: issuer, Actor: expired},
			"actor without a subject": {Actor: good},
		} {
			r.Audience = "a"
			token, err := s.Token(t.Context(), r)
			word, _, _ := strings.Cut(name, " ") // which the reason has, too
			if !errors.Is(err, tokensource.ErrRefused) || !token.IsZero() || !strings.Contains(err.Error(), word) {
				t.Errorf("%s: got %q, %v, want ErrRefused", name, token.Reveal(), err)
			}
		}
		if w.count() != 0 {
			t.Errorf("got %d token requests, want none", w.count())
		}
		w.answer(always(reply(400, `{"error":"invalid_grant"}`)))
		token, err := s.Token(t.Context(), tokensource.Request{Audience: "a", Subject: tokensource.NewToken("revoked", time.Time{}), SubjectIssuer: issuer})
		var refused *tokensource.TokenError
		if !errors.As(err, &refused) || refused.Code != "invalid_grant" || !token.IsZero() {
			t.Errorf("got %q, %v, want invalid_grant", token.Reveal(), err)
		}
	})
}

func TestIssuedTokenType(t *testing.T) {
	const urn = "urn:ietf:params:oauth:token-type:"
	for issued, good := range map[string]bool{
		`"` + urn + `access_token"`: true, `"` + urn + `jwt"`: true,
		`"` + urn + `id_token"`: false, `"` + urn + `refresh_token"`: false, `""`: false, `null`: false, `7`: false,
	} {
		w := &wire{token: always(reply(200, `{"access_token":"t","token_type":"Bearer","expires_in":300,"issued_token_type":`+issued+`}`))}
		subject := tokensource.NewToken("subject", time.Time{})
		_, err := newSource(t, w).Token(t.Context(), tokensource.Request{Audience: "a", Subject: subject, SubjectIssuer: issuer})
		if (err == nil) != good || !good && (!errors.Is(err, tokensource.ErrUnavailable) || !strings.Contains(err.Error(), "issued_token_type")) {
			t.Errorf("issued_token_type %s: got %v, want good = %v", issued, err, good)
		}
	}
}

// TestExchangedTokenEndsWithItsSubject shows also that near its end the issuer is not
// asked again and again for a little more.
func TestExchangedTokenEndsWithItsSubject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		s := newSource(t, w)
		end := time.Now().Add(100 * time.Second).Round(0)
		r := tokensource.Request{Audience: "a", Subject: tokensource.NewToken("subject", end), SubjectIssuer: issuer}
		for time.Now().Before(end) {
			token, err := s.Token(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			if !token.Expiry().Equal(end) {
				t.Fatalf("expiry: got %v, want the subject's %v", token.Expiry(), end)
			}
			time.Sleep(time.Second)
		}
		if _, err := s.Token(t.Context(), r); !errors.Is(err, tokensource.ErrRefused) {
			t.Errorf("after the subject's end: got %v, want ErrRefused", err)
		}
		if w.count() != 1 {
			t.Errorf("got %d token requests, want 1", w.count())
		}
	})
}

// TestJWTBearerGrants shows the grant of RFC 7523 and that of Entra ID. They have no
// issued_token_type and no place for an actor.
func TestJWTBearerGrants(t *testing.T) {
	const grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	subject := tokensource.NewToken("subject-token", time.Time{})
	for g, want := range map[tokensource.Grant]url.Values{
		tokensource.JWTBearer:       {"grant_type": {grant}, "assertion": {"subject-token"}, "audience": {"a"}},
		tokensource.EntraOnBehalfOf: {"grant_type": {grant}, "assertion": {"subject-token"}, "audience": {"a"}, "requested_token_use": {"on_behalf_of"}},
	} {
		w := &wire{token: always(reply(200, `{"access_token":"t","token_type":"Bearer","expires_in":300}`))}
		s := newSource(t, w, tokensource.SubjectGrant(g))
		if _, err := s.Token(t.Context(), tokensource.Request{Audience: "a", Subject: subject, SubjectIssuer: issuer}); err != nil {
			t.Fatal(err)
		}
		if _, form := w.last(); !cmp.Equal(want, form) {
			t.Errorf("form (-want +got):\n%s", cmp.Diff(want, form))
		}
		_, err := s.Token(t.Context(), tokensource.Request{Audience: "a", Subject: subject, SubjectIssuer: issuer, Actor: tokensource.NewToken("actor", time.Time{})})
		if !errors.Is(err, tokensource.ErrRefused) || w.count() != 1 {
			t.Errorf("with an actor: got %v after %d requests, want ErrRefused, and one", err, w.count())
		}
		if _, err := s.Token(t.Context(), tokensource.Request{Audience: "a"}); err != nil {
			t.Error(err)
		}
		if _, form := w.last(); form.Get("grant_type") != "client_credentials" {
			t.Errorf("without a subject: got %v, want client credentials", form)
		}
	}
}

// TestRefusalShowsNoToken shows that tokens which the issuer repeats in a refusal are
// redacted.
func TestRefusalShowsNoToken(t *testing.T) {
	w := &wire{token: func(r *http.Request, form url.Values) (*http.Response, error) {
		said := form.Get("subject_token") + form.Get("actor_token") + form.Get("assertion") + form.Get("client_assertion")
		return reply(400, `{"error":"invalid_grant","error_description":"bad `+said+`"}`)(r)
	}}
	r := tokensource.Request{Audience: "a", Subject: tokensource.NewToken("opaque-subject", time.Time{}), SubjectIssuer: issuer}
	acting := r
	acting.Actor = tokensource.NewToken("opaque-actor", time.Time{})
	for grant, r := range map[tokensource.Grant]tokensource.Request{tokensource.TokenExchange: acting, tokensource.JWTBearer: r} {
		_, err := newSource(t, w, tokensource.SubjectGrant(grant)).Token(t.Context(), r)
		if !errors.Is(err, tokensource.ErrRefused) || strings.Contains(err.Error(), "opaque") {
			t.Errorf("got %v, want ErrRefused without the tokens", err)
		}
	}
}

// TestEntraOnBehalfOf shows that the issuer exchanges a token for its audience only.
func TestEntraOnBehalfOf(t *testing.T) {
	idp := testutil.NewIssuer(issuer, testutil.AudienceScope("{audience}/.default"))
	idp.Register(testutil.Client{ID: client, Secret: secret, Audiences: []string{"human-resource"}, Exchange: true})
	s := open(t, tokensource.ClientCredentials(client, secret), idp.Transport(), tokensource.Preset("entra"))
	ask := func(to string) (tokensource.Token, error) {
		subject := tokensource.NewToken(idp.User("customer-portal", "alice", to), time.Time{})
		return s.Token(t.Context(), tokensource.Request{Audience: "human-resource", Subject: subject, SubjectIssuer: issuer})
	}
	token, err := ask(client)
	if err != nil {
		t.Fatal(err)
	}
	if claims := part(t, token.Reveal(), 1); claims["sub"] != "alice" || claims["aud"] != "human-resource" {
		t.Errorf("got %v, want alice's token for human-resource", claims)
	}
	if _, err := ask("order-status"); !errors.Is(err, tokensource.ErrRefused) || !strings.Contains(err.Error(), "invalid_grant") {
		t.Errorf("for others: got %v, want invalid_grant", err)
	}
}
