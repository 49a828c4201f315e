package draw

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// Compare returns the changes from one matrix to the other.
func Compare(before, after access.Matrix) changes {
	c := changes{}
	c.compareValues("", reflect.ValueOf(before), reflect.ValueOf(after))
	names := slices.Concat(slices.Collect(maps.Keys(before.Services)), slices.Collect(maps.Keys(after.Services)))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		old, now := serviceOf(name, before.Services[name]), serviceOf(name, after.Services[name])
		c.calls(old, now)
		c.reasons(old, now)
	}
	c.public(loses, before.Public, after.Public)
	c.public(gains, after.Public, before.Public)
	return c
}

// comparedByMeaning are the fields that compareValues leaves to others.
var comparedByMeaning = []string{"Allow", "Closed", "Public"}

// compareValues adds the differences between two values of one type, field by field
// and name by name.
func (c *changes) compareValues(where string, old, now reflect.Value) {
	switch {
	case !old.IsValid():
		*c = append(*c, change{Kind: changed, Where: where, New: []string{"added"}})
	case !now.IsValid():
		*c = append(*c, change{Kind: changed, Where: where, New: []string{"removed"}})
	case reflect.DeepEqual(old.Interface(), now.Interface()):
	case old.Kind() == reflect.Struct:
		for i := range old.NumField() {
			if said, ok := old.Field(i).Interface().(access.Purpose); ok {
				c.purpose(where, purposeOf(said), purposeOf(now.Field(i).Interface().(access.Purpose)))
			} else if field := old.Type().Field(i).Name; !slices.Contains(comparedByMeaning, field) {
				c.compareValues(strings.TrimPrefix(where+"."+keyOf(field), "."), old.Field(i), now.Field(i))
			}
		}
	case old.Kind() == reflect.Pointer:
		c.compareValues(where, old.Elem(), now.Elem())
	case old.Kind() == reflect.Map:
		for _, name := range keys(old, now) {
			c.compareValues(where+"."+name.String(), old.MapIndex(name), now.MapIndex(name))
		}
	default:
		*c = append(*c, change{Kind: changed, Where: where, Old: formatValue(old.Interface()), New: formatValue(now.Interface())})
	}
}

// keys returns the keys of two maps, sorted.
func keys(a, b reflect.Value) []reflect.Value {
	all := a.MapKeys()
	for _, key := range b.MapKeys() {
		if !a.MapIndex(key).IsValid() {
			all = append(all, key)
		}
	}
	slices.SortFunc(all, func(x, y reflect.Value) int { return strings.Compare(x.String(), y.String()) })
	return all
}

// otherKeys are the keys of fields that have another name in the file.
var otherKeys = map[string]string{
	"Dialect": "preset", "AllServices": "services", "NoServices": "services", "UncertainServices": "services_uncertain", "NoForbidden": "forbidden",
	"InsecureNoAudienceRoles": "insecure_no_audience.roles", "CAFile": "ca_file", "InsecureLoopback": "insecure", "InsecureHosts": "insecure.host", "InsecureNoAuthentication": "insecure",
	"CallsNobody": "runs_as.none",
}

// keyOf returns the key of a field in the file: that of MaxLifetime is max_lifetime.
func keyOf(field string) string {
	if key, ok := otherKeys[field]; ok {
		return key
	}
	var b strings.Builder
	small := false
	for _, r := range field {
		if unicode.IsUpper(r) && small {
			b.WriteByte('_')
		}
		small = unicode.IsLower(r)
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// formatValue writes a value as texts.
func formatValue(v any) []string {
	switch v := v.(type) {
	case []string:
		return v
	case []access.Rollout:
		return inWords(v, rolloutInWords)
	case []access.Never:
		return inWords(v, neverInWords)
	case []access.ServiceMark:
		return inWords(v, markInWords)
	case []access.RolePlace:
		return inWords(v, placeInWords)
	case []access.CallerClaim:
		return inWords(v, callerInWords)
	default:
		return []string{fmt.Sprint(v)}
	}
}

// neverInWords says a statement in words.
func neverInWords(n access.Never) string {
	from := output.Join(n.From, " or ")
	if n.FromAny {
		from = "any client"
	}
	text := "from " + from + " to " + output.Printable(n.To)
	if len(n.Methods) > 0 {
		text += ", " + output.List(n.Methods)
	}
	if len(n.Except) > 0 {
		text += " except " + output.List(n.Except)
	}
	if n.Through != "" {
		text += " through " + output.Printable(n.Through)
	}
	if n.WithoutUser {
		text += " without the user"
	}
	return text
}

// calls adds the calls that one state of a service allows and the other does not, or
// with other demands. Clients and methods are compared by classes, of which there are
// few.
func (c *changes) calls(old, now service) {
	if reflect.DeepEqual(old.Allow, now.Allow) {
		return
	}
	entries := slices.Concat(old.Allow, now.Allow)
	clients, methods := clientClasses(entries), methodClasses(entries)
	for _, who := range clients {
		for _, what := range methods {
			var before, after cell
			for _, i := range entriesOfBoth(who, what) {
				if i < len(old.Allow) {
					before = append(before, entries[i])
				} else {
					after = append(after, entries[i])
				}
			}
			c.call(change{
				Kind: kindOf(before, after), Where: "services." + now.Name,
				Clients: titles(who, len(clients) == 1, anyClient), Methods: titles(what, len(methods) == 1, allMethods),
				Old: before.demands(), New: after.demands(),
			})
		}
	}
}

// call adds a change of calls. If the last one differs in its methods alone, the two
// become one.
func (c *changes) call(x change) {
	if x.Kind == "" {
		return
	}
	if n := len(*c); n > 0 {
		last, methods := (*c)[n-1], x.Methods
		x.Methods = last.Methods
		if reflect.DeepEqual(last, x) {
			(*c)[n-1].Methods = slices.Concat(last.Methods, methods)
			return
		}
		x.Methods = methods
	}
	*c = append(*c, x)
}

// kindOf returns how the demands on a call have changed; empty if they have not.
func kindOf(before, after cell) string {
	switch wider, narrower := before.within(after), after.within(before); {
	case wider && narrower:
		return ""
	case len(before) == 0:
		return gains
	case len(after) == 0:
		return loses
	case wider:
		return weaker
	case narrower:
		return stronger
	default:
		return other
	}
}

// within reports whether each token that meets an alternative of c meets one of
// other.
func (c cell) within(other cell) bool {
	return !slices.ContainsFunc(c, func(e entry) bool {
		return !slices.ContainsFunc(other, func(o entry) bool { return e.demands.within(o.demands) })
	})
}

// public adds a change for each of these entries that is not among those.
func (c *changes) public(kind string, these, those []string) {
	for _, entry := range these {
		if !slices.Contains(those, entry) {
			*c = append(*c, change{Kind: kind, Where: "public", Clients: []string{anybody}, Methods: []string{entry}})
		}
	}
}
