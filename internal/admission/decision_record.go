package admission

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/decision"
)

// decisionRecords makes a record of each decision.
type decisionRecords struct {
	to    decision.Recorder // nil for no records
	users decision.Users
}

func (d *decisionRecords) record(ctx context.Context, v *event) {
	if d.to != nil {
		d.to.Record(ctx, d.recordOf(v, time.Now()))
	}
}

func (d *decisionRecords) recordOf(v *event, now time.Time) decision.Record {
	r := decision.Record{
		Time: now, RequestID: v.requestID, Method: cut(v.method(), maxName), Stream: v.request.Shape == StreamingShape,
		Caller: decision.NoCaller, Peer: cut(v.request.Peer.address(), maxPeer),
		Decision: outcomes[v.outcome()], Mode: v.mode.String(), Reason: v.reason(),
		Policy: v.guard.Generation(), Duration: max(0, now.Sub(v.began)),
	}
	if r.RequestID == "" {
		r.RequestID = CleanID(v.request.RequestID)
	}
	if v.rule != nil {
		r.Service = v.rule.Service()
	}
	if refusal := v.refusal(); refusal != nil {
		r.Cause = string(refusal.Cause)
	}
	if v.claims != nil {
		d.caller(&r, v)
	}
	return r
}

// outcomes are the words of records.
var outcomes = map[Outcome]decision.Outcome{
	Admitted: decision.Admitted, Refused: decision.Refused, WouldRefuse: decision.WouldRefuse, StreamEnded: decision.Ended,
}

// callers are the words of records for kinds of callers.
var callers = map[access.CallerKind]decision.Caller{
	access.UsersOnly: decision.User, access.ServicesOnly: decision.Service, "": decision.UnknownCaller,
}

// caller adds what the genuine token of an event says, and the entry that it met.
func (d *decisionRecords) caller(r *decision.Record, v *event) {
	c := v.claims.Caller()
	r.Issuer, r.Audience, r.Client, r.ClientName = c.Issuer, c.Audience, c.Client, v.guard.Client(c.Issuer, c.Client)
	r.Preset, r.Introspected = v.guard.Preset(c.Issuer), v.guard.Introspects(c.Issuer)
	r.Caller, r.User = callers[v.guard.CallerKind(v.claims)], d.users.Format(c.Issuer, c.User)
	if r.ClientName == "" && c.Client == c.User { // some issuers name the client by sub
		r.Client = r.User
	}
	r.Scopes, r.Roles, r.Chain = c.Scopes, c.Roles, d.chain(v, c.Issuer, c.Chain)
	if id := v.claims.ID(); id != "" {
		r.Token = tokenDigest(id)
	}
	if v.rule == nil {
		return
	}
	entry := v.rule.Entry(v.claims, v.evidence.presentation(v.claims, time.Now()))
	r.Entry = entry.Name
	r.File, r.Line = splitPlace(entry.Place)
}

// leftOut stands for a party of a chain that is left out.
const leftOut = "(left out)"

// chain returns the parties that act for a user. Who is no client of the matrix may be a
// person.
func (d *decisionRecords) chain(v *event, issuer string, chain []string) []string {
	named := make([]string, len(chain))
	for i, party := range chain {
		if named[i] = party; v.guard.Client(issuer, party) != "" {
			continue
		}
		if named[i] = d.users.Format(issuer, party); named[i] == "" {
			named[i] = leftOut
		}
	}
	return named
}

// splitPlace cuts "access.yaml:17".
func splitPlace(place string) (file string, line int) {
	i := strings.LastIndexByte(place, ':')
	if i < 0 {
		return place, 0
	}
	line, err := strconv.Atoi(place[i+1:])
	if err != nil {
		return place, 0
	}
	return place[:i], line
}
