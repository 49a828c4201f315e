package access

import (
	"errors"
	"fmt"
	"slices"
)

// ForService returns the policy of one service without an access matrix in a file:
// the issuer of its tokens, the audience that they must have, the full names of the
// gRPC services it consists of ("acme.orders.v1.OrderStatus"), and who may call.
// The audience is also the name of the service, for [Policy.Guard].
//
// The policy is as strict as one from a file. Each [Allow] names its clients by the
// ids that tokens call them by, or sets AnyClient; and its scopes, or sets
// NoScopes. An Allow without Methods is for all methods. At least one Allow is
// required. The error is the same as the error of [New].
func ForService(issuer Issuer, audience string, grpc []string, allow ...Allow) (*Policy, error) {
	const name = "issuer" // of the issuer in the matrix
	if err := complete(audience, grpc, allow); err != nil {
		return nil, err
	}
	m := Matrix{
		Issuers:  map[string]Issuer{name: issuer},
		Services: map[string]Service{audience: {GRPC: slices.Clone(grpc), Allow: slices.Clone(allow)}},
		Clients:  map[string]Client{},
	}
	for i := range allow {
		if a := &m.Services[audience].Allow[i]; len(a.Methods) == 0 {
			a.Methods = []string{"*"}
		}
		for _, client := range allow[i].Clients {
			m.Clients[client] = Client{}
		}
	}
	return New(m)
}

// complete checks that nothing is left out, in the words of Go.
func complete(audience string, grpc []string, allow []Allow) error {
	var errs []error
	missing := func(is bool, format string, args ...any) {
		if is {
			errs = append(errs, fmt.Errorf("access: "+format, args...))
		}
	}
	missing(audience == "", "no audience: want the value that tokens for the service have in aud")
	missing(len(grpc) == 0, "no gRPC service: want the full names, such as acme.orders.v1.OrderStatus")
	missing(len(allow) == 0, "no Allow: want at least one that says who may call")
	for i, a := range allow {
		missing(!a.AnyClient && len(a.Clients) == 0, "Allow %d has no clients: list in Clients who may call, or set AnyClient", i)
		missing(!a.NoScopes && len(a.Scopes)+len(a.AnyScopes) == 0, "Allow %d has no scopes: list them in Scopes, or set NoScopes", i)
	}
	return errors.Join(errs...)
}
