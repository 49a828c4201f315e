package tokensource_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/tokensource"
)

func TestWarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{token: slow(time.Second, func(r *http.Request, form url.Values) (*http.Response, error) {
			if strings.HasPrefix(form.Get("audience"), "no-") {
				return reply(400, `{"error":"invalid_target"}`)(r)
			}
			return good(r, form)
		})}
		s, begin := newSource(t, w), time.Now()
		err := s.Warm(t.Context(), "a", "no-b", "c", "no-d")
		if !errors.Is(err, tokensource.ErrRefused) || !strings.Contains(err.Error(), `"no-b"`) || !strings.Contains(err.Error(), `"no-d"`) ||
			strings.Contains(err.Error(), `"a"`) {
			t.Errorf("got %v, want the refusals of no-b and no-d", err)
		}
		if err := s.Warm(t.Context(), "a", "c"); err != nil {
			t.Error(err)
		}
		if time.Since(begin) != time.Second || w.count() != 4 {
			t.Errorf("took %v and %d requests, want 1s and 4", time.Since(begin), w.count())
		}
		if err := s.Warm(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
