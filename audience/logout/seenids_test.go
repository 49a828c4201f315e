package logout

import (
	"errors"
	"strconv"
	"testing"
	"time"
)

// TestSeenIDsAreBounded shows that an id is there until its time, that old ids make room,
// and that no id is forgotten for another.
func TestSeenIDsAreBounded(t *testing.T) {
	var s seenIDs
	now := time.Now()
	for n := range maxSeen {
		if err := s.add(strconv.Itoa(n), now, now.Add(time.Duration(n)*time.Second)); err != nil {
			t.Fatalf("id %d: %v", n, err)
		}
	}
	if err := s.add("one more", now, now.Add(time.Hour)); !errors.Is(err, errTooMany) {
		t.Errorf("one more: %v, want %v", err, errTooMany)
	}
	for n := range maxSeen {
		if err := s.add(strconv.Itoa(n), now, now.Add(time.Hour)); !errors.Is(err, ErrReplayed) {
			t.Fatalf("id %d again: %v, want %v", n, err, ErrReplayed)
		}
	}
	later := now.Add(10*time.Second + time.Millisecond)
	if err := s.add("one more", later, later.Add(time.Hour)); err != nil {
		t.Errorf("one more, after 11 have expired: %v", err)
	}
	if got, want := len(s.ends), maxSeen-10; got != want {
		t.Errorf("%d ids, want %d", got, want)
	}
	s.remove("one more")
	if err := s.add("one more", later, later.Add(time.Hour)); err != nil {
		t.Errorf("one that was removed: %v", err)
	}
}
