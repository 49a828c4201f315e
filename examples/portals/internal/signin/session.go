package signin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"
)

// Ending is why a session has ended, in words for its user. It is the cause of the session's
// context.
type Ending string

// Why a session has ended.
const (
	ErrSignedOut Ending = "You have signed out on another page."
	ErrElsewhere Ending = "You have signed out in another place."
	ErrIdle      Ending = "Nothing was done here for a while."
	ErrTooOld    Ending = "You signed in many hours ago."
	ErrReplaced  Ending = "You have signed in again in this browser."
	ErrStopped   Ending = "The portal is being stopped."
	ErrNoToken   Ending = "The identity provider asks you to sign in again."
)

// Error implements error.
func (e Ending) Error() string { return string(e) }

// Session is a user who is signed in, in one browser.
type Session struct {
	User   User
	Form   string             // the token that each form of the session repeats
	Tokens oauth2.TokenSource // the user's access token, refreshed when it nears its end

	id      string
	login   string    // sid: the login at the provider
	began   time.Time // by the clock of the provider
	idToken string    // for signing out
	ctx     context.Context
	calls   context.Context // in which the portal calls for the user; ends with ctx
	end     context.CancelCauseFunc
	idle    *time.Timer
	open    atomic.Int32  // pages that are followed
	limit   time.Duration // of idle
}

// User is who is signed in.
type User struct {
	Subject string
	Name    string // for display only
}

func newSession(c Config, user User) *Session {
	s := &Session{User: user, Form: rand.Text(), id: rand.Text(), limit: c.Idle}
	ctx, end := context.WithCancelCause(context.Background())
	ctx, cancel := context.WithTimeoutCause(ctx, c.Life, ErrTooOld)
	s.ctx, s.end = ctx, func(cause error) {
		end(cause)
		cancel()
	}
	s.idle = time.AfterFunc(c.Idle, func() { s.end(ErrIdle) })
	return s
}

// Context ends with the session; [context.Cause] says why, in words for the user.
func (s *Session) Context() context.Context { return s.ctx }

// Calls returns a context for calls for the user, which ends with the session and with ctx.
func (s *Session) Calls(ctx context.Context) (context.Context, context.CancelFunc) {
	calls, cancel := context.WithCancel(s.calls)
	stop := context.AfterFunc(ctx, cancel)
	return calls, func() {
		stop()
		cancel()
	}
}

// End ends the session.
func (s *Session) End(why error) {
	s.idle.Stop()
	s.end(why)
}

// touch begins the idle time again. It reports whether the session goes on.
func (s *Session) touch() bool {
	if s.ctx.Err() != nil || !s.idle.Reset(s.limit) {
		s.End(ErrIdle)
		return false
	}
	return true
}

// Owns reports whether a form is one of this session: no other site can know its token.
func (s *Session) Owns(form string) bool {
	return subtle.ConstantTimeCompare([]byte(form), []byte(s.Form)) == 1
}
