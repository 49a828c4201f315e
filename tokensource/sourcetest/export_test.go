package sourcetest

import (
	"context"

	"github.com/grpcaud/grpcaud/tokensource"
)

// Check checks one requirement.
func Check(ctx context.Context, name string, tokens tokensource.Source, audiences ...string) error {
	for _, r := range requirements {
		if r.name == name {
			return r.check(ctx, tokens, audiences)
		}
	}
	panic("sourcetest: no requirement " + name)
}

// Requirements is the number of requirements.
var Requirements = len(requirements)
