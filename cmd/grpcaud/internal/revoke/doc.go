// Package revoke says, for commands, which tokens are to be revoked, whom that concerns
// by the access matrix, and which replicas of the servers know it.
package revoke
