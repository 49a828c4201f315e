package draw

import (
	"reflect"
	"slices"
)

// purpose adds a change for each part of a purpose that differs.
func (c *changes) purpose(where string, old, now purpose) {
	for _, part := range []struct{ key, old, now string }{
		{"why", old.Why, now.Why}, {"owner", old.Owner, now.Owner}, {"review_by", old.ReviewBy, now.ReviewBy},
	} {
		if part.old != part.now {
			*c = append(*c, change{Kind: purposes, Where: where + "." + part.key, Old: listOf(part.old), New: listOf(part.now)})
		}
	}
}

func listOf(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// reasons adds the changes of why the entries of a service are there. An entry is compared
// with the one of the other state that gives the same rights, and each that has none with
// the next such.
func (c *changes) reasons(old, now service) {
	if old.Allow == nil || now.Allow == nil {
		return
	}
	left := slices.Clone(old.Allow)
	var changed []entry
	for _, e := range now.Allow {
		if i := slices.IndexFunc(left, e.sameRights); i >= 0 {
			c.purpose(e.Place, left[i].purpose, e.purpose)
			left = slices.Delete(left, i, i+1)
		} else {
			changed = append(changed, e)
		}
	}
	for i, e := range changed {
		var before purpose
		if i < len(left) {
			before = left[i].purpose
		}
		c.purpose(e.Place, before, e.purpose)
	}
}

// sameRights reports whether two entries give the same clients the same rights.
func (e entry) sameRights(other entry) bool {
	return e.AnyClient == other.AnyClient && slices.Equal(e.Clients, other.Clients) && slices.Equal(e.Methods, other.Methods) && reflect.DeepEqual(e.demands, other.demands)
}
