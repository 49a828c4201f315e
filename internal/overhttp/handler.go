package overhttp

import (
	"io"
	"maps"
	"net/http"

	"github.com/grpcaud/grpcaud/internal/admission"
	"github.com/grpcaud/grpcaud/internal/serving"
)

// Admitted is a request that was let through, and what its response has.
type Admitted struct {
	Core     *serving.Core
	Evidence *admission.Evidence

	// Upgrade lets the handler take over the connection.
	Upgrade bool

	// Vary says that the answer depends on the token.
	Vary bool

	// Refuse tells the peer that the request was ended before the handler wrote anything.
	Refuse func(http.ResponseWriter, *http.Request, admission.Decision)

	// Finish ends a response that has begun so that the peer knows why. It reports whether
	// it could, and has a second to write what that takes. If it is nil, or could not, the
	// response is cut off.
	Finish func(http.ResponseWriter, admission.Decision) bool
}

// Serve runs the handler of a request. It ends the request when it would no longer be
// admitted: the context of the handler is cancelled, what the handler reads and writes
// fails, and when the handler returns, the peer is told of the refusal; if the response
// has begun, it is finished or cut off instead, so that the peer cannot take it for
// complete.
func (a Admitted) Serve(w http.ResponseWriter, r *http.Request, handler http.Handler) {
	var before http.Header // what handlers around the guard have set
	if header := w.Header(); len(header) > 0 {
		before = maps.Clone(header)
	}
	res := newResponse(w, r, a)
	defer res.returned()
	res.begin()
	if res.over() == nil {
		handler.ServeHTTP(res, res.forHandler(r, a))
	}
	res.returned()
	end := res.over()
	switch {
	case end == nil && !res.began.Load():
		res.finishHeader() // net/http will send it
	case end == nil:
	case res.upgraded():
	case !res.began.Load():
		clear(w.Header())
		maps.Copy(w.Header(), before)
		if r.ProtoMajor == 1 {
			w.Header().Set("Connection", "close") // its reading has ended
		}
		a.Refuse(w, r, end.decision)
	case a.Finish != nil && a.Finish(w, end.decision) && r.ProtoMajor > 1:
	default: // also the connection of HTTP/1 that was told: it would keep the deadlines, and the rest of a body
		panic(http.ErrAbortHandler)
	}
}

// forHandler returns the request as the handler gets it: with the context of res, and
// without the headers that handlers must not see. Trailers, which come after the request
// was judged, are left out.
func (res *response) forHandler(r *http.Request, a Admitted) *http.Request {
	out := r.WithContext(res.ctx)
	out.Header, out.Trailer = maps.Clone(r.Header), nil
	for _, name := range OtherTargets {
		delete(out.Header, name)
	}
	if !a.Upgrade {
		delete(out.Header, "Upgrade")
		delete(out.Header, "Http2-Settings")
	}
	a.Core.Headers.Apply(out.Header, a.Evidence.Reveal(), r.Header[authorization])
	if r.Body != nil && r.Body != http.NoBody {
		out.Body = body{r.Body, res}
	}
	return out
}

// body is the body of a request. It cannot be read after the request was ended.
type body struct {
	io.ReadCloser
	res *response
}

func (b body) Read(p []byte) (int, error) {
	if end := b.res.over(); end != nil {
		return 0, end
	}
	n, err := b.ReadCloser.Read(p)
	if end := b.res.over(); end != nil {
		return 0, end
	}
	return n, err
}

// ended is why a request was ended while its handler ran. It is the cause of the end of
// the handler's context.
type ended struct {
	error
	decision admission.Decision
}

// Unwrap returns the refusal.
func (e *ended) Unwrap() error { return e.error }
