package signin_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/examples/portals/internal/webtest"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestSessionFollowsSoManyPages shows that one session cannot hold any number of streams, and
// that those it holds go on until it ends.
func TestSessionFollowsSoManyPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "ada")
	b := webtest.NewBrowser(t)
	w.enter(b, "ada")
	var open []<-chan webtest.Event
	for range 32 {
		open = append(open, b.Events(w.portal+"/session"))
	}
	refused := b.Events(w.portal + "/session")
	if e := b.Next(refused); e.Name != "end" || !strings.Contains(e.Data, "Too many pages are open") {
		t.Errorf("one page more: got %+v, want an end that says so", e)
	}
	b.Submit(b.Open(w.portal+"/"), "/signout", nil)
	for i, events := range open {
		if e := b.Next(events); !strings.Contains(e.Data, "You are signed out") {
			t.Errorf("page %d: got %+v, want the end of the session", i, e)
		}
	}
}

// TestLogIsShort shows that an answer of any length leaves a short line in the log.
func TestLogIsShort(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "ada")
	w.issuer.Fault(testutil.Token, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.WriteHeader(http.StatusBadRequest)
		_, _ = rw.Write([]byte(strings.Repeat("x", 100_000)))
	}))
	b := webtest.NewBrowser(t)
	w.checkRefused(t, b, w.enter(b, "ada"), http.StatusInternalServerError, wrongSetUp)
	if n := len(w.log.String()); n > 1000 {
		t.Errorf("the log has %d bytes, want at most 1000", n)
	}
}
