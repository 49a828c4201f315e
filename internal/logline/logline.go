// Package logline bounds the log lines that strangers can cause.
package logline

import (
	"sync"
	"time"
)

// interval is the time between two lines of one kind.
const interval = time.Second

// Limiter allows one line a second for each kind. There must be few kinds. The zero value
// is ready, and it is safe for concurrent use.
type Limiter struct {
	mu    sync.Mutex // guards kinds
	kinds map[string]*kind
}

// kind is what lines that are written together have in common.
type kind struct {
	next     time.Time // no further line before
	repeated uint64    // without a line
}

// Allow reports whether a line of this kind is written, and how many before it were not.
func (l *Limiter) Allow(name string) (repeated uint64, ok bool) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.kinds[name]
	if k == nil {
		if l.kinds == nil {
			l.kinds = map[string]*kind{}
		}
		k = &kind{}
		l.kinds[name] = k
	}
	if now.Before(k.next) {
		k.repeated++
		return 0, false
	}
	repeated, k.repeated, k.next = k.repeated, 0, now.Add(interval)
	return repeated, true
}
