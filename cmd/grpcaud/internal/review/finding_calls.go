package review

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/recorded"
)

// shownCauses are the causes that the file decides about, by what a record shows. A call
// that was refused for one of them is judged again.
var shownCauses = []audience.Cause{
	audience.CauseNoRule, audience.CauseCredentialsMissing, audience.CauseIssuerNotAccepted, audience.CauseAudienceMissing,
	audience.CauseAudienceMismatch, audience.CauseAudienceNotSole, audience.CauseClientMissing, audience.CauseClientNotAllowed,
	audience.CauseCallerKind, audience.CauseScopeMissing, audience.CauseRoleMissing,
}

// hiddenCauses are those that it decides about by what no record shows.
var hiddenCauses = []audience.Cause{audience.CauseClaimNotAllowed, audience.CauseStepUp, audience.CauseIntrospectionUnavailable}

// breaks returns the cause for which a call will be refused when the rules of the file are
// enforced; empty if it will not. Where the file decides, it is the file that the review is
// about which says the cause, and not the one that the record was written under.
func (w *row) breaks() string {
	cause := audience.Cause(w.cause)
	shown := slices.Contains(shownCauses, cause)
	hidden := slices.Contains(hiddenCauses, cause)
	switch {
	case w.outcome == decision.Admitted && !w.same && !w.verdict.admits():
		return string(w.verdict.cause)
	case w.outcome != decision.WouldRefuse:
		return ""
	case w.same:
		return w.cause
	case w.verdict.public, shown && w.verdict.admits(), hidden && w.verdict.certain:
		return ""
	case (shown || hidden) && cause != audience.CauseCredentialsMissing && !w.verdict.admits():
		return string(cmp.Or(w.verdict.cause, cause))
	default:
		return w.cause
	}
}

// broken are calls of one client to one service that will be refused for one cause.
type broken struct{ service, client, cause string }

// breaking lists the callers whose calls will be refused when the rules are enforced.
func (u *uses) breaking() []Finding {
	rows := map[broken][]*row{}
	for _, w := range u.sorted() {
		if cause := w.breaks(); cause != "" {
			at := broken{w.service.name, cmp.Or(w.client, w.id), cause}
			rows[at] = append(rows[at], w)
		}
	}
	var all []Finding
	for _, at := range slices.SortedFunc(maps.Keys(rows), func(a, b broken) int {
		return cmp.Or(cmp.Compare(a.service, b.service), cmp.Compare(a.client, b.client), cmp.Compare(a.cause, b.cause))
	}) {
		all = append(all, u.broken(at, rows[at]))
	}
	return all
}

func (u *uses) broken(at broken, rows []*row) Finding {
	s, clients := rows[0].service, u.judge.matrix.Clients
	f := Finding{Kind: WouldBreak, Service: s.name, Place: u.judge.policy.Place("services", s.name), Client: at.client, Cause: at.cause}
	f.Owner = cmp.Or(clients[rows[0].client].Owner, s.matrix.Owner)
	var t recorded.Count
	let, others := false, false
	for _, w := range rows {
		t.Add(w.Count)
		let = let || w.outcome == decision.WouldRefuse
		f.Peer = cmp.Or(f.Peer, recorded.Host(w.peer))
		if method := short(w.method); method != "" {
			f.Methods = append(f.Methods, method)
		} else {
			others = true
		}
	}
	slices.Sort(f.Methods)
	f.Methods, f.Times = slices.Compact(f.Methods), timesOf(t)
	who := output.Printable(at.client)
	switch {
	case at.client == "" && f.Peer != "":
		who = "a caller without a genuine token, such as from " + output.Printable(f.Peer) + ","
	case at.client == "":
		who = "a client that the file does not name"
	}
	why := "was let through by a rollout"
	if !let {
		why = "was admitted by an earlier policy, and this one refuses it"
	}
	f.Text = fmt.Sprintf("%s called %s and %s: %s (%s)", who, s.calls(f.Methods, others), why, output.Printable(at.cause), output.Plural(t.Records, "call"))
	return f
}

// calls names methods that were called, and says whether there are others, of which the
// names are not kept.
func (s *service) calls(methods []string, others bool) string {
	const unnamed = "methods that the file does not name"
	switch name := output.Printable(s.name); {
	case len(methods) == 0:
		return unnamed + ", of " + name + ","
	case others:
		return name + "/" + output.Few(methods) + ", " + unnamed + ","
	default:
		return name + "/" + output.Few(methods)
	}
}

// scopesOfAll lists the scopes that an entry of a service demands and that every caller with
// a token for the service has.
func (u *uses) scopesOfAll(s *service) []Finding {
	has, all := map[string]uint64{}, uint64(0)
	for _, w := range u.rowsOf[s] {
		if w.caller.issuer == "" || w.caller.audience == toOthers {
			continue
		}
		all += w.Records
		for scope := range s.scopes {
			if slices.Contains(w.caller.scopes, scope) {
				has[scope] += w.Records
			}
		}
	}
	var found []Finding
	for i, a := range s.matrix.Allow {
		for _, scope := range a.Scopes {
			if all == 0 || has[scope] < all {
				continue
			}
			f := u.entry(ScopeOfAll, s, i)
			f.Scope, f.Remark = scope, true
			f.Text = fmt.Sprintf("%s demands scope %s, which each of the %d calls with a token for %s had: it tells no callers apart", output.Printable(f.Entry), output.Printable(scope), all, output.Printable(s.name))
			found = append(found, f)
		}
	}
	return found
}

// unknown lists the clients and the services of the records that the file does not name.
func (u *uses) unknown() []Finding {
	var all []Finding
	for _, who := range slices.SortedFunc(maps.Keys(u.strangers), func(a, b stranger) int {
		return cmp.Or(cmp.Compare(a.service, b.service), cmp.Compare(a.issuer, b.issuer), cmp.Compare(a.client, b.client), cmp.Compare(flag(a.admitted), flag(b.admitted)))
	}) {
		t := u.strangers[who]
		f := Finding{Kind: UnknownService, Service: who.service, Times: timesOf(*t)}
		if s := u.judge.services[who.service]; who.issuer != "" && s != nil {
			f.Kind, f.Client, f.Owner, f.Place = UnknownClient, who.client, s.matrix.Owner, u.judge.policy.Place("services", s.name)
			f.Remark = true // it is refused, admitted as any client, or among the calls that will be refused
		}
		f.Text = who.text() + fmt.Sprintf(" (%s)", output.Plural(t.Records, "call"))
		all = append(all, f)
	}
	if u.more > 0 {
		all = append(all, Finding{Kind: UnknownClient, Remark: true, Text: fmt.Sprintf("%d further calls are of clients or services that the file does not name", u.more)})
	}
	return all
}

func (w stranger) text() string {
	switch client := output.Printable(w.client); {
	case w.issuer == "":
		return "the file has no service " + output.Printable(w.service) + ", which the records name"
	case w.client == "":
		return "a token of " + output.Printable(w.issuer) + " that names no client was presented to " + output.Printable(w.service)
	case w.admitted:
		return client + " of " + output.Printable(w.issuer) + ", which the file does not name, was admitted to " + output.Printable(w.service)
	default:
		return client + " of " + output.Printable(w.issuer) + ", which the file does not name, called " + output.Printable(w.service)
	}
}
