package testutil

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"strconv"
)

// wire carries one request to a handler and its response back. The handler uses it as
// its [http.ResponseWriter], the client as the body of the response.
type wire struct {
	sent     *http.Request  // by the client
	request  *http.Request  // as the handler receives it
	ready    chan struct{}  // closed when response is set, or will never be
	response *http.Response // nil if the handler aborted before it responded
	header   http.Header
	in       *io.PipeReader
	out      *io.PipeWriter
	hangUp   context.CancelFunc // ends the handler's context
}

// newWire returns a wire for r, which its handler receives as from a server.
func newWire(r *http.Request) *wire {
	ctx, cancel := context.WithCancel(r.Context())
	w := &wire{sent: r, request: r.Clone(ctx), ready: make(chan struct{}), header: http.Header{}, hangUp: cancel}
	w.in, w.out = io.Pipe()
	w.request.RequestURI = r.URL.RequestURI()
	if w.request.Host == "" {
		w.request.Host = r.URL.Host
	}
	if w.request.Body == nil {
		w.request.Body = http.NoBody
	}
	context.AfterFunc(ctx, func() { w.out.CloseWithError(ctx.Err()) })
	return w
}

// serve runs h to its end. As in [http.Server], [http.ErrAbortHandler] aborts the
// response; any other panic is a mistake in the test.
func (w *wire) serve(h http.Handler) {
	defer w.hangUp()
	defer w.request.Body.Close()
	defer func() {
		switch p := recover(); {
		case p == nil:
			w.WriteHeader(http.StatusOK)
			w.out.Close()
		case p != http.ErrAbortHandler:
			panic(p)
		case w.response == nil:
			close(w.ready)
		default:
			w.out.CloseWithError(cmp.Or(w.sent.Context().Err(), io.ErrUnexpectedEOF)) // the handler may abort because the request has ended
		}
	}()
	h.ServeHTTP(w, w.request)
}

func (w *wire) Header() http.Header { return w.header }

func (w *wire) WriteHeader(code int) {
	if w.response != nil {
		return
	}
	length, err := strconv.ParseInt(w.header.Get("Content-Length"), 10, 64)
	if err != nil {
		length = -1
	}
	w.response = &http.Response{
		Status:     strconv.Itoa(code) + " " + http.StatusText(code),
		StatusCode: code,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        w.header.Clone(),
		Body:          w,
		ContentLength: length,
		Request:       w.sent,
	}
	close(w.ready)
}

func (w *wire) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.out.Write(b)
}

// Flush sends the header; nothing that is written is buffered.
func (w *wire) Flush() { w.WriteHeader(http.StatusOK) }

func (w *wire) Read(b []byte) (int, error) { return w.in.Read(b) }

func (w *wire) Close() error {
	w.hangUp()
	return w.in.Close()
}
