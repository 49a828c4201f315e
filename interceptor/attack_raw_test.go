package interceptor_test

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"

	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// rawServer accepts calls that gRPC's own client would not send.
type rawServer struct {
	listener *bufconn.Listener
	client   *tls.Config
}

// listen starts a second server for a, which also has health, reflection, and a
// handler of all that is not registered.
func (a *testbed) listen(t *testing.T) *rawServer {
	t.Helper()
	ca := testutil.NewCA()
	cert := ca.Certificate(testutil.ServerName)
	server := grpc.NewServer(append(a.server.Options(), grpc.Creds(credentials.NewServerTLSFromCert(&cert)),
		grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error { return a.orders.called(stream.Context()) }))...)
	ordersv1.RegisterOrderStatusServer(server, a.orders)
	hrv1.RegisterHumanResourceServer(server, humanResource{})
	healthpb.RegisterHealthServer(server, health.NewServer())
	reflection.Register(server)
	r := &rawServer{bufconn.Listen(1 << 20), &tls.Config{RootCAs: ca.Pool(), ServerName: testutil.ServerName, NextProtos: []string{"h2"}}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.Serve(r.listener)
	}()
	t.Cleanup(func() {
		server.Stop()
		<-done
	})
	return r
}

// field is a header field of a request, which is sent unchanged.
type field = hpack.HeaderField

// call sends one request with an empty message on a connection of its own, and
// returns the answer as an error of package status, or the [http2.StreamError]
// that ended it.
func (r *rawServer) call(t *testing.T, path string, fields ...field) error {
	t.Helper()
	conn, err := r.listener.DialContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	secure := tls.Client(conn, r.client)
	if _, err := secure.Write([]byte(http2.ClientPreface)); err != nil {
		t.Fatal(err)
	}
	framer := http2.NewFramer(secure, secure)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	if err := request(framer, path, fields); err != nil {
		t.Fatal(err)
	}
	answer, err := answered(framer)
	switch {
	case errors.As(err, new(http2.StreamError)):
		return err
	case err != nil:
		t.Fatal(err)
	}
	return answer.err()
}

// request writes one request: its header in as many frames as it takes.
func request(framer *http2.Framer, path string, fields []field) error {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, f := range append([]field{
		{Name: ":method", Value: "POST"},
		{Name: ":scheme", Value: "https"},
		{Name: ":path", Value: path},
		{Name: ":authority", Value: testutil.ServerName},
		{Name: "content-type", Value: "application/grpc"},
		{Name: "te", Value: "trailers"},
	}, fields...) {
		if err := encoder.WriteField(f); err != nil {
			return err
		}
	}
	const frame = 16 << 10
	first := block.Next(frame)
	err := errors.Join(framer.WriteSettings(), framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: first, EndHeaders: block.Len() == 0}))
	for block.Len() > 0 {
		next := block.Next(frame)
		err = errors.Join(err, framer.WriteContinuation(1, block.Len() == 0, next))
	}
	return errors.Join(err, framer.WriteData(1, true, make([]byte, 5)))
}

// rawAnswer are the fields of an answer, those of the trailer included.
type rawAnswer map[string]string

// answered reads until the answer ends.
func answered(framer *http2.Framer) (rawAnswer, error) {
	answer := rawAnswer{}
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			return nil, err
		}
		switch f := frame.(type) {
		case *http2.MetaHeadersFrame:
			for _, field := range f.Fields {
				answer[field.Name] = field.Value
			}
			if f.StreamEnded() {
				return answer, nil
			}
		case *http2.RSTStreamFrame:
			return nil, http2.StreamError{StreamID: f.StreamID, Code: f.ErrCode}
		case *http2.GoAwayFrame:
			return nil, fmt.Errorf("connection closed: %v %s", f.ErrCode, f.DebugData())
		}
	}
}

// err returns the status that an answer carries.
func (a rawAnswer) err() error {
	if data, err := base64.RawStdEncoding.DecodeString(a["grpc-status-details-bin"]); err == nil && len(data) > 0 {
		var s spb.Status
		if err := proto.Unmarshal(data, &s); err != nil {
			return err
		}
		return status.ErrorProto(&s)
	}
	code, err := strconv.ParseUint(a["grpc-status"], 10, 32)
	if err != nil {
		return fmt.Errorf("answer %v without a status", a)
	}
	return status.Error(codes.Code(code), a["grpc-message"])
}
