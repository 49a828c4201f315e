package seen

import (
	"errors"
	"strconv"
	"testing"
	"time"
)

// TestIDsAreBounded shows that an id is there until its time, that old ids make room, and
// that no id is forgotten for another.
func TestIDsAreBounded(t *testing.T) {
	var s IDs
	now := time.Now()
	for n := range bound {
		if err := s.Add(strconv.Itoa(n), "", now, now.Add(time.Duration(n)*time.Second)); err != nil {
			t.Fatalf("id %d: %v", n, err)
		}
	}
	if err := s.Add("one more", "", now, now.Add(time.Hour)); !errors.Is(err, ErrFull) {
		t.Errorf("one more: %v, want %v", err, ErrFull)
	}
	for n := range bound {
		if err := s.Add(strconv.Itoa(n), "", now, now.Add(time.Hour)); !errors.Is(err, ErrSeen) {
			t.Fatalf("id %d again: %v, want %v", n, err, ErrSeen)
		}
	}
	later := now.Add(10*time.Second + time.Millisecond)
	if err := s.Add("one more", "", later, later.Add(time.Hour)); err != nil {
		t.Errorf("one more, after 11 have expired: %v", err)
	}
	if got, want := len(s.messages), bound-10; got != want {
		t.Errorf("%d ids, want %d", got, want)
	}
	s.Remove("one more")
	if err := s.Add("one more", "", later, later.Add(time.Hour)); err != nil {
		t.Errorf("one that was removed: %v", err)
	}
}

// TestAnotherMessageWithTheIDIsTold shows that an id stands for one content.
func TestAnotherMessageWithTheIDIsTold(t *testing.T) {
	var s IDs
	now := time.Now()
	if err := s.Find("1", "a", now); err != nil {
		t.Errorf("an id that never came: %v", err)
	}
	if err := s.Add("1", "a", now, now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	for content, want := range map[string]error{"a": ErrSeen, "b": ErrOther} {
		if err := s.Find("1", content, now); !errors.Is(err, want) {
			t.Errorf("Find(1, %q) = %v, want %v", content, err, want)
		}
		if err := s.Add("1", content, now, now.Add(time.Hour)); !errors.Is(err, want) {
			t.Errorf("Add(1, %q) = %v, want %v", content, err, want)
		}
	}
	if err := s.Find("1", "a", now.Add(time.Minute+1)); err != nil {
		t.Errorf("after its time: %v", err)
	}
}
