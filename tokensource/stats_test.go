package tokensource_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/grpcaud/grpcaud/tokensource"
)

func TestStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{token: func(r *http.Request, form url.Values) (*http.Response, error) {
			if form.Get("audience") == "b" {
				return reply(503, "", "Retry-After", "60")(r)
			}
			return good(r, form)
		}}
		s, now := newSource(t, w), time.Now()
		must(t, s, tokensource.Request{Audience: "a", Subject: tokensource.NewToken("subject-of-alice", time.Time{}), SubjectIssuer: issuer})
		must(t, s, tokensource.Request{Audience: "a", Scope: "y x"})
		must(t, s, tokensource.Request{Audience: "a"})
		must(t, s, tokensource.Request{Audience: "a", Also: []string{"c"}})
		if _, err := s.Token(t.Context(), tokensource.Request{Audience: "b"}); err == nil {
			t.Fatal("b: got a token")
		}
		got, end, renew := s.Stats(), now.Add(300*time.Second), now.Add(246*time.Second)
		want := []tokensource.TokenStats{
			{Audience: "a", Expiry: end, Refresh: renew, Used: now},
			{Audience: "a", Exchanged: true, Expiry: end, Refresh: renew, Used: now},
			{Audience: "a", Scope: "x y", Expiry: end, Refresh: renew, Used: now},
			{Audience: "a", Also: []string{"c"}, Expiry: end, Refresh: renew, Used: now},
			{Audience: "b", Refresh: now.Add(60 * time.Second), Failures: 1, Error: "tokensource: token unavailable: token endpoint: status 503", Used: now},
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateApproxTime(6*time.Second), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("Stats() (-want +got):\n%s", diff)
		}
		text := fmt.Sprintf("%+v", got)
		for _, leak := range []string{secret, "subject-of", "opaque-"} {
			if strings.Contains(text, leak) {
				t.Errorf("%q stands in %s", leak, text)
			}
		}
	})
}
