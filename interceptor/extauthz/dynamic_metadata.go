package extauthz

import (
	"google.golang.org/protobuf/types/known/structpb"
)

// dynamicMetadata returns what Envoy's later filters and its access log can read of the
// decision, in the namespace of the filter (envoy.filters.http.ext_authz): decision,
// mode, and, where they are known, reason, request_id, issuer, client and user. It
// names the caller of a genuine token also if the request is refused.
func (a answer) dynamicMetadata() *structpb.Struct {
	fields := map[string]*structpb.Value{}
	add := func(name, value string) {
		if value != "" {
			fields[name] = structpb.NewStringValue(value)
		}
	}
	d := a.decision
	add("decision", string(d.Outcome))
	add("mode", d.Mode.String())
	add("request_id", d.RequestID)
	if d.Err != nil {
		add("reason", d.Answer().Word())
	}
	if d.Caller != nil {
		add("issuer", d.Caller.Issuer)
		add("client", d.Caller.Client)
		add("user", d.Caller.User)
	}
	return &structpb.Struct{Fields: fields}
}
