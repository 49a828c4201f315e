package connectguard

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"slices"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/internal/admission"
	"github.com/grpcaud/grpcaud/internal/overhttp"
)

// statusFunc returns the gRPC status of a refusal, as [serving.Core] has it.
type statusFunc func(ctx context.Context, method string, d admission.Decision) error

// errorOf returns a refusal as Connect has errors, with the details that gRPC's has.
func errorOf(r *http.Request, d admission.Decision, of statusFunc) *connect.Error {
	md := metadata.MD{}
	for name, values := range r.Header {
		md.Append(name, values...)
	}
	st := status.Convert(of(metadata.NewIncomingContext(r.Context(), md), r.URL.Path, d))
	refusal := connect.NewError(connect.Code(st.Code()), errors.New(st.Message()))
	for _, detail := range st.Proto().GetDetails() {
		if known, err := connect.NewErrorDetail(detail); err == nil {
			refusal.AddDetail(known)
		}
	}
	return refusal
}

// refuse tells the peer of a call that it is refused, in the protocol of the call.
func (g *guard) refuse(w http.ResponseWriter, r *http.Request, d admission.Decision, of statusFunc) {
	refusal := errorOf(r, d, of)
	overhttp.SetRefusalHeader(w.Header(), d, "")
	overhttp.LeaveBody(w, r)
	_ = g.errors.Write(w, r, refusal) // fails only if the peer has left
}

// finish ends a stream that has begun with an error, in the protocol of the call. It
// cannot between the two halves of a message.
func (g *guard) finish(w http.ResponseWriter, r *http.Request, frames *frameWriter, d admission.Decision) bool {
	if !frames.whole() {
		return false
	}
	last := &recorder{header: http.Header{}}
	if err := g.errors.Write(last, r, errorOf(r, d, g.core.EndError)); err != nil {
		return false
	}
	var end []byte
	switch kind := r.Header.Get("Content-Type"); {
	case strings.HasPrefix(kind, "application/connect+"):
		end = last.body.Bytes()
	case strings.HasPrefix(kind, "application/grpc-web"):
		end = webTrailer(last.header)
	case strings.HasPrefix(kind, "application/grpc"):
		setTrailer(w.Header(), last.header)
	default: // a unary call, whose answer has no place for an error
		return false
	}
	_, err := w.Write(end)
	return err == nil && http.NewResponseController(w).Flush() == nil
}

// statusKeys are what gRPC ends a call with.
var statusKeys = []string{"Grpc-Status", "Grpc-Message", "Grpc-Status-Details-Bin"}

// setTrailer replaces the trailer that the handler may have written.
func setTrailer(header, status http.Header) {
	for name := range header {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			delete(header, name)
		}
	}
	for _, key := range statusKeys {
		if value := status[key]; value != nil {
			header[http.TrailerPrefix+key] = value
		}
	}
}

// webTrailer returns the frame with which gRPC-Web ends a stream.
func webTrailer(status http.Header) []byte {
	var text bytes.Buffer
	for _, key := range statusKeys {
		if value := status.Get(key); value != "" {
			fmt.Fprintf(&text, "%s: %s\r\n", strings.ToLower(key), textproto.TrimString(value))
		}
	}
	frame := []byte{0x80}
	frame = binary.BigEndian.AppendUint32(frame, uint32(text.Len()))
	return slices.Concat(frame, text.Bytes())
}

// recorder keeps what is written to it.
type recorder struct {
	header http.Header
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(int)             {}
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }
