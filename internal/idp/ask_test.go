package idp_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/internal/idp"
)

func TestAsk(t *testing.T) {
	for _, row := range []struct{ name, asked, want string }{
		{"nothing", "", "skip: idp: GRPCAUD_IDPS does not ask for envoy"},
		{"others", "keycloak,zitadel", "skip: idp: GRPCAUD_IDPS does not ask for envoy"},
		{"a name that is none", "envoy, keycloack", `fatal: idp: GRPCAUD_IDPS asks for "keycloack"`},
		{"envoy", "zitadel,envoy", "fatal: idp: python3 "},
		{"all", "all", "fatal: idp: python3 "},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Setenv(idp.Variable, row.asked)
			t.Setenv("GRPCAUD_CACHE", t.TempDir())
			t.Setenv("PATH", "") // so that it cannot be had
			if got := verdict(t, func(t testing.TB) { idp.Envoy(t, nil) }); !strings.HasPrefix(got, row.want) {
				t.Errorf("%s=%q: got %q, want %q", idp.Variable, row.asked, got, row.want)
			}
		})
	}
}

func TestKeycloakWithoutRealm(t *testing.T) {
	t.Setenv(idp.Variable, "keycloak")
	for _, realm := range []string{"", "realm: corp", `{"enabled": true}`} {
		got := verdict(t, func(t testing.TB) { idp.Keycloak(t, []byte(realm)) })
		if want := "fatal: idp: keycloak: got no JSON of a realm with a name"; !strings.HasPrefix(got, want) {
			t.Errorf("Keycloak(%q): got %q, want %q", realm, got, want)
		}
	}
}

// verdict returns what f says to the test that it skips or fails.
func verdict(t *testing.T, f func(testing.TB)) string {
	judged := &judged{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(judged)
	}()
	<-done
	return judged.verdict
}

// judged is a test that records its end.
type judged struct {
	testing.TB
	verdict string
}

func (j *judged) Skipf(format string, args ...any)  { j.end("skip", format, args...) }
func (j *judged) Fatalf(format string, args ...any) { j.end("fatal", format, args...) }

func (j *judged) end(kind, format string, args ...any) {
	j.verdict = kind + ": " + fmt.Sprintf(format, args...)
	runtime.Goexit()
}
