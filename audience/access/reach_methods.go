package access

import "slices"

// methods returns the methods that one call may be of: those of its entry that the options
// of .proto files let it make too.
func (r *Reach) methods(a arrival) methodSet {
	e := r.entries[a.entry]
	options := r.services[e.service].options
	if e.allow == nil || len(options) == 0 {
		return e.set
	}
	var refused []string
	for _, o := range options {
		if e.set.has(o.Method) && r.allRefuse(options, o.Method, e.service, a) {
			refused = append(refused, o.Method)
		}
	}
	return e.set.without(refused)
}

// allRefuse reports whether no method of that name admits a call. Two gRPC services of one
// service may both have it.
func (r *Reach) allRefuse(options []MethodOptions, method string, service int32, a arrival) bool {
	refusing := 0
	for _, o := range options {
		if o.Method == method && r.refuses(o.Demands, o.demandsAnything(), a) {
			refusing++
		}
	}
	return refusing >= len(r.policy.matrix.Services[r.services[service].name].GRPC)
}

// refuses reports whether added demands refuse a call.
func (r *Reach) refuses(d Allow, demands bool, a arrival) bool {
	isUser := a.kind == userLoggedIn || a.kind == onBehalf || a.kind == forwards && a.user == userKept
	switch {
	case !demands:
		return false
	case a.kind == noToken:
		return !d.Optional
	case len(d.Clients) > 0 && !slices.Contains(d.Clients, r.clients[a.actor]):
		return true
	case isUser:
		return d.Callers == ServicesOnly
	default:
		return d.Callers == UsersOnly || r.onlyForUsers(d, a.actor)
	}
}
