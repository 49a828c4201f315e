package live

import (
	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/explain"
)

// The results of a probe.
const (
	refused  = explain.Refused
	admitted = explain.Admitted
	accepted = "accepted" // the server refused the call for another reason than its audience
	unknown  = explain.Unclear
	skipped  = "skipped" // the call was not made
)

// probe is one call that the server must refuse, and its outcome.
type probe struct {
	What   string          `json:"probe"`
	Client string          `json:"client,omitempty"` // whose token it is, in the matrix
	Want   audience.Reason `json:"want,omitempty"`   // for which the server must refuse it
	Result string          `json:"result"`
	Got    audience.Reason `json:"got,omitempty"` // empty if the server gave none
	Text   string          `json:"text,omitempty"`

	token    string // empty for none
	harmless bool   // there is no token, or one that no server accepts
	required bool   // without this call, the report shows nothing
}
