package webtest

import (
	"strings"

	"golang.org/x/net/html"
)

// Heading returns the text of the page's h1.
func (p Page) Heading() string { return p.text("h1") }

// Title returns the title of the page.
func (p Page) Title() string { return p.text("title") }

// Shown returns the text of the page without its markup.
func (p Page) Shown() string { return textOf(p.doc) }

// Link returns the address of the link with this text; empty if there is none.
func (p Page) Link(text string) string {
	a := p.find(func(n *html.Node) bool { return n.Data == "a" && strings.TrimSpace(textOf(n)) == text })
	if a == nil {
		return ""
	}
	to, err := p.URL.Parse(attr(a, "href"))
	if err != nil {
		return ""
	}
	return to.String()
}

// Attribute returns an attribute of the first element of that name; empty if there is none.
func (p Page) Attribute(element, name string) string {
	n := p.find(func(n *html.Node) bool { return n.Data == element })
	if n == nil {
		return ""
	}
	return attr(n, name)
}

// HasInput reports whether the page has a field of this type, such as password.
func (p Page) HasInput(kind string) bool {
	return p.find(func(n *html.Node) bool { return n.Data == "input" && attr(n, "type") == kind }) != nil
}

func (p Page) text(tag string) string {
	n := p.find(func(n *html.Node) bool { return n.Data == tag })
	if n == nil {
		return ""
	}
	return strings.TrimSpace(textOf(n))
}

func (p Page) find(is func(*html.Node) bool) *html.Node {
	for n := range p.doc.Descendants() {
		if n.Type == html.ElementNode && is(n) {
			return n
		}
	}
	return nil
}

func textOf(n *html.Node) string {
	var text strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			text.WriteString(d.Data + " ")
		}
	}
	return strings.NewReplacer(" ,", ",", " .", ".").Replace(strings.Join(strings.Fields(text.String()), " "))
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
