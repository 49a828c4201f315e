package connectguard

import (
	"net/http/httptest"
	"testing"
)

// FuzzFrames shows that a writer knows whether messages are whole, in whatever pieces they
// are written.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("hello"), uint8(3), uint8(2))
	f.Add([]byte{}, uint8(1), uint8(1))
	f.Fuzz(func(t *testing.T, message []byte, messages, piece uint8) {
		if len(message) > 1<<10 || piece == 0 {
			t.Skip()
		}
		var all []byte
		ends := map[int]bool{0: true}
		for range messages {
			all = append(all, 0, 0, 0, byte(len(message)>>8), byte(len(message)))
			all = append(all, message...)
			ends[len(all)] = true
		}
		w := &frameWriter{ResponseWriter: httptest.NewRecorder()}
		for at := 0; at < len(all); {
			n := min(int(piece), len(all)-at)
			if _, err := w.Write(all[at : at+n]); err != nil {
				t.Fatal(err)
			}
			if at += n; w.whole() != ends[at] {
				t.Fatalf("after %d bytes: whole is %t, want %t", at, w.whole(), ends[at])
			}
		}
	})
}
