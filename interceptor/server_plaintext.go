package interceptor

import "github.com/grpcaud/grpcaud/internal/admission"

// forServer returns the connections over which a server admits tokens.
func (w wire) forServer() admission.Plaintext {
	return admission.Plaintext{Loopback: w.plaintext == Loopback, Any: w.allowsMesh(), Hint: w.hint()}
}

// hint says what the operator can do about a connection that others can read.
func (w wire) hint() string {
	hint := "let the server use TLS; if a service mesh such as Istio encrypts the way from there, and only the mesh reaches the server's port, " +
		"let the program say so: AllowPlaintext with Mesh and the mesh's name"
	if w.plaintext == Loopback {
		return hint
	}
	return hint + "; for clients and proxies on the server's own machine, as while you develop, there is the option interceptor.AllowPlaintext(interceptor.Loopback) of interceptor.NewServer"
}
