package sourcetest

import (
	"context"

	"github.com/grpcaud/grpcaud/tokensource"
)

// Check runs one row.
func Check(ctx context.Context, name string, tokens tokensource.Source, audiences ...string) error {
	for _, r := range rows {
		if r.name == name {
			return r.check(ctx, tokens, audiences)
		}
	}
	panic("sourcetest: no row " + name)
}

// Rows is how many rows there are.
var Rows = len(rows)
