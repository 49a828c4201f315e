package keycloak

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// kcadm makes commands of Keycloak's kcadm.sh for one realm. They name what exists by
// Keycloak's own ids.
type kcadm struct {
	realm    string
	commands []string
	broken   bool // an id is not known, or is none
}

// id is one that Keycloak gives.
var id = regexp.MustCompile(`^[\w-]+$`)

// add adds a command about what is at the path, with further arguments.
func (k *kcadm) add(verb string, path []string, args ...string) *kcadm {
	if slices.ContainsFunc(path, func(s string) bool { return !id.MatchString(s) }) {
		k.broken = true
		return k
	}
	words := append([]string{"kcadm.sh", verb, strings.Join(path, "/"), "-r", k.realm}, args...)
	for i, word := range words {
		words[i] = output.ShellWord(word)
	}
	k.commands = append(k.commands, strings.Join(words, " "))
	return k
}

// all returns the commands; none if one of them cannot be written.
func (k *kcadm) all() []string {
	if k.broken || output.Printable(k.realm) != k.realm {
		return nil
	}
	return k.commands
}

// body is the argument that sends v.
func body(v any) []string {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err) // it is a part of a realm
	}
	return []string{"-b", output.EscapeJSON(strings.TrimSpace(text.String()))}
}

// newID returns the id of a client scope that is created: the same whenever it is
// asked for, so that later commands can name it.
func newID(realm, scope string) string {
	sum := sha256.Sum256([]byte(strconv.Quote(realm) + strconv.Quote(scope)))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80 // RFC 9562, section 5.8
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// kcadm returns a maker of commands without any.
func (c *comparison) kcadm() *kcadm { return &kcadm{realm: c.realm} }

// set returns the command that changes a setting of a client.
func (c *comparison) set(client Client, setting string) []string {
	return c.kcadm().add("update", []string{"clients", client.UUID}, "-s", setting).all()
}

// create returns the commands that create a client, and those of its client scopes that
// the realm lacks.
func (c *comparison) create(client Client) []string {
	k := c.kcadm()
	for _, name := range slices.Concat(client.Default, client.Optional) {
		if _, ok := c.got.scopes[name]; !ok {
			c.ensureScope(k, name)
		}
	}
	return k.add("create", []string{"clients"}, body(client)...).all()
}

// give returns the commands that give a client a scope which it can request: the scope
// is created or completed, and assigned.
func (c *comparison) give(client Client, name string) []string {
	k := c.kcadm()
	scope := c.ensureScope(k, name)
	if !slices.Contains(slices.Concat(client.Default, client.Optional), name) {
		k.add("update", []string{"clients", client.UUID, "optional-client-scopes", scope})
	}
	return k.all()
}

// ensureScope adds the commands after which a client scope is as the matrix needs it,
// and returns its id.
func (c *comparison) ensureScope(k *kcadm, name string) string {
	wanted := c.want.scopes[name]
	has, ok := c.got.scopes[name]
	if !ok {
		wanted.UUID = newID(c.realm, name)
		k.add("create", []string{"client-scopes"}, body(wanted)...)
		return wanted.UUID
	}
	for _, m := range wanted.Mappers {
		aud := c.want.audience(m)
		if aud != "" && !slices.ContainsFunc(has.Mappers, func(m Mapper) bool { return c.want.audience(m) == aud }) {
			for slices.ContainsFunc(has.Mappers, func(other Mapper) bool { return other.Name == m.Name }) {
				m.Name += "-2"
			}
			k.add("create", []string{"client-scopes", has.UUID, "protocol-mappers", "models"}, body(m)...)
		}
	}
	if wanted.Attributes[inScopeClaim] == "true" && has.Attributes[inScopeClaim] != "true" {
		k.add("update", []string{"client-scopes", has.UUID}, "-s", `attributes."`+inScopeClaim+`"=true`)
	}
	return has.UUID
}

// remove returns the command that takes an audience from a client.
func (c *comparison) remove(client Client, g grant) []string {
	if g.how == byMapper {
		return c.deleteMapper(client, g.by)
	}
	return c.removeScope(client, g.by)
}

// removeScope returns the command that takes a scope from a client.
func (c *comparison) removeScope(client Client, name string) []string {
	how := "optional-client-scopes"
	if slices.Contains(client.Default, name) {
		how = "default-client-scopes"
	}
	return c.kcadm().add("delete", []string{"clients", client.UUID, how, c.got.scopes[name].UUID}).all()
}

// makeOptional returns the commands after which a client requests a default scope.
func (c *comparison) makeOptional(client Client, name string) []string {
	scope := c.got.scopes[name].UUID
	return c.kcadm().
		add("delete", []string{"clients", client.UUID, "default-client-scopes", scope}).
		add("update", []string{"clients", client.UUID, "optional-client-scopes", scope}).all()
}

// deleteMapper returns the command that deletes a mapper of a client or, if it has none
// of that name, of its scopes.
func (c *comparison) deleteMapper(client Client, name string) []string {
	named := func(m Mapper) bool { return m.Name == name }
	if i := slices.IndexFunc(client.Mappers, named); i >= 0 {
		return c.kcadm().add("delete", []string{"clients", client.UUID, "protocol-mappers", "models", client.Mappers[i].UUID}).all()
	}
	for _, scope := range slices.Concat(client.Default, client.Optional) {
		has := c.got.scopes[scope]
		if i := slices.IndexFunc(has.Mappers, named); i >= 0 {
			return c.kcadm().add("delete", []string{"client-scopes", has.UUID, "protocol-mappers", "models", has.Mappers[i].UUID}).all()
		}
	}
	return nil
}

// Commands returns the commands that fix what was found, each once, in the order in
// which they must run.
func Commands(found []Finding) []string {
	var all []string
	for _, f := range found {
		for _, command := range f.Commands {
			if !slices.Contains(all, command) {
				all = append(all, command)
			}
		}
	}
	return all
}
