package operatorlog

import "strings"

// Decision is a refused call as the operator reads it in the log of the service.
type Decision struct {
	Server, Method, Issuer, Client, User, Code, RequestID string

	Reason  string // for the caller
	Cause   string // for the operator
	Got     string // what the token says
	Want    string // what the access matrix demands
	Fix     string // what there is to change, if the refusal is a mistake
	Explain string // the entries of the access matrix that were judged
}

// Decision returns the decision about a call, by its id.
func (l *Log) Decision(requestID string) (Decision, bool) {
	f := l.shared.fields(requestID)
	if f == nil {
		return Decision{}, false
	}
	d := Decision{
		Server: f["server"], Method: f["method"], Issuer: f["issuer"], Client: f["client"], User: f["user"],
		Code: f["code"], RequestID: f["request_id"], Reason: f["reason"], Cause: f["cause"], Explain: f["explain"],
	}
	d.Got, d.Want, d.Fix = split(f["error"])
	return d, true
}

// split reads the text of a refusal: "audience: CAUSE: got …, want …; what to change". A text
// of another form is what the token says.
func split(text string) (got, want, fix string) {
	_, finding, found := strings.Cut(text, ": got ")
	if !found {
		return text, "", ""
	}
	finding, fix, _ = strings.Cut(finding, "; ")
	got, want, _ = strings.Cut(finding, ", want ")
	return got, want, fix
}
