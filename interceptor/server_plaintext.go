package interceptor

import "github.com/grpcaud/grpcaud/internal/admission"

// forServer returns over which connections a server admits tokens.
func (w wire) forServer() admission.Plaintext {
	return admission.Plaintext{Loopback: w.plaintext == Loopback, Any: w.meshed(), Hint: w.hint()}
}

// hint says what the operator can do about a call whose connection others can
// read.
func (w wire) hint() string {
	covers := "AllowPlaintext(Loopback) covers only calls from a loopback address or a unix socket of this machine"
	if w.plaintext == Loopback {
		return covers + ", which this is not: serve with TLS (grpc.Creds), or name the mesh that encrypts with interceptor.AllowPlaintext(Mesh(name))"
	}
	return "serve with TLS (grpc.Creds); while you develop on this machine: interceptor.NewServer(policy, services, interceptor.AllowPlaintext(interceptor.Loopback)); " + covers + ", AllowPlaintext(Mesh(name)) those that a mesh encrypts"
}
