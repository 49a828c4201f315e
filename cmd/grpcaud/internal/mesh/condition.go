package mesh

// Condition is what a claim must be like. The zero value is of no use.
type Condition struct {
	// Claim is the way to the claim, through objects.
	Claim []string

	// Values are those of which the claim must be one, or as an array hold one.
	// None means that any will do.
	Values []string

	// Absent lets the claim be missing; without Values, it must be.
	Absent bool

	// Other turns Values around: the claim must be there, and none of them.
	Other bool

	// Sole lets the claim hold nothing else.
	Sole bool

	// End has Values be what the claim, a text, ends with.
	End bool
}

func is(values []string, claim ...string) Condition { return Condition{Claim: claim, Values: values} }

func has(claim ...string) Condition { return Condition{Claim: claim} }

func lacks(claim ...string) Condition { return Condition{Claim: claim, Absent: true} }

// All are conditions that must all hold.
type All []Condition

// Either are alternatives, of which one must hold.
type Either []All

// must is the only way.
func must(all ...Condition) Either { return Either{all} }
