package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

// visit asks for a page with the cookie of a session, and returns the status.
func visit(h *Handler, id string) int {
	r := httptest.NewRequest(http.MethodGet, "http://customer.localhost/", nil)
	r.AddCookie(&http.Cookie{Name: sessionCookie, Value: id})
	w := httptest.NewRecorder()
	h.Need(func(w http.ResponseWriter, _ *http.Request, _ *Session) { w.WriteHeader(http.StatusOK) }).ServeHTTP(w, r)
	return w.Code
}

func TestSessionExpires(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		every time.Duration // between two visits
		after time.Duration // the session has ended
		why   error
	}{
		{"never used", 0, DefaultIdle + time.Second, ErrIdle},
		{"idle", DefaultIdle + time.Second, DefaultIdle + time.Second, ErrIdle},
		{"too old, although it is used", 10 * time.Minute, DefaultLife, ErrTooOld},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newTestHandler(t)
				s := newSession(h.config, User{Subject: "ada"})
				h.sessions.add(s)
				began := time.Now()
				if row.every > 0 {
					visit(h, s.id)
				}
				for row.every > 0 && time.Since(began) < row.after-row.every {
					time.Sleep(row.every)
					if got := visit(h, s.id); got != http.StatusOK {
						t.Fatalf("after %v: got %d, want %d", time.Since(began), got, http.StatusOK)
					}
				}
				time.Sleep(row.after - time.Since(began))
				synctest.Wait()
				if got := visit(h, s.id); got != http.StatusUnauthorized {
					t.Errorf("after %v: got %d, want %d", time.Since(began), got, http.StatusUnauthorized)
				}
				if got := context.Cause(s.Context()); !errors.Is(got, row.why) {
					t.Errorf("why = %v, want %v", got, row.why)
				}
				if n := len(h.sessions.byID) + len(h.sessions.byUser); n != 0 {
					t.Errorf("%d entries are left", n)
				}
			})
		})
	}
}

func TestSignInInOneBrowserExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newTestHandler(t)
		p := newPending("/")
		w := httptest.NewRecorder()
		if err := p.keep(w, h.seal); err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodGet, "/callback", nil)
		r.AddCookie(w.Result().Cookies()[0])
		time.Sleep(pendingLife)
		if _, err := takePending(httptest.NewRecorder(), r, h.seal, p.State); err != nil {
			t.Errorf("after %v: %v", pendingLife, err)
		}
		time.Sleep(time.Second)
		if _, err := takePending(httptest.NewRecorder(), r, h.seal, p.State); err == nil {
			t.Errorf("more than %v later: got a sign-in, want none", pendingLife)
		}
	})
}

// TestSealIsOfOneCookie shows that the value of one cookie is no value of another.
func TestSealIsOfOneCookie(t *testing.T) {
	t.Parallel()
	s, err := newSeal()
	if err != nil {
		t.Fatal(err)
	}
	value, err := s.close("a", "text")
	if err != nil {
		t.Fatal(err)
	}
	var got string
	if err := s.open("a", value, &got); err != nil || got != "text" {
		t.Errorf("open = %q, %v", got, err)
	}
	if err := s.open("b", value, &got); err == nil {
		t.Error("another cookie has taken the value")
	}
}

func TestOldestSessionOfAUserMakesRoom(t *testing.T) {
	t.Parallel()
	h := newTestHandler(t)
	var all []*Session
	for range perUser + 1 {
		s := newSession(h.config, User{Subject: "ada"})
		h.sessions.add(s)
		all = append(all, s)
	}
	ben := newSession(h.config, User{Subject: "ben"})
	h.sessions.add(ben)
	for i, want := range map[int]int{0: http.StatusUnauthorized, 1: http.StatusOK, perUser: http.StatusOK} {
		if got := visit(h, all[i].id); got != want {
			t.Errorf("session %d of %d: got %d, want %d", i, len(all), got, want)
		}
	}
	if got := visit(h, ben.id); got != http.StatusOK {
		t.Errorf("session of another user: got %d, want %d", got, http.StatusOK)
	}
}

func TestLogoutEndsWhatItNames(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, row := range []struct {
		name string
		end  func(*Handler)
		left []string // logins
	}{
		{"a login", func(h *Handler) { h.EndLogin("ada-1") }, []string{"ada-2", "ben-1"}},
		{"a user", func(h *Handler) { h.EndUser("ada", now) }, []string{"ben-1"}},
		{"a user, before the sessions began", func(h *Handler) { h.EndUser("ada", now.Add(-time.Minute)) }, []string{"ada-1", "ada-2", "ben-1"}},
		{"no login", func(h *Handler) { h.EndLogin("") }, []string{"ada-1", "ada-2", "ben-1"}},
		{"an unknown login", func(h *Handler) { h.EndLogin("x") }, []string{"ada-1", "ada-2", "ben-1"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := newTestHandler(t)
			ids := map[string]string{}
			for _, login := range []string{"ada-1", "ada-2", "ben-1"} {
				s := newSession(h.config, User{Subject: login[:3]})
				s.login, s.began, ids[login] = login, now, s.id
				h.sessions.add(s)
			}
			row.end(h)
			var left []string
			for _, login := range []string{"ada-1", "ada-2", "ben-1"} {
				if visit(h, ids[login]) == http.StatusOK {
					left = append(left, login)
				}
			}
			if fmt.Sprint(left) != fmt.Sprint(row.left) {
				t.Errorf("left: got %q, want %q", left, row.left)
			}
		})
	}
}

// TestLogoutDuringTheSignIn shows that no session begins for a login that has ended while the
// portal waited for the tokens, and that one of a later login does.
func TestLogoutDuringTheSignIn(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*Handler, time.Time){
		"of a login": func(h *Handler, _ time.Time) { h.EndLogin("ada-1") },
		"of a user":  func(h *Handler, now time.Time) { h.EndUser("ada", now) },
		"of all":     func(h *Handler, _ time.Time) { h.Close() },
	} {
		synctest.Test(t, func(t *testing.T) {
			h := newTestHandler(t)
			begin := func(login string, issued time.Time) *Session {
				s := newSession(h.config, User{Subject: login[:3]})
				s.login, s.began = login, issued
				h.sessions.add(s)
				return s
			}
			issued := time.Now()
			time.Sleep(time.Second)
			end(h, time.Now())
			time.Sleep(10 * time.Second)
			if s := begin("ada-1", issued); visit(h, s.id) != http.StatusUnauthorized {
				t.Errorf("%s: the session goes on", name)
			}
			if s := begin("ada-2", time.Now()); (visit(h, s.id) == http.StatusOK) != (name != "of all") {
				t.Errorf("%s: a later login: %v", name, context.Cause(s.Context()))
			}
			time.Sleep(time.Minute)
			h.EndLogin("x")
			if n := len(h.sessions.ended); n != 1 {
				t.Errorf("%s: %d endings are kept, want the last", name, n)
			}
			h.Close()
			synctest.Wait()
		})
	}
}
