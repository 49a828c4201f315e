package httpguard_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestBodiesBeyondTheLimit shows what becomes of a body that is too long for the handler: a
// refused request is refused first, with its reason, and an admitted one gets the handler's
// 413.
func TestBodiesBeyondTheLimit(t *testing.T) {
	handle := func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<10))
		if _, long := errors.AsType[*http.MaxBytesError](err); long {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	}
	w := newWorld(t, setup{handle: handle})
	token := "Bearer " + w.issuer.Mint(good(nil))
	for _, protocol := range protocols {
		for _, row := range []struct {
			size          int
			authorization string
			want          verdict
		}{
			{1 << 10, token, verdict{200, ""}},
			{1<<10 + 1, token, verdict{http.StatusRequestEntityTooLarge, ""}},
			{1 << 20, token, verdict{http.StatusRequestEntityTooLarge, ""}},
			{1 << 20, "Bearer x", invalid},
			{1 << 20, "", missing},
		} {
			r, err := http.NewRequestWithContext(t.Context(), "POST", "https://"+host+watching, strings.NewReader(strings.Repeat("x", row.size)))
			if err != nil {
				t.Fatal(err)
			}
			if row.authorization != "" {
				r.Header.Set("Authorization", row.authorization)
			}
			got := do(t, w.client(t, protocol), r)
			if v := (verdict{got.status, got.problem.Reason}); v != row.want {
				t.Errorf("%s, %d bytes, %.10q: %v, want %v", protocol, row.size, row.authorization, v, row.want)
			}
		}
	}
}
