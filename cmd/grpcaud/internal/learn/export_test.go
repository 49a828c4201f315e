package learn

import "github.com/grpcaud/grpcaud/audience"

// Evident says of each known cause whether calls with it are learnt.
func Evident() map[audience.Cause]bool { return evident }

// MaxRows is how many rows the list of what is not learnt keeps.
const MaxRows = maxRows
