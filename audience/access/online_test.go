package access_test

import (
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
)

// onlineOnly is how an issuer is asked about JWTs.
var onlineOnly = access.Introspection{ClientID: "order-status", Secret: access.SecretRef{Env: "E"}, OnlineOnly: true}

// asking makes a matrix in which the entries of order-status have these demands.
func asking(t *testing.T, change func(*access.Matrix), options ...access.MethodOptions) *access.Rule {
	t.Helper()
	m := company()
	issuer(func(i *access.Issuer) { i.Introspection = onlineOnly })(&m)
	change(&m)
	return merged(t, m, options...).Rule(getStatus)
}

func allowing(entries ...func(*access.Allow)) func(*access.Matrix) {
	return func(m *access.Matrix) {
		s := m.Services["order-status"]
		first := s.Allow[0]
		s.Allow = nil
		for _, change := range entries {
			one := first
			change(&one)
			s.Allow = append(s.Allow, one)
		}
		m.Services["order-status"] = s
	}
}

func online(maxAge time.Duration) func(*access.Allow) {
	return func(a *access.Allow) { a.Online, a.OnlineMaxAge = true, maxAge }
}

// TestOnlineEntryNeedsAnAnswer shows for which calls the issuer is to be asked, how old
// its answer may be, and which answers admit.
func TestOnlineEntryNeedsAnAnswer(t *testing.T) {
	plain := func(*access.Allow) {}
	wants := func(scope string) func(*access.Allow) {
		return func(a *access.Allow) { a.Scopes = []string{scope} }
	}
	both := func(a, b func(*access.Allow)) func(*access.Allow) {
		return func(to *access.Allow) { a(to); b(to) }
	}
	none, second := time.Duration(-1), time.Second
	for name, row := range map[string]struct {
		entries []func(*access.Allow)
		demands access.Allow // of the .proto file
		age     time.Duration
		cause   audience.Cause // without an answer
	}{
		"not online":                         {[]func(*access.Allow){plain}, access.Allow{}, none, ""},
		"online":                             {[]func(*access.Allow){online(0)}, access.Allow{}, 0, audience.CauseIntrospectionUnavailable},
		"online, with a cache":               {[]func(*access.Allow){online(second)}, access.Allow{}, second, audience.CauseIntrospectionUnavailable},
		"the longer cache of two":            {[]func(*access.Allow){online(0), online(second)}, access.Allow{}, second, audience.CauseIntrospectionUnavailable},
		"another entry without online":       {[]func(*access.Allow){online(0), plain}, access.Allow{}, none, ""},
		"another entry that refuses":         {[]func(*access.Allow){online(0), wants("x")}, access.Allow{}, 0, audience.CauseIntrospectionUnavailable},
		"refused unseen":                     {[]func(*access.Allow){both(online(0), wants("x"))}, access.Allow{}, none, audience.CauseScopeMissing},
		"refused unseen by the options":      {[]func(*access.Allow){online(0)}, access.Allow{Scopes: []string{"x"}}, none, audience.CauseScopeMissing},
		"online in the options":              {[]func(*access.Allow){plain}, access.Allow{Online: true}, 0, audience.CauseIntrospectionUnavailable},
		"online in both":                     {[]func(*access.Allow){online(second)}, access.Allow{Online: true}, 0, audience.CauseIntrospectionUnavailable},
		"online in the options, and a plain": {[]func(*access.Allow){online(second), plain}, access.Allow{Online: true}, 0, audience.CauseIntrospectionUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			rule := asking(t, allowing(row.entries...), demandingBesides(row.demands))
			c, err := read(t, "keycloak", token(nil))
			if err != nil {
				t.Fatal(err)
			}
			age, asks := rule.AsksIssuer(c, at(now))
			if asks != (row.age >= 0) || asks && age != row.age {
				t.Errorf("AsksIssuer = %v, %t, want %v", age, asks, row.age)
			}
			if got := verdict(t, rule, "keycloak", token(nil)); got != row.cause {
				t.Errorf("without an answer: %q, want %q", got, row.cause)
			}
			if !asks {
				return
			}
			for answer, want := range map[access.Answer]audience.Cause{
				{Active: true, Age: age}:                   "",
				{Active: true, Age: age + time.Nanosecond}: audience.CauseIntrospectionUnavailable,
				{Age: age}: audience.CauseIntrospectionUnavailable,
			} {
				p := at(now)
				p.Answer = answer
				if got := rule.Explain(c, p).Verdict; got != want {
					t.Errorf("with the answer %+v: %q, want %q", answer, got, want)
				}
			}
		})
	}
}

