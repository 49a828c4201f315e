package tokensource_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
)

const partner = "https://idp.partner.example"

// domains returns two issuers that know the same client. The second one trusts the
// first one.
func domains() (home, away *testutil.Issuer, homeWire, awayWire *wire) {
	home, away = testutil.NewIssuer(issuer), testutil.NewIssuer(partner)
	away.Trust(home)
	home.Register(testutil.Client{ID: client, Secret: secret, Audiences: []string{partner}, Exchange: true})
	away.Register(testutil.Client{ID: client, Secret: "theirs", Audiences: []string{"freight", "customs"}, Scopes: map[string][]string{"freight": {"track"}}})
	return home, away, through(home), through(away)
}

func chain(t *testing.T, homeWire, awayWire *wire, opts ...tokensource.OAuthOption) *tokensource.Cache {
	t.Helper()
	a := open(t, tokensource.ClientCredentials(client, secret), homeWire, opts...)
	b, err := tokensource.New(partner, tokensource.ClientCredentials(client, "theirs"), tokensource.Transport(awayWire))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	s, err := tokensource.Chain(a, b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestChain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home, _, homeWire, awayWire := domains()
		s := chain(t, homeWire, awayWire)
		text := home.User("customer-portal", "alice", client)
		r := tokensource.Request{
			Audience: "freight", Scope: "track",
			Subject: tokensource.NewToken(text, time.Now().Add(5*time.Minute)), SubjectIssuer: issuer,
		}
		for range 2 {
			token, err := s.Token(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			if claims := part(t, token.Reveal(), 1); claims["iss"] != partner || claims["sub"] != "alice" || claims["aud"] != "freight" || claims["scope"] != "track" {
				t.Errorf("got %v, want the partner's token for alice", claims)
			}
		}
		if homeWire.count() != 1 || awayWire.count() != 1 {
			t.Errorf("got %d and %d requests, want one each", homeWire.count(), awayWire.count())
		}
		_, left := homeWire.last()
		_, arrived := awayWire.last()
		grant := arrived.Get("assertion")
		arrived.Del("assertion")
		if aud := part(t, grant, 1)["aud"]; grant == text || aud != partner {
			t.Errorf("the partner was shown a token for %v, want a grant for it alone", aud)
		}
		if diff := cmp.Diff([]string{partner, "urn:ietf:params:oauth:token-type:jwt"}, []string{left.Get("audience"), left.Get("requested_token_type")}); diff != "" {
			t.Errorf("at home (-want +got):\n%s", diff)
		}
		if arrived.Get("grant_type") != bearerGrant || arrived.Get("audience") != "freight" || arrived.Get("scope") != "track" || len(arrived) != 3 {
			t.Errorf("at the partner: got %v", arrived)
		}
		r.Audience, r.Scope = "customs", ""
		if _, err := s.Token(t.Context(), r); err != nil || homeWire.count() != 2 {
			t.Errorf("another audience: got %v after %d grants, want a second one", err, homeWire.count())
		}
	})
}

func TestChainHeedsThePresetOfTheFirstIssuer(t *testing.T) {
	home, _, homeWire, awayWire := domains()
	subject := tokensource.NewToken(home.User("customer-portal", "alice", client), time.Time{})
	s := chain(t, homeWire, awayWire, tokensource.Preset("zitadel"))
	if _, err := s.Token(t.Context(), tokensource.Request{Audience: "freight", Subject: subject, SubjectIssuer: issuer}); err != nil {
		t.Fatal(err)
	}
	if _, form := homeWire.last(); form.Get("audience") != partner || form.Has("scope") {
		t.Errorf("got %v, want the partner as audience", form)
	}
}

func TestChainRefusals(t *testing.T) {
	home, _, homeWire, awayWire := domains()
	s := chain(t, homeWire, awayWire)
	subject := tokensource.NewToken(home.User("customer-portal", "alice", client), time.Time{})
	for name, r := range map[string]tokensource.Request{
		"no subject":           {Audience: "freight"},
		"no audience":          {Subject: subject, SubjectIssuer: issuer},
		"empty subject":        {Audience: "freight", Subject: tokensource.NewToken("", time.Time{}), SubjectIssuer: issuer},
		"expired subject":      {Audience: "freight", Subject: tokensource.NewToken("x", time.Unix(1, 0)), SubjectIssuer: issuer},
		"subject of unknown":   {Audience: "freight", Subject: subject},
		"subject of elsewhere": {Audience: "freight", Subject: subject, SubjectIssuer: partner},
	} {
		if _, err := s.Token(t.Context(), r); !errors.Is(err, tokensource.ErrRefused) || homeWire.count()+awayWire.count() != 0 {
			t.Errorf("%s: got %v, want ErrRefused before any request", name, err)
		}
	}
	if _, err := s.Token(t.Context(), tokensource.Request{Audience: "freight"}); !strings.Contains(err.Error(), "starts with a subject") {
		t.Errorf("no subject: got %v", err)
	}
	if _, err := s.Token(t.Context(), tokensource.Request{Audience: "payroll", Subject: subject, SubjectIssuer: issuer}); !errors.Is(err, tokensource.ErrRefused) {
		t.Errorf("what the partner refuses: got %v, want ErrRefused", err)
	}

	a := open(t, tokensource.ClientCredentials(client, secret), homeWire)
	if _, err := tokensource.Chain(a, nil); err == nil {
		t.Error("chain to nowhere: got no error")
	}
	if _, err := tokensource.Chain(nil, a); err == nil {
		t.Error("chain from nowhere: got no error")
	}
	if _, err := tokensource.Chain(s, a); err == nil {
		t.Error("chain from a chain: got no error")
	}
	if _, err := tokensource.Chain(a, s); err == nil || !strings.Contains(err.Error(), "New") {
		t.Errorf("chain to a chain: got %v, want an error", err)
	}
}

