//go:build !unix

package regularfile

// never are no flags: where there are no pipes in the file system, an open waits
// for nobody.
const never = 0
