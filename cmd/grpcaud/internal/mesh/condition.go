package mesh

// Condition is what a claim must be like. The zero value is of no use.
type Condition struct {
	// Claim is the path to the claim, through objects.
	Claim []string

	// Values are the possible values of the claim, or of a member if it is an array. Without
	// them any value is accepted.
	Values []string

	// Absent allows that the claim is missing; without Values it must be.
	Absent bool

	// Not inverts Values: the claim must be present, and none of them.
	Not bool

	// Only demands that the claim has no other value.
	Only bool

	// Suffix compares only the end of the claim, a text, with Values.
	Suffix bool
}

func oneOf(values []string, claim ...string) Condition {
	return Condition{Claim: claim, Values: values}
}

func present(claim ...string) Condition { return Condition{Claim: claim} }

func absent(claim ...string) Condition { return Condition{Claim: claim, Absent: true} }

// All are conditions that must all be met.
type All []Condition

// Either are alternatives, of which one must be met.
type Either []All

// onlyWay is a single alternative.
func onlyWay(all ...Condition) Either { return Either{all} }
