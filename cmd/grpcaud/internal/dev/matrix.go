package dev

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/ordered"
	"github.com/grpcaud/grpcaud/internal/regularfile"
)

// maxMatrix is the size of the largest file that is read, in bytes.
const maxMatrix = 8 << 20

// OutputPath returns where the matrix for programs is: access.dev.yaml beside access.yaml.
func OutputPath(path string) string {
	extension := filepath.Ext(path)
	return strings.TrimSuffix(path, extension) + ".dev" + extension
}

// matrixText returns the matrix at path, and the files that it includes, as one file that
// says what m says: the same rules, with the issuers and the credentials of m.
func matrixText(path string, m access.Matrix) ([]byte, error) {
	whole := &yaml.Node{Kind: yaml.MappingNode}
	add(whole, "version", scalar("1"))
	for _, file := range policyfile.Files(path) {
		data, err := regularfile.Read(file, maxMatrix)
		if err != nil {
			return nil, err
		}
		var document yaml.Node
		if err := yaml.Unmarshal(data, &document); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if len(document.Content) != 1 {
			continue
		}
		for pair := range slices.Chunk(document.Content[0].Content, 2) {
			addSection(whole, pair[0].Value, pair[1], m)
		}
	}
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(whole); err != nil {
		return nil, err
	}
	return text.Bytes(), encoder.Close()
}

// addSection adds what one file has in a section.
func addSection(whole *yaml.Node, name string, section *yaml.Node, m access.Matrix) {
	switch name {
	case "version", "includes":
		return
	case "issuers":
		each(section, func(name string, n *yaml.Node) *yaml.Node { return issuerNode(n, issuerOf(m, name)) })
	case "clients":
		each(section, func(name string, n *yaml.Node) *yaml.Node { return clientNode(n, clientOf(m, name)) })
	}
	if before := ordered.Value(whole, name); before != nil {
		before.Content = append(before.Content, section.Content...)
		return
	}
	add(whole, name, section)
}

// issuerOf returns the issuer of m that has this name in the file. If it has tenants, m has
// an issuer for each tenant, and their addresses differ only in the tenant.
func issuerOf(m access.Matrix, name string) access.Issuer {
	issuer, ok := m.Issuers[name]
	for one, of := range m.Issuers {
		if tenant, made := strings.CutPrefix(one, name+"/"); made && !ok {
			issuer = of
			issuer.URL = strings.TrimSuffix(of.URL, tenant) + "{tenant}"
		}
	}
	return issuer
}

// clientOf returns the client of m that has this name in the file. It is the same for each
// tenant of its issuer.
func clientOf(m access.Matrix, name string) access.Client {
	client, ok := m.Clients[name]
	for one, of := range m.Clients {
		if !ok && strings.HasPrefix(one, name+"/") {
			client = of
		}
	}
	return client
}

// issuerNode returns the entry of an issuer. It keeps the keys about the issuer's tokens.
func issuerNode(from *yaml.Node, issuer access.Issuer) *yaml.Node {
	to := &yaml.Node{Kind: yaml.MappingNode}
	add(to, "url", scalar(issuer.URL))
	keep(to, from, "leeway", "max_lifetime", "max_age", "bound", "tenants")
	if preset := ordered.Value(from, "preset"); preset != nil && (preset.Kind == yaml.MappingNode || preset.Value == issuer.Preset) {
		add(to, "preset", preset)
	}
	add(to, "ask", scalar(issuer.Ask.Parameter))
	add(to, "insecure", scalar("loopback"))
	if in := issuer.Introspection; in.ClientID != "" {
		asked := flow()
		add(asked, "client", scalar(in.ClientID))
		add(asked, "secret", environment(in.Secret.Env))
		if in.OnlineOnly {
			add(asked, "online_only", scalar("true"))
		}
		add(to, "introspection", asked)
	}
	return to
}

// clientNode returns the entry of a client. It keeps the client's issuer and id.
func clientNode(from *yaml.Node, client access.Client) *yaml.Node {
	to := flow()
	keep(to, from, "issuer", "id")
	if client.Secret.Env != "" {
		add(to, "secret", environment(client.Secret.Env))
		return to
	}
	certificate := flow()
	add(certificate, "cert", scalar(client.Certificate.File))
	add(certificate, "key", scalar(client.Certificate.KeyFile))
	add(to, "mtls", certificate)
	return to
}

// environment refers to an environment variable.
func environment(name string) *yaml.Node {
	n := flow()
	add(n, "env", scalar(name))
	return n
}

// flow returns an empty mapping that is written on one line.
func flow() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle} }

// scalar returns a text; the encoder quotes it where it must.
func scalar(text string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(text)
	if text == "1" {
		n.Tag = "!!int"
	}
	return n
}

// add adds a key and its value.
func add(mapping *yaml.Node, key string, value *yaml.Node) {
	mapping.Content = append(mapping.Content, scalar(key), value)
}

// keep adds these keys of another mapping, where it has them.
func keep(to, from *yaml.Node, keys ...string) {
	for _, key := range keys {
		if value := ordered.Value(from, key); value != nil {
			add(to, key, value)
		}
	}
}

// each replaces each value of a section.
func each(section *yaml.Node, replace func(name string, n *yaml.Node) *yaml.Node) {
	for i := 0; i+1 < len(section.Content); i += 2 {
		section.Content[i+1] = replace(section.Content[i].Value, section.Content[i+1])
	}
}
