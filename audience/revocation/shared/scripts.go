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
	//go:embed lease.lua
	leaseText string
	//go:embed release.lua
	releaseText string
	//go:embed announce.lua
	announceText string
	//go:embed replicas.lua
	replicasText string

	revokeScript = valkey.NewLuaScript(revokeText)
	beatScript   = valkey.NewLuaScript(beatText)

	leaseScript    = valkey.NewLuaScript(leaseText)
	releaseScript  = valkey.NewLuaScript(releaseText)
	announceScript = valkey.NewLuaScript(announceText)
	replicasScript = valkey.NewLuaScript(replicasText)
)

// keys are the names of what a list has in the store.
type keys struct {
	state   string // a hash: the epoch, the number of the last change, and of entries
	entries string // a hash: entries by the digest of what they name
	ends    string // a sorted set: the same digests by when they may be dropped
	changes string // a stream: the last changes, numbered without a gap
	leases  string // what the names of leases begin with: texts, the ids of the replicas that have them

	replicas string // a hash: what replicas say of themselves, by id
	heard    string // a sorted set: the same ids by when they said so
}

func newKeys(name string) keys {
	p := "{" + name + "}:revocation:"
	return keys{p + "state", p + "entries", p + "ends", p + "changes", p + "lease:", p + "replicas", p + "heard"}
}

// all returns the keys of the list itself.
func (k keys) all() []string { return []string{k.state, k.entries, k.ends, k.changes} }

// lease is the key of a lease.
func (k keys) lease(name string) string { return k.leases + name }

func (k keys) announcements() []string { return []string{k.replicas, k.heard} }
