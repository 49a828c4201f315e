package dev

import (
	"fmt"
	"slices"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// exampleAddr is where the server of an example listens.
const exampleAddr = "127.0.0.1:8080"

// anyMethod stands in an example for a method that no entry of the matrix names.
const anyMethod = "METHOD"

// example is a call that shows what the matrix does.
type example struct {
	client, service, method string
	anyway                  bool // the client may not call the service at all
}

// line returns the command that makes the call.
func (e example) line(matrix, flags string) string {
	text := fmt.Sprintf("grpcaud call %s --as %s --for %s --addr %s --plaintext", output.ShellWord(matrix), output.ShellWord(e.client), output.ShellWord(e.service), exampleAddr)
	if e.anyway {
		text += " --anyway"
	}
	return text + " " + output.ShellWord(e.method) + flags // descriptors can have any text
}

// examples returns a call that is admitted and one that is refused, by the same server if
// the matrix has such a pair. An example without a client means that there is none.
func (s *Server) examples() (yes, no example) {
	m := s.issuers.Policy().Matrix()
	for _, service := range files.GuardedServiceNames(m) {
		if len(m.Services[service].GRPC) == 0 {
			continue // an example is a gRPC call
		}
		admitted, refused := s.examplesAt(m, service)
		if yes.client == "" || admitted.client != "" && refused.client != "" {
			yes, no = admitted, refused
		}
		if yes.client != "" && no.client != "" {
			return yes, no
		}
	}
	if yes.client != "" {
		no = s.unasked(m, yes)
	}
	return yes, no
}

// hasGRPC reports whether some service is called over gRPC.
func (s *Server) hasGRPC() bool {
	for _, service := range s.issuers.Policy().Matrix().Services {
		if len(service.GRPC) > 0 {
			return true
		}
	}
	return false
}

// forUsers reports whether some client gets tokens for some service. If no call can be an
// example all the same, they are tokens of users.
func (s *Server) forUsers() bool {
	policy := s.issuers.Policy()
	m := policy.Matrix()
	for _, client := range files.ClientNames(m) {
		for _, service := range files.GuardedServiceNames(m) {
			if _, err := policy.Target(client, service); err == nil {
				return true
			}
		}
	}
	return false
}

// examplesAt returns calls of one service, of clients that get a token for it.
func (s *Server) examplesAt(m access.Matrix, service string) (yes, no example) {
	for _, client := range files.ClientNames(m) {
		if _, err := s.issuers.Policy().Target(client, service); err != nil {
			continue
		}
		for _, method := range s.methods(m.Services[service]) {
			e := example{client: client, service: service, method: method}
			switch err := s.judge(m, e); {
			case err == nil && yes.client == "":
				yes = e
			case err != nil && no.client == "" && method != anyMethod:
				no = e
			}
		}
	}
	return yes, no
}

// unasked returns the call of a client that gets no token for the service of another call.
func (s *Server) unasked(m access.Matrix, admitted example) example {
	for _, client := range files.ClientNames(m) {
		if _, err := s.issuers.Policy().Target(client, admitted.service); err != nil {
			return example{client: client, service: admitted.service, method: admitted.method, anyway: true}
		}
	}
	return example{}
}

// methods returns the methods of a service that are known by name, and last one that is not.
func (s *Server) methods(service access.Service) []string {
	methods := slices.Concat(files.MethodNames(service), service.Closed)
	for _, grpc := range service.GRPC {
		methods = append(methods, s.options.Methods[grpc]...)
	}
	return append(methods, anyMethod)
}

// judge says why a call is refused.
func (s *Server) judge(m access.Matrix, e example) error {
	return s.issuers.Judge(e.client, e.service, "/"+m.Services[e.service].GRPC[0]+"/"+e.method)
}
