package access_test

import (
	"testing"

	"github.com/grpcaud/grpcaud/audience/access"
)

// TestNewRefusesNames shows that what is named in a matrix is a name, and one
// that the matrix knows.
func TestNewRefusesNames(t *testing.T) {
	client := func(name string, c access.Client) func(*access.Matrix) {
		return func(m *access.Matrix) { m.Clients[name] = c }
	}
	service := func(name, grpc string, audiences ...string) func(*access.Matrix) {
		return func(m *access.Matrix) {
			m.Services[name] = access.Service{Issuers: []string{"corp"}, GRPC: []string{grpc}, Audiences: audiences}
		}
	}
	public := func(entry string) func(*access.Matrix) {
		return func(m *access.Matrix) { m.Public = []string{entry} }
	}
	for _, row := range []struct {
		change func(*access.Matrix)
		want   string
	}{
		{func(m *access.Matrix) { m.Services = nil }, "services: no service"},
		{client("", access.Client{Issuer: "corp"}), "is not a name"},
		{client("a b", access.Client{Issuer: "corp"}), "is not a name"},
		{client("x", access.Client{Issuer: "crop"}), "clients.x.issuer: unknown issuer"},
		{client("x", access.Client{Issuer: "corp", ID: "x "}), "clients.x.id"},
		{service("a b", "a.B"), "is not a name"},
		{service("x", "a.B", ""), "or is empty"},
		{service("x", "a.1B"), "services.x.grpc[0]"},
		{public("grpc.health..Health/Check"), "is not the full name"},
		{public("a.B/C/D"), "is not a method"},
	} {
		newRefuses(t, row.change, row.want)
	}
}
