// Package seen remembers the ids of messages that count once.
package seen

import (
	"crypto/sha256"
	"errors"
	"maps"
	"sync"
	"time"
)

// bound is how many messages are remembered. Only an issuer can make genuine ones.
const bound = 16384

// sweepInterval is the time between two searches for ids that can be forgotten.
const sweepInterval = time.Second

var (
	// ErrSeen says that the message came before.
	ErrSeen = errors.New("the message came before")

	// ErrOther says that another message with this id came before.
	ErrOther = errors.New("another message with this id came before")

	// ErrFull says that no more ids can be kept.
	ErrFull = errors.New("too many messages within a short time")
)

// IDs has the ids of the messages that came, each until its time. The zero value has
// none. It is safe for concurrent use.
type IDs struct {
	mu       sync.Mutex // guards what follows
	messages map[string]message
	swept    time.Time
}

// message is a message that came.
type message struct {
	digest [sha256.Size]byte
	end    time.Time
}

// Find returns nil if no message of that id is remembered, else [ErrSeen] or [ErrOther].
func (s *IDs) Find(id, content string, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.findLocked(id, sha256.Sum256([]byte(content)), now)
}

func (s *IDs) findLocked(id string, digest [sha256.Size]byte, now time.Time) error {
	switch m, ok := s.messages[id]; {
	case !ok || now.After(m.end):
		return nil
	case m.digest != digest:
		return ErrOther
	}
	return ErrSeen
}

// Add remembers a message until a time. It returns the errors of [IDs.Find], and
// [ErrFull] if there is no room.
func (s *IDs) Add(id, content string, now, until time.Time) error {
	digest := sha256.Sum256([]byte(content))
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.findLocked(id, digest, now); err != nil {
		return err
	}
	if len(s.messages) >= bound && now.Sub(s.swept).Abs() >= sweepInterval {
		maps.DeleteFunc(s.messages, func(_ string, m message) bool { return now.After(m.end) })
		s.swept = now
	}
	if len(s.messages) >= bound {
		return ErrFull
	}
	if s.messages == nil {
		s.messages = map[string]message{}
	}
	s.messages[id] = message{digest, until}
	return nil
}

// Remove forgets a message, which may come again.
func (s *IDs) Remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.messages, id)
}
