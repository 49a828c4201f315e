package login

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// Check returns what is wrong with the entries that are for users alone: a warning where
// each client is a service that no user's token reaches, and otherwise an info that says
// where users must log in, which the matrix does not say.
func Check(m access.Matrix) []*access.Problem {
	var found []*access.Problem
	for _, name := range slices.Sorted(maps.Keys(m.Services)) {
		for i, a := range m.Services[name].Allow {
			if ForUsers(a) {
				found = append(found, check(m, a, "services", name, "allow", strconv.Itoa(i)))
			}
		}
	}
	return found
}

// ForUsers reports whether an entry is for users alone.
func ForUsers(a access.Allow) bool {
	return a.Callers == access.UsersOnly || len(a.ACR) > 0 || a.MaxAuthAge > 0
}

func check(m access.Matrix, a access.Allow, path ...string) *access.Problem {
	clients := clientsOf(m, a)
	logins := map[string]bool{}
	for _, client := range clients {
		addLogins(m, client, logins, map[string]bool{})
	}
	if len(logins) == 0 {
		return &access.Problem{
			Path: path, Severity: access.Warning,
			Text: fmt.Sprintf("the entry is for users, and no client at which users log in leads to it: %s %s called for no user; let such a client call, or one of these services", output.Few(clients), areOrIs(clients)),
		}
	}
	return &access.Problem{
		Path: path, Severity: access.Info,
		Text: "the entry is for users, who must log in at one of these clients: " + output.Few(slices.Sorted(maps.Keys(logins))),
	}
}

func areOrIs(names []string) string {
	if len(names) == 1 {
		return "is"
	}
	return "are"
}

// clientsOf are the clients that an entry names, sorted.
func clientsOf(m access.Matrix, a access.Allow) []string {
	if a.AnyClient {
		return slices.Sorted(maps.Keys(m.Clients))
	}
	return slices.Sorted(slices.Values(a.Clients))
}

// addLogins adds the clients at which users can log in so that their tokens reach this
// client. A client that is not a service is one of them itself. A service gets the tokens
// of the clients that call it.
func addLogins(m access.Matrix, client string, logins, visited map[string]bool) {
	if visited[client] {
		return
	}
	visited[client] = true
	service := serviceOf(m, client)
	if service == nil {
		logins[client] = true
		return
	}
	for _, a := range service.Allow {
		if a.Callers == access.ServicesOnly {
			continue
		}
		for _, caller := range clientsOf(m, a) {
			addLogins(m, caller, logins, visited)
		}
	}
}

// serviceOf returns the service that a client is, by its id, which is the audience of the
// service; nil if the client is not a service.
func serviceOf(m access.Matrix, client string) *access.Service {
	for _, s := range m.Services {
		if slices.Contains(s.Audiences, m.Clients[client].ID) {
			return &s
		}
	}
	return nil
}
