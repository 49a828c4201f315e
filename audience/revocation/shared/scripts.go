package shared

import (
	_ "embed"

	"github.com/valkey-io/valkey-go"
)

// The scripts run in the store, each as one step.
var (
	//go:embed revoke.lua
	revokeText string
	//go:embed beat.lua
	beatText string

	revokeScript = valkey.NewLuaScript(revokeText)
	beatScript   = valkey.NewLuaScript(beatText)
)

// keys are the names of what a list has in the store.
type keys struct {
	state   string // a hash: the epoch, the number of the last change, and of entries
	entries string // a hash: entries by the digest of what they name
	ends    string // a sorted set: the same digests by when they may be dropped
	changes string // a stream: the last changes, numbered without a gap
}

func newKeys(name string) keys {
	p := "{" + name + "}:revocation:"
	return keys{p + "state", p + "entries", p + "ends", p + "changes"}
}

func (k keys) all() []string { return []string{k.state, k.entries, k.ends, k.changes} }
