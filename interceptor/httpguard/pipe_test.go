package httpguard_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// pipes is a listener of connections in memory, which work in a bubble of
// [testing/synctest] and have buffers and deadlines as sockets have.
type pipes struct {
	conns   chan net.Conn
	closed  chan struct{}
	once    sync.Once
	address net.Addr // of both ends of each connection
}

func listen(address string) *pipes {
	return &pipes{conns: make(chan net.Conn), closed: make(chan struct{}), address: net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address))}
}

func (p *pipes) dial(ctx context.Context) (net.Conn, error) {
	there, back := newPipe(), newPipe()
	select {
	case p.conns <- &end{there, back, p.address}:
		return &end{back, there, p.address}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Addr() net.Addr { return p.address }

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// end is one end of a connection.
type end struct {
	in, out *pipe
	address net.Addr
}

func (e *end) Read(p []byte) (int, error)  { return e.in.read(p) }
func (e *end) Write(p []byte) (int, error) { return e.out.write(p) }
func (e *end) LocalAddr() net.Addr         { return e.address }
func (e *end) RemoteAddr() net.Addr        { return e.address }

func (e *end) Close() error {
	e.in.close(io.ErrClosedPipe)
	e.out.close(io.EOF)
	return nil
}

func (e *end) SetDeadline(t time.Time) error {
	_ = e.SetReadDeadline(t)
	return e.SetWriteDeadline(t)
}

func (e *end) SetReadDeadline(t time.Time) error {
	e.in.setDeadline(&e.in.reader, t)
	return nil
}

func (e *end) SetWriteDeadline(t time.Time) error {
	e.out.setDeadline(&e.out.writer, t)
	return nil
}

// pipe is one direction of a connection, with a buffer.
type pipe struct {
	mu             sync.Mutex // guards the fields below
	changed        *sync.Cond
	buffer         bytes.Buffer
	ended          error // what a reader gets after the rest of the buffer
	reader, writer deadline
}

type deadline struct {
	at    time.Time
	timer *time.Timer
}

func (d *deadline) over() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

// maxBuffer is how much a pipe holds before writers wait.
const maxBuffer = 64 << 10

func newPipe() *pipe {
	p := &pipe{}
	p.changed = sync.NewCond(&p.mu)
	return p
}

func (p *pipe) read(to []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		switch {
		case p.ended == io.ErrClosedPipe:
			return 0, p.ended
		case p.reader.over():
			return 0, os.ErrDeadlineExceeded
		case p.buffer.Len() > 0:
			p.changed.Broadcast()
			return p.buffer.Read(to)
		case p.ended != nil:
			return 0, p.ended
		}
		p.changed.Wait()
	}
}

func (p *pipe) write(from []byte) (n int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(from) > 0 {
		switch room := maxBuffer - p.buffer.Len(); {
		case p.ended != nil:
			return n, io.ErrClosedPipe
		case p.writer.over():
			return n, os.ErrDeadlineExceeded
		case room > 0:
			written, _ := p.buffer.Write(from[:min(room, len(from))])
			n, from = n+written, from[written:]
			p.changed.Broadcast()
		default:
			p.changed.Wait()
		}
	}
	return n, nil
}

func (p *pipe) close(with error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended == nil || with == io.ErrClosedPipe {
		p.ended = with
	}
	p.reader.stop()
	p.writer.stop()
	p.changed.Broadcast()
}

func (p *pipe) setDeadline(d *deadline, t time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	d.stop()
	d.at = t
	if !t.IsZero() {
		d.timer = time.AfterFunc(time.Until(t), func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.changed.Broadcast()
		})
	}
	p.changed.Broadcast()
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
}
