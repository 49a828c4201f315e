package interceptor

import (
	"fmt"
	"time"
)

// StreamGrace sets how long a stream may go on after its token has ended, which
// is at exp and the leeway of the issuer. The default is zero.
func StreamGrace(d time.Duration) ServerOption {
	return serverOption(func(o *serverOptions) {
		if o.config.StreamGrace = d; d < 0 {
			o.refuse(fmt.Errorf("interceptor: stream grace of %v, want 0 or more", d))
		}
	})
}

// CheckOnReceive ends streams in their handlers' own goroutines: the next
// RecvMsg or SendMsg returns the status, and the handler's context is cancelled.
// A handler that waits for its client is not woken, nor is the client told, so
// the default is to end streams in time, at the price of a goroutine for each.
func CheckOnReceive() ServerOption {
	return serverOption(func(o *serverOptions) { o.inPlace = true })
}

// InsecureIgnoreStreamExpiry lets streams go on after their tokens have ended,
// for as long as both sides like. By default they end. Revocations and new
// policies still end them.
func InsecureIgnoreStreamExpiry() ServerOption {
	return serverOption(func(o *serverOptions) { o.config.IgnoreStreamExpiry = true })
}
