package preset

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/internal/nearest"
	"github.com/grpcaud/grpcaud/internal/provider"
)

// Summary says which preset there is, for which product.
type Summary struct {
	Name    string `json:"name"`
	Product string `json:"product"`

	// Page is the page of the documentation.
	Page string `json:"page"`
}

// List are all presets, sorted by name. It implements [output.Answer].
type List []Summary

// All returns all presets.
func All() List {
	var all List
	for _, name := range provider.Presets() {
		p, _ := provider.Lookup(name)
		all = append(all, summaryOf(p))
	}
	return all
}

func summaryOf(p provider.Provider) Summary {
	const general = "presets.md"
	page := p.Page
	if page == "" {
		page = general
	}
	product := p.Product
	if p.Preset == provider.Default {
		product = "servers that follow RFC 9068"
	}
	return Summary{Name: p.Preset, Product: product, Page: "docs/" + page}
}

// Write implements [output.Answer].
func (l List) Write(p *output.Page, format string) {
	if format == "json" {
		p.JSON(l)
		return
	}
	rows := [][]string{}
	for _, s := range l {
		rows = append(rows, []string{s.Name, s.Product, s.Page})
	}
	p.Table("", rows)
}

// Exit implements [output.Answer].
func (List) Exit() error { return nil }

// Preset is one preset. It implements [output.Answer].
type Preset struct {
	Summary

	// Mapping is the value of preset that can replace the name.
	Mapping map[string]any `json:"preset"`

	// AssertionAudience is the value of assertion_audience for clients with
	// private_key_jwt; empty means the default.
	AssertionAudience string `json:"assertion_audience,omitempty"`

	// Hosts is the value of hosts: other hosts that the provider's metadata names; empty
	// means none.
	Hosts []string `json:"hosts,omitempty"`

	text      string
	tokenHost string // the form of the token endpoint's host, if each customer has one; empty for none
}

// New returns the preset of that name.
func New(name string) (*Preset, error) {
	p, known := provider.Lookup(name)
	if !known || name == "" {
		return nil, fmt.Errorf("no preset %q%s; there are %s", name, nearest.Hint(name, provider.Presets()), strings.Join(provider.Presets(), ", "))
	}
	made, err := mapping(p).MarshalYAML()
	if err != nil {
		return nil, err
	}
	node := made.(*yaml.Node)
	style(node)
	comment(node, p)
	one := &Preset{Summary: summaryOf(p), Hosts: p.Addresses.Hosts, tokenHost: p.Addresses.TokenHost}
	if err := node.Decode(&one.Mapping); err != nil {
		return nil, err
	}
	if p.Request.AssertionForEndpoint {
		one.AssertionAudience = "token_endpoint"
	}
	one.text, err = text(node)
	return one, err
}

// text returns the mapping under its key.
func text(node *yaml.Node) (string, error) {
	var b strings.Builder
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	err := encoder.Encode(&yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: "preset"}, node}})
	return b.String(), err
}

// style writes what has no mapping in it on one line.
func style(node *yaml.Node) {
	for i := 1; i < len(node.Content); i += 2 {
		value := node.Content[i]
		nested := slices.ContainsFunc(value.Content, func(n *yaml.Node) bool { return n.Kind == yaml.MappingNode })
		if !nested {
			value.Style = yaml.FlowStyle
		}
		for _, item := range value.Content {
			if nested {
				item.Style = yaml.FlowStyle
			}
		}
	}
}

// Write implements [output.Answer].
func (o *Preset) Write(p *output.Page, format string) {
	if format == "json" {
		p.JSON(o)
		return
	}
	p.Printf("# preset: %s, written out (%s; %s).\n", o.Name, o.Product, o.Page)
	p.Printf("# Indented like url, it can replace the name at an issuer, and be changed there. With the\n")
	p.Printf("# name, grpcaud also knows the provider's screens and forms of addresses, and an export to\n")
	p.Printf("# a mesh can distinguish users from services.\n")
	p.Printf("%s", o.text)
	if o.AssertionAudience != "" {
		p.Printf("# the audience of clients' assertions (private_key_jwt)\nassertion_audience: %s\n", o.AssertionAudience)
	}
	if len(o.Hosts) > 0 {
		p.Printf("# other hosts that the provider's metadata names\nhosts: [%s]\n", strings.Join(o.Hosts, ", "))
	}
	if o.tokenHost != "" {
		p.Printf("# add hosts: [%q], with your values for what is in braces\n", o.tokenHost)
	}
}

// Exit implements [output.Answer].
func (o *Preset) Exit() error { return nil }
