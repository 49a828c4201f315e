package verifier

import "time"

// Collide reports whether a token's verdict is found for another, whose digest
// differs in the last byte only.
func Collide() bool {
	keys := &keySet{}
	keys.current.Store(&snapshot{})
	now := time.Now()
	s := &set{}
	s.put(&entry{verdict: verdict{by: &issuer{keys: keys}, end: now.Add(time.Hour)}, key: digest{31: 1}}, now)
	return s.find(digest{31: 1}) == nil || s.find(digest{31: 2}) != nil
}
