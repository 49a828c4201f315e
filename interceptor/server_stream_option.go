package interceptor

import (
	"fmt"
	"time"
)

// StreamGrace sets how long a stream may go on after its token has ended. A token
// ends at exp plus the leeway of the issuer. The default is zero.
func StreamGrace(d time.Duration) ServerOption {
	return serverOption(func(o *serverOptions) {
		if o.config.StreamGrace = d; d < 0 {
			o.refuse(fmt.Errorf("interceptor: stream grace of %v, want 0 or more", d))
		}
	})
}

// CheckOnReceive ends streams in the goroutines of their handlers: the next RecvMsg
// or SendMsg returns the status, and the handler's context is cancelled. This saves
// one goroutine for each stream. But a handler that waits for a message of its client
// is not woken, and the client is not told that the stream has ended. By default,
// streams are ended in time.
func CheckOnReceive() ServerOption {
	return serverOption(func(o *serverOptions) { o.inPlace = true })
}

// InsecureIgnoreStreamExpiry lets streams go on after their tokens have ended,
// with no limit. By default streams end with their tokens. Revocations and new
// policies still end them.
func InsecureIgnoreStreamExpiry() ServerOption {
	return serverOption(func(o *serverOptions) { o.config.IgnoreStreamExpiry = true })
}
