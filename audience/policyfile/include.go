package policyfile

import "go.yaml.in/yaml/v3"

// include adds the pattern of one item of includes.
func (r *reader) include(n *yaml.Node) {
	switch {
	case !r.is(aString, n, "a file such as teams/*.yaml"):
	case !r.top: // reportReserved reports it
	case r.dir == "":
		r.finding(n, "what is in memory has no folder to include from")
	case !isPattern(n.Value):
		r.finding(n, "want a path below the folder of this file, such as teams/*.yaml, got %.64q", n.Value)
	default:
		if len(glob(r.file, n.Value)) == 0 {
			r.finding(n, "no file %.64q in the folder of this one", n.Value)
		}
		r.patterns = append(r.patterns, n.Value)
	}
}
