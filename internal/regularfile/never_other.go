//go:build !unix

package regularfile

// never has no flags. On systems without pipes in the file system, no open waits.
const never = 0