// TestChainChecksTheAssertion shows that the second issuer gets an assertion only if it
// is the only audience.
func TestChainChecksTheAssertion(t *testing.T) {
	const urn = "urn:ietf:params:oauth:token-type:"
	answer := func(token, kind, issued string) string {
		return `{"access_token":"` + token + `","token_type":"` + kind + `","expires_in":60,"issued_token_type":"` + urn + issued + `"}`
	}
	only := jwt(`{"aud":"` + partner + `"}`)
	for name, row := range map[string]struct {
		body string
		want error
	}{
		"good":              {answer(only, "N_A", "jwt"), nil},
		"good, as bearer":   {answer(only, "Bearer", "jwt"), nil},
		"for two":           {answer(jwt(`{"aud":["`+partner+`","https://other.example"]}`), "N_A", "jwt"), tokensource.ErrMismatch},
		"for another":       {answer(jwt(`{"aud":"https://other.example"}`), "N_A", "jwt"), tokensource.ErrMismatch},
		"for nobody":        {answer(jwt(`{}`), "N_A", "jwt"), tokensource.ErrMismatch},
		"opaque":            {answer("opaque", "N_A", "jwt"), tokensource.ErrUnavailable},
		"access token":      {answer(only, "Bearer", "access_token"), tokensource.ErrUnavailable},
		"type not said":     {`{"access_token":"` + only + `","token_type":"N_A"}`, tokensource.ErrUnavailable},
		"of another scheme": {answer(only, "DPoP", "jwt"), tokensource.ErrRefused},
	} {
		home := &wire{token: always(reply(200, row.body))}
		away := &wire{discovery: reply(200, document(partner, partner+"/token"))}
		_, err := chain(t, home, away).Token(t.Context(), tokensource.Request{Audience: "freight", Subject: tokensource.NewToken("s", time.Time{}), SubjectIssuer: issuer})
		if !errors.Is(err, row.want) || (away.count() == 1) != (row.want == nil) {
			t.Errorf("%s: got %v after %d requests to the partner, want %v", name, err, away.count(), row.want)
		}
	}
	// At home, a grant is no token to present.
	w := &wire{token: always(reply(200, answer("t", "N_A", "access_token")))}
	if _, err := newSource(t, w).Token(t.Context(), tokensource.Request{Audience: "a", Subject: tokensource.NewToken("s", time.Time{}), SubjectIssuer: issuer}); !errors.Is(err, tokensource.ErrRefused) {
		t.Errorf("N_A as an access token: got %v, want ErrRefused", err)
	}
}

// TestChainSplitsTheRequest shows that the actor goes to the first issuer alone, and
// all audiences to the second.
func TestChainSplitsTheRequest(t *testing.T) {
	grant := `{"access_token":"` + jwt(`{"aud":"`+partner+`"}`) + `","token_type":"N_A","issued_token_type":"urn:ietf:params:oauth:token-type:jwt"}`
	home, away := &wire{token: always(reply(200, grant))}, &wire{discovery: reply(200, document(partner, partner+"/token"))}
	_, err := chain(t, home, away).Token(t.Context(), tokensource.Request{
		Audience: "freight", Also: []string{"customs"},
		Subject: tokensource.NewToken("s", time.Time{}), SubjectIssuer: issuer, Actor: tokensource.NewToken("batch", time.Time{}),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, left := home.last()
	_, arrived := away.last()
	if left.Get("actor_token") != "batch" || arrived.Has("actor_token") {
		t.Errorf("actor: got %q at home and %q at the partner", left.Get("actor_token"), arrived.Get("actor_token"))
	}
	if got := arrived["audience"]; len(got) != 2 || got[0] != "freight" || got[1] != "customs" {
		t.Errorf("audiences: got %q, want both", got)
	}
}

// TestChainMismatchNamesTheIssuer shows that the error of a wrong assertion tells whose
// mistake it is.
func TestChainMismatchNamesTheIssuer(t *testing.T) {
	grant := `{"access_token":"` + jwt(`{"aud":"elsewhere"}`) + `","token_type":"N_A","issued_token_type":"urn:ietf:params:oauth:token-type:jwt"}`
	s := chain(t, &wire{token: always(reply(200, grant))}, &wire{})
	_, err := s.Token(t.Context(), tokensource.Request{Audience: "freight", Subject: tokensource.NewToken("s", time.Time{}), SubjectIssuer: issuer})
	var mismatch *tokensource.MismatchError
	if !errors.As(err, &mismatch) || mismatch.Want != partner || len(mismatch.Got) != 1 || mismatch.Got[0] != "elsewhere" {
		t.Errorf("got %v, want a MismatchError of %s and elsewhere", err, partner)
	}
}

// TestChainChecksBothRequestsFirst shows that a request which the second issuer cannot
// serve is refused before the subject's token is sent.
func TestChainChecksBothRequestsFirst(t *testing.T) {
	home := &wire{}
	a := open(t, tokensource.ClientCredentials(client, secret), home)
	b := open(t, tokensource.ClientCredentials(client, secret), &wire{}, tokensource.AskByTokenURL(map[string]string{"customs": issuer + "/customs"}))
	s, err := tokensource.Chain(a, b)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, err = s.Token(t.Context(), tokensource.Request{Audience: "freight", Subject: tokensource.NewToken("s", time.Time{}), SubjectIssuer: issuer})
	if !errors.Is(err, tokensource.ErrRefused) || home.count() != 0 {
		t.Errorf("got %v after %d requests at home, want ErrRefused and none", err, home.count())
	}
}
