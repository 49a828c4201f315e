package draw

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// why is what stands behind a cell: the entries that admit, and what is refused.
type why struct {
	ID      string // of the element of the page
	Clients []string
	Methods []string // empty for all of the service
	Service service
	Entries []entry

	Refused string // what is refused, and why; empty if nothing is
	Fix     string // what would admit it
	Entry   string // the entry to add, as the file has it
}

// places are the places of a service and its keys in the file, such as "access.yaml:12";
// empty if they are not known.
type places struct{ service, allow, clients, closed string }

// locate notes where s and its entries stand.
func (s *service) locate(place func(path ...string) string) {
	section := "services"
	if s.External {
		section = "external"
	}
	at := func(keys ...string) string { return place(append([]string{section, s.Name}, keys...)...) }
	s.at = places{at(), cmp.Or(at("allow"), at()), cmp.Or(at("clients"), at()), at("closed")}
	for i := range s.Allow {
		s.Allow[i].At = at("allow", strconv.Itoa(i))
		if s.External {
			s.Allow[i].At = s.at.service
		}
	}
}

// why returns what stands behind the cell of clients and methods, which these entries
// admit. No methods mean all. add is the entry that would admit them.
func (s service) why(id string, clients, methods []string, entries []entry, add string) why {
	w := why{ID: id, Clients: clients, Methods: methods, Service: s, Entries: entries}
	closed := s.closedOf(methods)
	switch {
	case len(closed) > 0 && (len(entries) > 0 || len(methods) > 0):
		w.Refused = fmt.Sprintf("Nobody may call %s: see closed (%s).", output.List(closed), s.at.closed)
		w.Fix = "To open a method, remove it there, and name it under methods of an entry."
	case len(entries) > 0 && len(methods) == 0 && !everyMethod(entries):
		w.Refused = "Every method that these entries do not name is refused."
	case len(entries) > 0:
	case s.External:
		w.Refused = "external." + output.Printable(s.Name) + " does not name this client, so it requests no token for this API."
		w.Fix = fmt.Sprintf("To let it call, name it under clients there (%s).", s.at.clients)
	default:
		w.Refused = s.missing(len(methods) > 0)
		w.Fix = fmt.Sprintf("To admit it, add an entry to services.%s.allow (%s), with the methods that it needs and the scopes that its tokens have:", output.Printable(s.Name), s.at.allow)
		w.Entry = add
	}
	return w
}

// missing says why a cell without entries is refused.
func (s service) missing(oneMethod bool) string {
	switch {
	case len(s.Allow) == 0:
		return "Refused, NO_RULE: the service has no entry under allow, so nobody may call it."
	case oneMethod:
		return "Refused: no entry names both this client and this method."
	default:
		return "Refused, CLIENT_NOT_ALLOWED: no entry names this client."
	}
}

// closedOf returns those of the methods that nobody may call. No methods mean all.
func (s service) closedOf(methods []string) []string {
	if len(methods) == 0 {
		return s.Closed
	}
	return slices.DeleteFunc(slices.Clone(methods), func(m string) bool { return !slices.Contains(s.Closed, m) })
}

func everyMethod(entries []entry) bool {
	return slices.ContainsFunc(entries, func(e entry) bool { return slices.Contains(e.Methods, descriptor.EveryMethod) })
}

// newEntry returns an entry to be filled in: as it is, no token has its scope. No names
// mean that the reader names them.
func newEntry(clients, methods []string) string {
	if len(clients) == 0 {
		clients = []string{"CLIENT"}
	}
	if len(methods) == 0 {
		methods = []string{"METHOD"}
	}
	return fmt.Sprintf("- clients: [%s]\n  methods: [%s]\n  scopes: [SCOPE]", YAMLList(clients), YAMLList(methods))
}

// plainYAML matches names that need no quotes in YAML.
var plainYAML = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.]*([-/][A-Za-z0-9_.]+)*$`)

// YAMLList writes names as the items of a list. The words for a truth value are quoted.
func YAMLList(names []string) string {
	words := []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = name
		if !plainYAML.MatchString(name) || slices.Contains(words, strings.ToLower(name)) {
			quoted, _ := json.Marshal(name)
			all[i] = output.EscapeJSON(string(quoted))
		}
	}
	return strings.Join(all, ", ")
}
