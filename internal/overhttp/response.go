package overhttp

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/grpcaud/grpcaud/internal/admission"
	"github.com/grpcaud/grpcaud/internal/leasing"
)

// past is a deadline that wakes whoever waits.
var past = time.Unix(1, 0)

// response is the response of a request that may be ended while its handler runs. It
// gives nobody the writer that it wraps, through which a handler could write on; for the
// same reason it is no [io.ReaderFrom], whose copy would go on. It is as safe for
// concurrent use as the writer of net/http.
type response struct {
	http.ResponseWriter // of which Header alone is not replaced

	admitted Admitted
	running  leasing.Lease
	ctx      context.Context // the handler's
	cancel   context.CancelCauseFunc
	once     sync.Once // for the end of the lease
	began    atomic.Bool
	end      atomic.Pointer[ended]

	mu   sync.Mutex // guards the fields below, and the use of control by others than the handler
	left bool       // the handler has returned, or the request was ended
	conn net.Conn   // which the handler has taken over; nil if it has not
}

func newResponse(w http.ResponseWriter, r *http.Request, a Admitted) *response {
	res := &response{ResponseWriter: w, admitted: a}
	res.ctx, res.cancel = context.WithCancelCause(admission.NewContext(r.Context(), a.Evidence))
	return res
}

func (r *response) control() *http.ResponseController {
	return http.NewResponseController(r.ResponseWriter)
}

// begin begins the lease. It may end the request at once.
func (r *response) begin() {
	r.admitted.Core.Leases.Begin(&r.running, r.admitted.Evidence, r.endWith)
}

// over returns why the request was ended; nil if it was not.
func (r *response) over() *ended { return r.end.Load() }

// endWith ends the request. It returns false if it was over.
func (r *response) endWith(d admission.Decision) bool {
	r.admitted.Evidence.End()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left {
		return false
	}
	r.left = true
	end := &ended{d.Err, d}
	r.end.Store(end)
	r.cancel(end)
	if r.conn != nil {
		_ = r.conn.Close() // there is nobody to tell
		r.leave()          // the handler may have returned long ago
		return true
	}
	_ = r.control().SetReadDeadline(past) // fails for writers of tests alone, as below
	if r.began.Load() {
		_ = r.control().SetWriteDeadline(r.admitted.lastWord())
	}
	return true
}

// lastWord returns until when a response that has begun, and was ended, may be written.
func (a Admitted) lastWord() time.Time {
	if a.Finish == nil {
		return past
	}
	return time.Now().Add(time.Second)
}

// returned marks the handler as returned. If it has taken over the connection, the lease
// goes on until the connection is closed.
func (r *response) returned() {
	r.mu.Lock()
	open := r.conn != nil && !r.left
	r.left = r.left || !open
	r.mu.Unlock()
	if !open {
		r.leave()
	}
}

// leave ends the lease of a request that is over.
func (r *response) leave() {
	r.once.Do(func() {
		r.admitted.Evidence.End()
		r.admitted.Core.Leases.End(&r.running)
		r.cancel(nil)
	})
}

// upgraded reports whether the handler has taken over the connection.
func (r *response) upgraded() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.conn != nil
}

// use returns why the response can no longer be used. If it can, and begins says so, its
// header counts as sent.
func (r *response) use(begins bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if end := r.over(); end != nil {
		return end
	}
	if begins && !r.began.Swap(true) {
		r.finishHeader()
	}
	return nil
}

// finishHeader adds to the header what it must have.
func (r *response) finishHeader() {
	if r.admitted.Vary {
		addVary(r.Header(), authorization)
	}
}

// WriteHeader implements [http.ResponseWriter].
func (r *response) WriteHeader(status int) {
	informs := status < http.StatusOK && status != http.StatusSwitchingProtocols
	if r.use(!informs) == nil {
		r.ResponseWriter.WriteHeader(status)
	}
}

// Write implements [http.ResponseWriter].
func (r *response) Write(p []byte) (int, error) {
	if err := r.use(true); err != nil {
		return 0, err
	}
	return r.ResponseWriter.Write(p)
}

// WriteString implements [io.StringWriter], as the writers of net/http do: otherwise each
// text would be copied.
func (r *response) WriteString(s string) (int, error) {
	if err := r.use(true); err != nil {
		return 0, err
	}
	return io.WriteString(r.ResponseWriter, s)
}

// Flush implements [http.Flusher].
func (r *response) Flush() { _ = r.FlushError() } // as net/http does

// FlushError is for [http.ResponseController].
func (r *response) FlushError() error {
	if err := r.use(true); err != nil {
		return err
	}
	return r.control().Flush()
}

// SetReadDeadline is for [http.ResponseController].
func (r *response) SetReadDeadline(t time.Time) error {
	return r.set(func() error { return r.control().SetReadDeadline(t) })
}

// SetWriteDeadline is for [http.ResponseController].
func (r *response) SetWriteDeadline(t time.Time) error {
	return r.set(func() error { return r.control().SetWriteDeadline(t) })
}

// EnableFullDuplex is for [http.ResponseController].
func (r *response) EnableFullDuplex() error { return r.set(r.control().EnableFullDuplex) }

// set changes the response unless the request was ended: its deadlines then stay.
func (r *response) set(f func() error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if end := r.over(); end != nil {
		return end
	}
	return f()
}

// Hijack implements [http.Hijacker]. The connection is closed when the request is ended.
func (r *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if !r.admitted.Upgrade {
		return nil, nil, http.ErrNotSupported
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if end := r.over(); end != nil {
		return nil, nil, end
	}
	conn, buffered, err := r.control().Hijack()
	if err != nil {
		return nil, nil, err
	}
	r.began.Store(true)
	r.conn = conn
	return &leasedConn{conn, r}, buffered, nil
}

// leasedConn is a connection that a handler has taken over. The lease of the request ends
// with it.
type leasedConn struct {
	net.Conn
	res *response
}

// Close implements [net.Conn].
func (c *leasedConn) Close() error {
	c.res.mu.Lock()
	c.res.left = true
	c.res.mu.Unlock()
	c.res.leave()
	return c.Conn.Close()
}
