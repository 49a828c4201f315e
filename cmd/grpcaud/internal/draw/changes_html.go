package draw

import (
	"html/template"
	"slices"
	"strings"
)

// changeGroup are the changes of one kind, as a reviewer reads them.
type changeGroup struct {
	Kind, Title, About string
	Class              string // of the style sheet
	Changes            []change
}

// changeGroups are the kinds of changes, those that open something first.
var changeGroups = []changeGroup{
	{Kind: gains, Title: "Becomes allowed", About: "They may call, and could not before.", Class: "opens"},
	{Kind: weaker, Title: "Needs less", About: "They may call with each token that was accepted before, and with others.", Class: "opens"},
	{Kind: other, Title: "Needs something else", About: "They may call with other tokens than before.", Class: "opens"},
	{Kind: loses, Title: "Becomes refused", About: "They could call before, and may not any more.", Class: "closes"},
	{Kind: stronger, Title: "Needs more", About: "They may call with some of the tokens that were accepted before.", Class: "closes"},
	{Kind: changed, Title: "Also changes", About: "Settings that are not entries of a service."},
}

// HTML returns the changes as sections of a page, for the style sheet [Style]; empty if
// there are none.
func (c changes) HTML() template.HTML {
	var groups []changeGroup
	for _, group := range changeGroups {
		group.Changes = slices.DeleteFunc(slices.Clone(c), func(x change) bool { return x.Kind != group.Kind })
		if len(group.Changes) > 0 {
			groups = append(groups, group)
		}
	}
	var text strings.Builder
	if err := matrixTemplate.ExecuteTemplate(&text, "changes", groups); err != nil {
		panic(err) // the template does not fit the changes
	}
	return template.HTML(text.String())
}
