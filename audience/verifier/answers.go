package verifier

import (
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"

	"github.com/grpcaud/grpcaud/audience"
)

const (
	maxActive   = 8192             // answers that are kept about active tokens
	maxInactive = 1024             // and about others
	inactiveTTL = 10 * time.Second // how long the latter count, at most
)

// answer is what an issuer said of a token, or why it cannot be known.
type answer struct {
	claims *audience.Claims // nil if there is an error
	err    error
	until  time.Time // when it must be asked again: wall time
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

func (a *answers) load(key tokenKey) *answer {
	now := time.Now()
	if kept := a.active.load(key, now); kept != nil {
		return kept
	}
	return a.inactive.load(key, now)
}

func (a *answers) store(key tokenKey, new *answer) {
	if new.err == nil {
		a.active.store(key, new)
	} else {
		a.inactive.store(key, new)
	}
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
	if !ok || !now.Before(kept.(*answer).until) {
		return nil
	}
	return kept.(*answer)
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

// shrinkLocked forgets what is out of date, and what goes beyond three quarters
// of the bound: any, since the order is that of random keys.
func (s *shelf) shrinkLocked(now time.Time) {
	s.count = 0
	s.answers.Range(func(key, kept any) bool {
		if now.Before(kept.(*answer).until) && s.count < s.bound*3/4 {
			s.count++
		} else {
			s.answers.Delete(key)
		}
		return true
	})
}
