package nearest

import (
	"slices"
	"strings"
	"unicode"
)

// shortName is the size of names in which one letter makes a difference that everybody
// sees: eu and us, crm and cms.
const shortName = 4

// Alike returns the pairs of names that are easily taken for one another: they differ
// only by case, by separators (hyphens, underscores, dots, slashes, colons), or by one
// letter. Names that a number tells apart, or a word of at most four letters, are not
// alike: node-1 and node-2, shop-a and shop-b. The time grows with the number of names.
func Alike(names []string) [][2]string {
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	byForm := map[string][]int{} // the names by what is left of them without one letter, or without none
	var pairs [][2]int
	for i, name := range names {
		key := bare(name)
		forms := []string{key}
		for at := range key {
			forms = append(forms, key[:at]+key[at+1:])
		}
		for _, form := range slices.Compact(slices.Sorted(slices.Values(forms))) {
			for _, j := range byForm[form] {
				if alike(names[j], name) {
					pairs = append(pairs, [2]int{j, i})
				}
			}
			byForm[form] = append(byForm[form], i)
		}
	}
	slices.SortFunc(pairs, func(a, b [2]int) int { return slices.Compare(a[:], b[:]) })
	var all [][2]string
	for _, p := range slices.Compact(pairs) {
		all = append(all, [2]string{names[p[0]], names[p[1]]})
	}
	return all
}

const separators = "-_./: "

// bare returns a name in small letters, without separators.
func bare(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(separators, r) {
			return -1
		}
		return r
	}, strings.ToLower(name))
}

// alike compares two names.
func alike(a, b string) bool {
	x, y := bare(a), bare(b)
	if x == y {
		return true
	}
	return distance(x, y) == 1 && !unicode.IsDigit(differing(x, y)) && !unicode.IsDigit(differing(y, x)) && !shortWordDiffers(a, b)
}

// differing returns the first letter of a that b does not have there.
func differing(a, b string) rune {
	x, y := []rune(a), []rune(b)
	for i, r := range x {
		if i >= len(y) || y[i] != r {
			return r
		}
	}
	return 0
}

// shortWordDiffers reports whether two names differ in one word, which is short.
func shortWordDiffers(a, b string) bool {
	words := func(name string) []string {
		return strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return strings.ContainsRune(separators, r) })
	}
	x, y := words(a), words(b)
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if x[i] != y[i] {
			return min(len(x[i]), len(y[i])) <= shortName
		}
	}
	return false
}
