package verifier

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"github.com/grpcaud/grpcaud/audience"
)

const (
	maxActive   = 8192             // answers that are kept about active tokens
	maxInactive = 1024             // and about others
	inactiveTTL = 10 * time.Second // how long the latter count, at most

	maxStaleAnswer = 60 * time.Second // how long an answer may be given after its time, while the issuer cannot be asked
)

// answer is what an issuer said of a token, or why it cannot be known.
type answer struct {
	claims *audience.Claims // nil if there is an error
	err    error
	until  time.Time // when it must be asked again: wall time
	stale  time.Time // until when it may be given all the same, while the issuer cannot be asked
	end    time.Time // when it is forgotten: until then, it tells that the token was active
}

// tokenKey stands for a token, which cannot be read back from it, nor be made
// to collide with another.
type tokenKey [sha256.Size]byte

// answers keeps what an issuer said of its tokens. Good and bad ones have
// bounds of their own: a flood of forged tokens pushes no good one out.
type answers struct {
	salt             [sha256.Size]byte
	active, inactive shelf
}

func newAnswers() *answers {
	a := &answers{active: shelf{bound: maxActive}, inactive: shelf{bound: maxInactive}}
	rand.Read(a.salt[:])
	return a
}

func (a *answers) key(raw string) tokenKey {
	salted := make([]byte, 0, sha256.Size+len(raw))
	return sha256.Sum256(append(append(salted, a.salt[:]...), raw...))
}

// fresh returns what counts of a token now, nil if it must be asked about.
func (a *answers) fresh(key tokenKey, now time.Time) *answer {
	for _, s := range []*shelf{&a.active, &a.inactive} {
		if kept := s.load(key, now); kept != nil && now.Before(kept.until) {
			return kept
		}
	}
	return nil
}

// lastActive returns the last answer about a token, however old, if that was active
// and the token has not ended; else nil.
func (a *answers) lastActive(key tokenKey, now time.Time) *answer { return a.active.load(key, now) }

// store keeps an answer. That a token is not active replaces what was said before;
// that nothing was found out does not.
func (a *answers) store(key tokenKey, new *answer) {
	if new.err == nil {
		a.active.store(key, new)
		a.inactive.drop(key)
		return
	}
	if !errors.Is(new.err, audience.CauseIntrospectionUnavailable) {
		a.active.drop(key)
	}
	a.inactive.store(key, new)
}

// shelf keeps so many answers. Reading takes no lock.
type shelf struct {
	bound   int
	answers sync.Map // of tokenKey to *answer

	mu    sync.Mutex // serialises changes
	count int        // of answers
}

func (s *shelf) load(key tokenKey, now time.Time) *answer {
	kept, ok := s.answers.Load(key)
	if !ok || !now.Before(kept.(*answer).end) {
		return nil
	}
	return kept.(*answer)
}

func (s *shelf) drop(key tokenKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.answers.LoadAndDelete(key); there {
		s.count--
	}
}

func (s *shelf) store(key tokenKey, new *answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, again := s.answers.Swap(key, new); again {
		return
	}
	if s.count++; s.count > s.bound {
		s.shrinkLocked(time.Now())
	}
}

// shrinkLocked forgets what has ended, and what goes beyond three quarters of the
// bound: first answers that are of no use any more but to tell that a token was
// active, then any, since the order is that of random keys.
func (s *shelf) shrinkLocked(now time.Time) {
	most := s.bound * 3 / 4
	s.forgetLocked(0, func(a *answer) bool { return !now.Before(a.end) })
	s.forgetLocked(most, func(a *answer) bool { return !now.Before(a.stale) })
	s.forgetLocked(most, func(*answer) bool { return true })
}

// forgetLocked deletes answers that are of no use, down to that many.
func (s *shelf) forgetLocked(least int, useless func(*answer) bool) {
	s.answers.Range(func(key, kept any) bool {
		if s.count > least && useless(kept.(*answer)) {
			s.answers.Delete(key)
			s.count--
		}
		return s.count > least
	})
}