// TestOfflineExplanationSaysThatNobodyWasAsked shows that an explanation without a
// connection does not say that an entry with online admits.
func TestOfflineExplanationSaysThatNobodyWasAsked(t *testing.T) {
	c, err := read(t, "keycloak", token(nil))
	if err != nil {
		t.Fatal(err)
	}
	x := asking(t, allowing(online(5*time.Second))).ExplainOffline(c, now)
	const verdict = "admitted, if the issuer, asked at the call, says that the token is active, by services.order-status.allow[0]\n"
	if !x.Unasked || !strings.HasPrefix(x.String(), verdict) || !strings.Contains(x.String(), "asked at most 5s before this call") {
		t.Errorf("Unasked is %t:\n%s", x.Unasked, x)
	}
	if x := asking(t, allowing(online(0), func(*access.Allow) {})).ExplainOffline(c, now); x.Unasked || x.Verdict != "" {
		t.Errorf("an entry without online admits, and Unasked is %t:\n%s", x.Unasked, x)
	}
}

// TestNewRefusesOnline shows that an entry with online names issuers that can be asked,
// and that the time of the cache is bounded.
func TestNewRefusesOnline(t *testing.T) {
	askable := issuer(func(i *access.Issuer) { i.Introspection = onlineOnly })
	also := func(changes ...func(*access.Matrix)) func(*access.Matrix) {
		return func(m *access.Matrix) {
			for _, change := range changes {
				change(m)
			}
		}
	}
	for want, change := range map[string]func(*access.Matrix){
		`allow[0].online: issuer "corp" cannot be asked about tokens`:                     allowing(online(0)),
		"allow[0].online_max_age: want between 0s and 1m0s, got -1ns":                     also(askable, allowing(online(-1))),
		"allow[0].online_max_age: want between 0s and 1m0s, got 1m0.000000001s":           also(askable, allowing(online(time.Minute+1))),
		"allow[0].online_max_age: it says how old an answer of the issuer may be":         also(askable, allowing(func(a *access.Allow) { a.OnlineMaxAge = time.Second })),
		"introspection.secret: no secret: name the file or environment variable":          issuer(func(i *access.Issuer) { i.Introspection = access.Introspection{ClientID: "x", OnlineOnly: true} }),
		"issuers.corp.introspection.client: no client: write the id by which the service": issuer(func(i *access.Issuer) { i.Introspection = access.Introspection{OnlineOnly: true} }),
		`services.order-status.allow[0].online: issuer "partner" cannot be asked about tokens`: also(askable, func(m *access.Matrix) {
			m.Issuers["partner"] = access.Issuer{URL: partner}
			s := m.Services["order-status"]
			s.Issuers = []string{"corp", "partner"}
			s.Allow = []access.Allow{{AnyClient: true, Methods: []string{"*"}, NoScopes: true, Online: true}}
			m.Services["order-status"] = s
			for name, client := range m.Clients {
				client.Issuer = "corp"
				m.Clients[name] = client
			}
			for name, s := range m.Services {
				if len(s.Issuers) == 0 {
					s.Issuers = []string{"corp"}
				}
				m.Services[name] = s
			}
		}),
	} {
		newRefuses(t, change, want)
	}
	m := company()
	if _, err := access.New(m, demandingBesides(access.Allow{Online: true})); err == nil || !strings.Contains(err.Error(), `orders.proto:7.online: issuer "corp" cannot be asked`) {
		t.Errorf("online in a .proto file, and no introspection: %v", err)
	}
}

// TestIssuerThatIsNeverAskedIsWarnedOf shows that online_only without an entry that asks
// is warned of.
func TestIssuerThatIsNeverAskedIsWarnedOf(t *testing.T) {
	for entry, want := range map[string]func(*access.Allow){"": online(0), "issuers.corp.introspection.online_only": func(*access.Allow) {}} {
		m := company()
		issuer(func(i *access.Issuer) { i.Introspection = onlineOnly })(&m)
		allowing(want)(&m)
		policy, err := access.New(m)
		if err != nil {
			t.Fatal(err)
		}
		warned := ""
		for _, w := range policy.Warnings() {
			if strings.Contains(w.Error(), "never asked") {
				warned = w.Error()
			}
		}
		if (warned != "") != (entry != "") || !strings.Contains(warned, entry) {
			t.Errorf("warned %q, want it at %q", warned, entry)
		}
	}
}

// BenchmarkAsksIssuer shows what the question costs whether the issuer is to be asked: for
// a rule without online, nearly nothing.
func BenchmarkAsksIssuer(b *testing.B) {
	c, err := read(b, "keycloak", token(nil))
	if err != nil {
		b.Fatal(err)
	}
	for name, change := range map[string]func(*access.Matrix){"without": func(*access.Matrix) {}, "online": allowing(online(0))} {
		b.Run(name, func(b *testing.B) {
			m := company()
			issuer(func(i *access.Issuer) { i.Introspection = onlineOnly })(&m)
			change(&m)
			policy, err := access.New(m)
			if err != nil {
				b.Fatal(err)
			}
			g, err := policy.Guard("order-status")
			if err != nil {
				b.Fatal(err)
			}
			rule := g.Rule(getStatus)
			b.ReportAllocs()
			for b.Loop() {
				rule.AsksIssuer(c, at(now))
			}
		})
	}
}
