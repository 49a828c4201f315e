package connectguard

import (
	"encoding/binary"
	"net/http"
)

// frameWriter is the response of a stream. It knows whether what was written ends with a
// whole message: each has a byte of flags and its length before it, in all protocols.
type frameWriter struct {
	http.ResponseWriter
	prefix []byte // the part of a prefix that was written
	rest   uint32 // of the message
}

// Write implements [http.ResponseWriter].
func (f *frameWriter) Write(p []byte) (int, error) {
	n, err := f.ResponseWriter.Write(p)
	f.count(p[:n])
	return n, err
}

// Flush implements [http.Flusher].
func (f *frameWriter) Flush() { _ = http.NewResponseController(f.ResponseWriter).Flush() }

// Unwrap is for [http.ResponseController].
func (f *frameWriter) Unwrap() http.ResponseWriter { return f.ResponseWriter }

// whole reports whether all that was written are whole messages.
func (f *frameWriter) whole() bool { return f.rest == 0 && len(f.prefix) == 0 }

func (f *frameWriter) count(p []byte) {
	for len(p) > 0 {
		if f.rest > 0 {
			n := min(len(p), int(f.rest))
			f.rest, p = f.rest-uint32(n), p[n:]
			continue
		}
		n := min(len(p), 5-len(f.prefix))
		f.prefix, p = append(f.prefix, p[:n]...), p[n:]
		if len(f.prefix) == 5 {
			f.rest, f.prefix = binary.BigEndian.Uint32(f.prefix[1:]), f.prefix[:0]
		}
	}
}
